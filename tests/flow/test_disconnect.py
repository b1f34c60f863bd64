"""$disconnect: exactly once for each admitted connection, with the code and the reason."""

import contextlib
import json
import struct
import time

import pytest
import raw


class Watcher:
    """A client in the group that hears of every $disconnect."""

    def __init__(self, host):
        self.client = host.client()
        assert self.client.ask("join", group="watch")["status"] == "ok"

    def heard(self, conn_id, timeout=raw.DEADLINE):
        """What was said of this connection; that it was said once, exactly() tells."""
        deadline = time.monotonic() + timeout
        while True:
            news = self.client.recv_json(max(deadline - time.monotonic(), 0.01))
            if news.get("id") == conn_id:
                assert news["send"] == "gone", "sends to it must fail already"
                return news["code"], news["reason"]

    def exactly(self, conn_id, code, reason=None, timeout=raw.DEADLINE):
        got = self.heard(conn_id, timeout)
        assert got[0] == code, got
        if reason is not None:
            assert got[1] == reason
        deadline = time.monotonic() + 0.15
        while (left := deadline - time.monotonic()) > 0 and self.client.readable(left):
            assert self.client.recv_json()["id"] != conn_id, "it was said twice"


@contextlib.contextmanager
def scene(host, path="/"):
    watcher, client = Watcher(host), host.client(path)
    client.id  # asked while it can be
    yield watcher, client
    client.drop()
    watcher.client.drop()


@pytest.fixture
def served(standing, workers):
    return standing(workers=workers)


@pytest.mark.parametrize(
    "code, reason", [(1000, "done"), (1001, ""), (3001, "mine"), (4999, "\u00e9")]
)
def test_a_clients_close_is_forwarded(served, code, reason):
    with scene(served) as (watcher, client):
        client.close(code, reason)
        got = watcher.heard(client.id)
        assert got[0] == code
        assert got[1].encode("latin-1").decode() == reason


def test_a_close_without_a_code_is_1005(served):
    with scene(served) as (watcher, client):
        client.close_frame()
        client.read_to_end()
        watcher.exactly(client.id, 1005, "Client-side close frame status not set")


@pytest.mark.parametrize("how", ["reset", "drop", "finish_sending"])
def test_a_client_that_vanishes_is_1006(served, how):
    with scene(served) as (watcher, client):
        getattr(client, how)()
        watcher.exactly(client.id, 1006)


def test_a_client_that_vanishes_within_a_frame_is_1006(served):
    with scene(served) as (watcher, client):
        client.send(raw.frame(raw.TEXT, "x" * 1000)[:500])
        client.reset()
        watcher.exactly(client.id, 1006)


@pytest.mark.parametrize(
    "code, reason", [(1000, ""), (1000, "Connection Closed Normally"), (4001, "go")]
)
def test_a_close_by_a_handler_has_its_code(served, code, reason):
    with scene(served) as (watcher, client):
        client.tell("close", code=code, reason=reason, say="last words")
        assert client.recv() == "last words"
        client.expect_close(code, reason)
        watcher.exactly(client.id, code, reason)


def test_another_connection_can_close_one(served):
    with scene(served) as (watcher, client), served.client() as other:
        assert (
            other.ask("close", to=client.id, code=4002, reason="you too")["status"] == "ok"
        )
        client.expect_close(4002, "you too")
        watcher.exactly(client.id, 4002, "you too")


def test_a_client_that_does_not_answer_a_close_is_cut_off(host, workers):
    served = host(workers=workers, config={"limits": {"close_ms": 400}})
    with scene(served) as (watcher, client):
        client.tell("close", code=1000, reason="")
        opcode, payload = client.read_message()
        assert opcode == raw.CLOSE
        began = time.monotonic()
        client.expect_end(10)
        assert time.monotonic() - began < 5
        watcher.exactly(client.id, 1000)


