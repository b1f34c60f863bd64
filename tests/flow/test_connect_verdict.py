"""$connect decides before the upgrade, and may take its time."""

import time

import pytest
import raw


@pytest.fixture
def served(standing, workers):
    return standing(workers=workers)


def refused(host, path, **options):
    with pytest.raises(raw.Refused) as caught:
        host.client(path, **options)
    return caught.value.response


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 429, 500, 501, 503])
def test_a_refusal_has_the_status_and_body_of_the_handlers_choice(served, status):
    response = refused(served, f"/?refuse={status}&body=no%20entry")
    assert response.status == status
    assert response.body == b"no entry"


def test_a_refusal_may_have_no_body(served):
    response = refused(served, "/?refuse=401")
    assert response.status == 401
    assert response.header("content-length") is not None


def test_denied_is_403_and_a_failure_is_502(host, workers):
    served = host(workers=workers)
    served.may_log(r"\$connect|event=\w*fail|refused")
    assert refused(served, "/?deny=1").status == 403
    assert refused(served, "/?fail=1").status == 502
    assert refused(served, "/?timeout=1").status == 504


def test_a_refused_client_leaves_nothing_behind(served):
    with served.client() as watcher:
        watcher.ask("join", group="watch")
        assert refused(served, "/?refuse=401").status == 401
        watcher.silence()


def test_a_verdict_that_never_comes_is_504(host):
    served = host(config={"limits": {"event_ms": 400}})
    served.may_log(r"overdue|timeout|late")
    began = time.monotonic()
    assert refused(served, "/?hang=a").status == 504
    assert 0.3 < time.monotonic() - began < 5
    with served.client() as other:
        other.ask("release", name="a")  # the event is the plugin's until it finishes it


def test_a_slow_verdict_delays_nobody_else(served):
    slow = served.socket()
    slow.send(raw.upgrade("/?wait=1500"))
    began = time.monotonic()
    for _ in range(8):
        with served.client() as quick:
            quick.ask("whoami")
    assert time.monotonic() - began < 1.2
    assert not slow.readable(0)
    assert slow.read_response().status == 101
    assert time.monotonic() - began >= 1.4
    slow.drop()


def test_many_verdicts_wait_at_once(served):
    began = time.monotonic()
    waiting = [served.socket() for _ in range(50)]
    for sock in waiting:
        sock.send(raw.upgrade("/?wait=300"))
    for sock in waiting:
        assert sock.read_response().status == 101
        sock.drop()
    assert time.monotonic() - began < 5


def test_a_late_refusal_is_as_good_as_an_early_one(served):
    response = refused(served, "/?wait=300&refuse=418&body=teapot")
    assert (response.status, response.body) == (418, b"teapot")


def test_another_connection_can_give_the_verdict(served):
    with served.client() as judge, served.socket() as sock:
        sock.send(raw.upgrade("/?hang=x"))
        while not judge.ask("release", name="x")["released"]:
            time.sleep(0.02)
        assert sock.read_response().status == 101


def test_another_connection_can_refuse(served):
    with served.client() as judge, served.socket() as sock:
        sock.send(raw.upgrade("/?hang=y"))
        while not judge.ask("release", name="y", http=402, body="pay")["released"]:
            time.sleep(0.02)
        response = sock.read_response()
        assert (response.status, response.body) == (402, b"pay")


def test_the_handler_picks_the_subprotocol(served):
    with served.client("/?protocol=two", protocols="one, two") as client:
        assert client.response.header("sec-websocket-protocol") == "two"


def test_a_subprotocol_that_was_not_offered_cannot_be_picked(host):
    served = host()
    served.may_log(r"\$connect|fail|refused|subprotocol")
    assert refused(served, "/?protocol=three", protocols="one, two").status == 502


def test_no_connect_route_means_admitted(host):
    served = host([{"file": "routes", "options": {"routes": ["a"]}}])
    with served.client() as client:
        client.json(action="a")
        assert client.recv_json()["route"] == "a"


def test_what_is_sent_during_connect_follows_the_upgrade_in_order(served):
    with served.client("/?hello=3") as client:
        assert [client.recv() for _ in range(3)] == ["hello 0", "hello 1", "hello 2"]


def test_what_is_sent_during_a_slow_connect_waits_for_it(served):
    with served.socket() as sock:
        sock.send(raw.upgrade("/?hello=2&wait=400"))
        assert not sock.readable(0.2)
        assert sock.read_response().status == 101
        assert sock.read(9)[2:] == b"hello 0"
        assert sock.read(9)[2:] == b"hello 1"


def test_what_is_sent_to_a_refused_client_is_gone_with_it(served):
    response = refused(served, "/?hello=2&refuse=403&body=no")
    assert response.body == b"no"


def test_a_group_joined_in_connect_counts_from_the_upgrade_on(served):
    with served.client("/?group=early") as member, served.client() as other:
        other.ask("gsend", group="early", text="hi")
        assert member.recv() == "hi"


@pytest.mark.parametrize("how", ["reset", "drop"])
def test_a_client_may_vanish_while_its_verdict_is_pending(served, how):
    with served.client() as watcher:
        watcher.ask("join", group="watch")
        gone = [served.socket() for _ in range(10)]
        for sock in gone:
            sock.send(raw.upgrade(f"/?wait=300&group={how}"))
        while watcher.ask("count", group=how)["count"] < 10:
            time.sleep(0.02)
        for sock in gone:
            getattr(sock, how)()
        time.sleep(0.6)
        # Never admitted, or admitted and gone: then $disconnect says so. In any case the
        # host lives, and nobody is left in the group of all.
        with served.client() as other:
            assert other.ask("whoami")["re"] == "whoami"


def test_frames_right_behind_the_head_are_handled_after_the_upgrade(served):
    with served.socket() as sock:
        message = raw.frame(raw.TEXT, '{"action":"echo","n":1}')
        second = raw.frame(raw.TEXT, '{"action":"echo","n":2}')
        sock.send(raw.upgrade() + message + second)
        assert sock.read_response().status == 101
        assert sock.read(25)[2:] == b'{"action":"echo","n":1}'
        assert sock.read(25)[2:] == b'{"action":"echo","n":2}'


def test_frames_sent_while_the_verdict_is_pending_are_kept(served):
    with served.socket() as sock:
        sock.send(
            raw.upgrade("/?wait=300") + raw.frame(raw.TEXT, '{"action":"echo","n":1}')[:7]
        )
        time.sleep(0.1)
        sock.send(raw.frame(raw.TEXT, '{"action":"echo","n":1}')[7:])
        assert sock.read_response().status == 101
        assert sock.read(25)[2:] == b'{"action":"echo","n":1}'


def test_a_flood_while_the_verdict_is_pending_is_bounded(served):
    """A client that sends megabytes before its verdict is throttled or dropped, and if it
    is admitted, loses nothing."""
    with served.socket() as sock:
        sock.send(raw.upgrade("/?wait=500"))
        sock.sock.settimeout(5)
        one = raw.frame(raw.TEXT, '{"action":"echo","pad":"%s"}' % ("x" * 1000))
        try:
            sock.send(one * 200)
        except OSError:
            return
        if sock.read_response().status == 101:
            for _ in range(200):
                assert len(sock.read(len(one) - 4)) == len(one) - 4


def test_http_after_a_refusal_finds_a_closed_connection(served):
    with served.socket() as sock:
        sock.send(raw.upgrade("/?refuse=403"))
        response = sock.read_response()
        assert response.status == 403
        if (response.header("connection") or "").lower() == "close":
            sock.expect_end()
