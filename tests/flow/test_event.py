"""What came with ABI 1.1: counting a group, from a $disconnect too, and the event as the
JSON of API Gateway."""

import json

import pytest


@pytest.fixture
def served(standing, workers):
    return standing(workers=workers)


def watcher(host):
    """A client that hears what the probe's $disconnect has to say."""
    client = host.client()
    assert client.ask("join", group="events")["status"] == "ok"
    return client


def heard(client, wanted):
    """The next thing it hears that `wanted` accepts."""
    while True:
        news = json.loads(client.recv() or "null")
        if news and wanted(news):
            return news


# -- groups


def test_a_count_is_of_all_members_on_all_workers(served):
    clients = [served.client() for _ in range(9)]
    asks = [c.ask("join", group="many")["status"] for c in clients]
    assert asks == ["ok"] * 9
    assert clients[0].ask("join", group="many")["status"] == "ok"
    for client in clients:
        assert client.ask("count", group="many")["count"] == 9
    assert clients[0].ask("leave", group="many")["status"] == "ok"
    answer = clients[1].ask("count", group="many")
    assert (answer["status"], answer["count"]) == ("ok", 8)
    for client in clients:
        client.close()


def test_a_group_nobody_joined_has_no_members(served):
    with served.client() as client:
        answer = client.ask("count", group="nobody")
        assert (answer["status"], answer["count"]) == ("ok", 0)
        assert client.ask("count", group="")["status"] == "invalid"
        assert client.ask("count", group="n" * 257)["status"] == "invalid"


def test_who_disconnects_can_leave_and_count_those_who_stay(served):
    with watcher(served) as ann, served.client() as bob:
        for client in ann, bob:
            assert client.ask("join", group="room")["status"] == "ok"
        bob.close()
        news = heard(ann, lambda n: n.get("left") == "room")
        assert (news["status"], news["count"]) == ("ok", 1)
        assert ann.ask("count", group="room")["count"] == 1
        assert ann.ask("leave", group="room")["status"] == "ok"


def test_who_is_gone_for_good_can_not_be_made_to_leave(served):
    with watcher(served) as ann, served.client() as bob:
        gone = bob.id
        bob.close()
        heard(ann, lambda n: n.get("left") == "room")
        deadline = 50
        while ann.ask("leave", group="room", to=gone)["status"] != "gone":
            deadline -= 1
            assert deadline, "its $disconnect does not end"