@pytest.mark.parametrize(
    "data, code",
    [
        (raw.frame(3, "x"), 1002),
        (raw.frame(raw.TEXT, b"\xff"), 1007),
        (b"\x81\xff" + struct.pack("!Q", 1 << 30) + b"mask", 1009),
        (raw.frame(raw.TEXT, "x", mask=None), 1002),
    ],
    ids=["protocol", "utf8", "too_big", "unmasked"],
)
def test_a_violation_is_its_code(served, data, code):
    with scene(served) as (watcher, client):
        client.send(data)
        client.expect_close(code)
        watcher.exactly(client.id, code)


def test_a_binary_frame_under_aws_is_1003(host):
    served = host(config={"profile": "aws"})
    with scene(served) as (watcher, client):
        client.binary(b"x")
        client.expect_close(1003)
        watcher.exactly(client.id, 1003)


def test_an_idle_client_is_1001_going_away(host, workers):
    served = host(workers=workers, config={"limits": {"idle_s": 1, "ping_s": 0}})
    with scene(served) as (watcher, client):
        deadline = time.monotonic() + 8
        opened = time.monotonic()
        while not client.readable(0.2):
            watcher.client.ping(b"")  # the watcher shows signs of life
            assert time.monotonic() < deadline
        client.expect_close(1001, "Going away")
        assert time.monotonic() - opened > 0.7
        assert watcher.heard(client.id) == (1001, "Going away")


def test_a_lifetime_ends_with_1001(host):
    served = host(config={"limits": {"lifetime_s": 2}})
    with served.client() as client:
        client.id
        began = time.monotonic()
        while time.monotonic() - began < 1.4:
            client.ping(b"")  # being alive does not help
            assert client.read_frame().opcode == raw.PONG
            time.sleep(0.1)
        client.expect_close(1001, "Going away")
        assert time.monotonic() - began < 8
        served.wait_log(rf"disconnect {client.id} code 1001")


def test_an_event_in_progress_is_finished_first(served):
    with scene(served) as (watcher, client), served.client() as other:
        client.tell("hang", name="first", quiet=True)
        # The message behind it was accepted before the client left, or is gone with it.
        client.reset()
        watcher.client.silence(0.3)
        while not other.ask("release", name="first")["released"]:
            pass
        watcher.exactly(client.id, 1006)


def test_attributes_can_be_read_until_disconnect_is_over(served):
    with scene(served) as (watcher, client):
        client.ask("set", key="note", value="remember me")
        client.reset()
        news = watcher.client.recv_json()
        assert news["note"] == "remember me"


def test_none_is_forgotten_and_none_told_twice_in_a_crowd(served, workers):
    watcher = Watcher(served)
    expected = {}
    clients = [served.client() for _ in range(60)]
    for i, client in enumerate(clients):
        expected[client.id] = (1006, 4000 + i, 1005)[i % 3]
    for i, client in enumerate(clients):
        if i % 3 == 0:
            client.reset()
        elif i % 3 == 1:
            client.close_frame(4000 + i)
        else:
            client.close_frame()
    heard = [watcher.client.recv_json() for _ in clients]
    assert {news["id"]: news["code"] for news in heard} == expected
    watcher.client.silence(0.3)
    for client in clients:
        client.drop()
    watcher.client.drop()


def test_close_codes_a_handler_may_not_send_are_invalid(served):
    with served.client() as client:
        for code in (0, 999, 1005, 1006, 1015, 5000):
            assert client.ask("close", to=client.id, code=code)["status"] == "invalid"
        assert (
            client.ask("close", to=client.id, code=1000, reason="x" * 124)["status"]
            == "invalid"
        )
        assert client.ask("whoami")["re"] == "whoami"


def test_both_sides_may_close_at_once(served):
    with scene(served) as (watcher, client):
        client.send(
            raw.frame(
                raw.TEXT, json.dumps({"action": "close", "code": 4003, "reason": "mine"})
            )
            + raw.frame(raw.CLOSE, raw.close_payload(4004, "yours"))
        )
        code, _ = watcher.heard(client.id)
        assert code in (4003, 4004)
        watcher.client.silence(0.15)
        client.read_to_end()
