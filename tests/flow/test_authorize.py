"""$authorize: who may ask to connect, and what later events know of it."""

import json
import time

import pytest
import raw

FACTS = {"ip": True, "host": True, "recent": True}
BOTH = ("gate", "probe")


def refused(served, path):
    with served.socket() as sock:
        sock.send(raw.upgrade(path))
        return sock.read_response()


def ask_who(served, path):
    with served.client(path) as client:
        client.json(action="who")
        answer = client.recv_json()
        assert {key: answer.pop(key) for key in FACTS} == FACTS
        return answer


def test_what_it_says_is_known_to_later_events(host):
    served = host(BOTH)
    assert ask_who(served, "/?as=ann&team=red&admin=1") == {
        "principalId": "ann",
        "team": "red",
        "admin": "true",
    }
    assert ask_who(served, "/?as=bob") == {"principalId": "bob"}
    assert ask_who(served, "/") == {}


def test_it_is_in_the_event_and_among_the_attributes(host):
    served = host(BOTH)
    with served.client("/?as=ann&team=red&event") as client:
        event = client.recv_json()  # of $connect
        authorizer = event["requestContext"]["authorizer"]
        assert isinstance(authorizer.pop("integrationLatency"), int)
        assert authorizer == {"principalId": "ann", "team": "red"}
        event = client.ask("event")["event"]
        assert event["requestContext"]["authorizer"] == {"principalId": "ann", "team": "red"}
        assert client.ask("get", key="authorizer.principalId")["value"] == "ann"
        assert client.ask("get", key="authorizer.team")["value"] == "red"
    with served.client("/?event") as client:
        assert "authorizer" not in client.recv_json()["requestContext"]


@pytest.mark.parametrize(
    "verdict, status, body",
    [
        ("deny", 403, b'{"message":"Forbidden"}'),
        ("401", 401, b'{"message":"who are you?"}'),
        ("unauthorized", 401, b'{"message":"Unauthorized"}'),
        ("crash", 500, b'{"message":"Internal server error"}'),
    ],
)
@pytest.mark.parametrize("later", ["", "&later=30"])
def test_its_refusals(host, verdict, status, body, later):
    served = host(BOTH)
    answer = refused(served, f"/?verdict={verdict}{later}")
    assert (answer.status, answer.body) == (status, body)
    assert not served.lines("disconnect ")
    if verdict == "crash":
        served.may_log("event=handler_failed|a bug")


@pytest.mark.parametrize(
    "query, status",
    [
        ("policy=Allow", 101),
        ("policy=Deny", 403),
        ("policy=Maybe", 500),
        ("policy=Allow&resource=arn:aws:execute-api:*:*:*/%24default/%24connect", 101),
        ("policy=Allow&resource=*", 101),
        ("policy=Allow&resource=arn:aws:execute-api:*:*:*/prod/*", 403),
        ("policy=Allow&resource=arn:aws:execute-api:*:*:*/*/*/*/*", 403),
    ],
)
def test_a_policy_is_evaluated(host, query, status):
    served = host(BOTH)
    if status == 101:
        assert ask_who(served, "/?" + query) == {"principalId": "p", "n": "1", "yes": "true"}
    else:
        assert refused(served, "/?" + query).status == status
    if status == 500:
        served.may_log("event=bad_policy|event=handler_failed")


def test_one_that_takes_too_long_is_a_500(host):
    served = host(BOTH, {"limits": {"event_ms": 300}})
    assert refused(served, "/?later=5000").status == 500
    served.may_log("event=overdue|event=handler_failed")


def test_a_subprotocol_may_be_chosen_by_it(host):
    served = host(BOTH)
    with served.client("/?protocol=b", protocols="a, b") as client:
        assert client.response.header("sec-websocket-protocol") == "b"
    with served.client("/?protocol=b&later=30", protocols="a, b") as client:
        assert client.response.header("sec-websocket-protocol") == "b"


def test_who_leaves_meanwhile_is_not_shown_to_connect(host):
    served = host(BOTH)
    with served.socket() as sock:
        sock.send(raw.upgrade("/?later=200&as=x"))
        time.sleep(0.05)
    with served.client("/?as=y") as client:
        client.silence(0.4)
    assert not served.lines("disconnect ")


def test_messages_cannot_reach_it(host):
    served = host(("gate",))
    with served.client("/?as=x") as client:
        client.json(action="$authorize")
        assert json.loads(client.recv())["message"] == "Forbidden"
