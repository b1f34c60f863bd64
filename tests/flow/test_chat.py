"""The chat room, over real sockets."""

import contextlib
import time

import pytest
import raw


def room(host, options=None, workers=1, **config):
    return host(
        [{"file": "chat", "options": options or {}}], config=config, workers=workers
    )


@contextlib.contextmanager
def guests(served, count):
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(served.client()) for _ in range(count)]


def say(client, text):
    client.json(action="onMessage", message=text)


def heard(client, text, timeout=20):
    """Read on until somebody says it; news of the room in between is skipped."""
    while True:
        got = client.recv(timeout)
        if text in got:
            return got


def test_what_one_says_all_hear_the_speaker_too(host, workers):
    served = room(host, {"format": "text"}, workers)
    with guests(served, 6) as clients:
        say(clients[0], "Hello everyone")
        for client in clients:
            assert heard(client, "Hello everyone") == "Hello everyone"


def test_the_articles_prefix_is_an_option(host):
    served = room(host, {"format": "text", "prefix": "Echo: "})
    with guests(served, 2) as (a, b):
        say(a, "Hello everyone")
        assert heard(b, "Hello everyone") == "Echo: Hello everyone"


def frames(client, count):
    return [client.recv_json() for _ in range(count)]


def test_json_says_who_came_who_said_what_and_who_left(host, workers):
    served = room(host, {"format": "json"}, workers)
    with served.client("/?name=Ann") as ann:
        welcome, joined = frames(ann, 2)
        assert (welcome["type"], welcome["name"], welcome["online"]) == (
            "welcome",
            "Ann",
            1,
        )
        assert (joined["type"], joined["name"], joined["online"]) == ("joined", "Ann", 1)
        with served.client("/?name=B%C3%A9a") as bea:
            assert [f["type"] for f in frames(bea, 2)] == ["welcome", "joined"]
            joined = ann.recv_json()
            assert (joined["type"], joined["name"], joined["online"]) == (
                "joined",
                "B\xe9a",
                2,
            )
            text = 'quoted "text"\nand \u20ac'
            say(bea, text)
            for client in (ann, bea):
                got = client.recv_json()
                assert (got["type"], got["from"], got["message"]) == (
                    "message",
                    "B\xe9a",
                    text,
                )
                assert got["id"] == joined["id"]
                assert abs(got["at"] / 1000 - time.time()) < 60
            bea.reset()
        left = ann.recv_json()
        assert (left["type"], left["name"], left["online"]) == ("left", "B\xe9a", 1)
        ann.silence(0.2)


def test_a_guest_without_a_name_gets_one(host):
    served = room(host, {"format": "json"})
    with guests(served, 2) as (a, b):
        names = [client.recv_json()["name"] for client in (a, b)]
        assert all(name.startswith("guest-") for name in names)
        assert names[0] != names[1]


@pytest.mark.parametrize("name", ["%20x", "x%0A", "%FF", "x" * 33, "%00", "%E2%80%AE"])
def test_an_unfit_name_is_an_error_and_a_guest(host, name):
    served = room(host, {"format": "json"})
    with served.client(f"/?name={name}") as client:
        assert client.recv_json()["type"] == "error"
        assert client.recv_json()["name"].startswith("guest-")


def test_the_count_is_right_when_many_come_and_go_at_once(host, workers, eventually):
    """Some leave before they are let in: they must not be counted for ever."""
    served = room(host, {"format": "json"}, workers)
    for _ in range(60):
        sock = served.socket()
        sock.send(raw.upgrade())
        sock.reset()

    def online():
        with served.client() as client:
            return client.recv_json()["online"]

    eventually(lambda: online() == 1)


def test_a_message_too_long_is_an_error(host):
    served = room(host, {"format": "text", "max_message": 10})
    with guests(served, 1) as (a,):
        say(a, "0123456789")
        assert a.recv() == "0123456789"
        say(a, "0123456789x")
        assert '"type":"error"' in a.recv()


@pytest.mark.parametrize(
    "options", [{"format": "xml"}, {"colour": "red"}, {"max_message": 0}]
)
def test_a_wrong_option_stops_the_start(host, options):
    config = host.config([{"file": "chat", "options": options}])
    program = host.run("run", "-c", host.write(config))
    program.expected_exit = 1
    program.may_log(".")
    assert program.wait() == 1
    assert next(iter(options)) in program.text()


def test_one_who_left_hears_nothing_and_hurts_nobody(host, workers):
    served = room(host, {"format": "text"}, workers)
    with guests(served, 4) as (a, b, c, d):
        b.close()
        c.reset()
        for i in range(20):
            say(a, f"still here {i}")
        for i in range(20):
            assert heard(d, f"still here {i}") == f"still here {i}"


def test_the_order_is_the_same_for_all(host, workers):
    served = room(host, {"format": "text"}, workers)
    with guests(served, 3) as (a, b, c):
        for i in range(100):
            say(a, f"#{i}#")
        for client in (b, c):
            assert [heard(client, "#") for _ in range(100)] == [
                f"#{i}#" for i in range(100)
            ]


def test_an_unknown_action_is_answered_with_the_known_ones(host):
    served = room(host)
    with guests(served, 1) as (a,):
        for body in ('{"action":"dance"}', "hello", "", "{}", '{"action":5}', "[]"):
            a.text(body)
            assert "onMessage" in heard(a, "onMessage")


@pytest.mark.parametrize(
    "body",
    [
        '{"action":"onMessage"}',
        '{"action":"onMessage","message":5}',
        '{"action":"onMessage","message":null}',
        '{"action":"onMessage","message":{"a":1}}',
        '{"action":"onMessage","message":["a"]}',
        '{"action":"onMessage","message":""}',
    ],
)
def test_a_malformed_message_is_an_error_for_its_sender_alone(host, body):
    served = room(host)
    with guests(served, 2) as (a, b):
        a.text(body)
        assert "error" in heard(a, "error").lower()
        say(a, "the real thing")
        first = heard(b, "the real thing")
        assert "error" not in first


def test_text_is_carried_untouched(host):
    served = room(host, {"format": "text"})
    with guests(served, 2) as (a, b):
        for text in ("\U0001f600", "<b>&amp;</b>", 'a\\b"c', "x" * 4000):
            say(a, text)
            assert heard(b, text) == text


def test_a_room_of_many(host, workers):
    served = room(host, {"format": "text"}, workers)
    with guests(served, 100) as clients:
        say(clients[7], "can all of you hear me")
        for client in clients:
            heard(client, "can all of you hear me")
