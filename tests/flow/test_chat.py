"""The chat room, over real sockets."""

import contextlib
import json

import pytest


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


def test_json_says_who_and_what(host, workers):
    served = room(host, {"format": "json"}, workers)
    with guests(served, 3) as clients:
        say(clients[0], 'quoted "text"\nand \u20ac')
        for client in clients:
            got = json.loads(heard(client, "quoted"))
            assert got["message"] == 'quoted "text"\nand \u20ac'


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
        for text in ("\U0001f600", "<b>&amp;</b>", 'a\\b"c', "\u0000-free", "x" * 100000):
            if "\u0000" in text:
                continue
            say(a, text)
            assert heard(b, text) == text


def test_a_room_of_many(host, workers):
    served = room(host, {"format": "text"}, workers)
    with guests(served, 100) as clients:
        say(clients[7], "can all of you hear me")
        for client in clients:
            heard(client, "can all of you hear me")
