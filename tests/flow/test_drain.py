"""Stopping: SIGTERM and SIGINT end a host politely, a deadline ends it anyway."""

import contextlib
import select
import signal
import socket
import time

import pytest
import raw


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_all_are_told_and_disconnected(host, workers, number):
    served = host(workers=workers)
    clients = [served.client() for _ in range(30)]
    ids = [client.id for client in clients]
    served.signal(number)
    for client in clients:
        client.expect_close(1001, "Going away")
        client.drop()
    assert served.wait() == 0
    for conn_id in ids:
        assert len(served.lines(rf"disconnect {conn_id} code 1001 reason Going away")) == 1
    assert served.lines("event=stopped")


def test_nobody_new_is_accepted(host, workers):
    served = host(workers=workers)
    with served.client() as client:
        tag = client.tell("sleepy", ms=1500)
        time.sleep(0.2)
        served.signal()
        time.sleep(0.3)
        with pytest.raises((ConnectionError, raw.Closed, raw.Refused)):
            served.client()
        assert served.process.poll() is None
        client.answer(tag)
        client.expect_close(1001)
    assert served.wait() == 0


def test_an_event_in_progress_is_finished_and_answered(host, workers):
    served = host(workers=workers)
    with served.client() as client:
        tag = client.tell("sleepy", ms=600)
        time.sleep(0.1)
        served.signal()
        assert client.answer(tag)["status"] == "ok"
        client.expect_close(1001, "Going away")
    assert served.wait() == 0


def test_an_event_that_never_ends_is_given_up(host):
    served = host(config={"limits": {"drain_s": 1}}, unfinished=True)
    with served.client() as client:
        client.tell("hang", name="for ever")
        time.sleep(0.2)
        began = time.monotonic()
        served.signal()
        assert served.wait() == 3
        assert 0.5 < time.monotonic() - began < 15


def test_a_second_signal_ends_it_at_once(host):
    served = host(config={"limits": {"drain_s": 60}}, unfinished=True)
    with served.client() as client:
        client.tell("hang", name="for ever")
        time.sleep(0.2)
        served.signal()
        time.sleep(0.3)
        assert served.process.poll() is None
        began = time.monotonic()
        served.signal()
        assert served.wait() == 3
        assert time.monotonic() - began < 10


def test_a_client_that_ignores_the_close_does_not_hold_it_up(host):
    served = host(config={"limits": {"close_ms": 300}})
    with served.client() as client:
        began = time.monotonic()
        served.signal()
        assert client.read_message()[0] == raw.CLOSE
        assert served.wait() == 0
        assert time.monotonic() - began < 6


def test_the_closes_are_spread_over_the_jitter(host):
    served = host(config={"limits": {"drain_jitter_s": 2}})
    clients = {client.sock: client for client in [served.client() for _ in range(20)]}
    served.signal()
    times = []
    while clients:
        for sock in select.select(list(clients), [], [], 10)[0]:
            client = clients.pop(sock)
            client.expect_close(1001)
            times.append(time.monotonic())
            client.drop()
    assert 0.8 < times[-1] - times[0] < 5
    assert times[10] - times[0] > 0.3, "it is spread, not split"
    assert served.wait() == 0


def test_a_pending_verdict_does_not_hold_it_up(host):
    served = host(config={"limits": {"drain_s": 3}})
    with served.socket() as sock, served.socket() as half:
        sock.send(raw.upgrade("/?wait=300"))
        half.send(raw.upgrade()[:20])
        time.sleep(0.1)
        began = time.monotonic()
        served.signal()
        sock.read_to_end()
        half.read_to_end()
        assert served.wait() == 0
        assert time.monotonic() - began < 6


def test_an_idle_host_stops_at_once(host, workers):
    served = host(workers=workers)
    began = time.monotonic()
    served.signal()
    assert served.wait() == 0
    assert time.monotonic() - began < 5


def test_the_port_is_free_afterwards(host):
    served = host()
    with served.client() as client:
        client.id
        served.signal()
        client.expect_close(1001)
    assert served.wait() == 0
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", served.port))


def test_a_drain_under_fire_ends_well(host, workers):
    """Clients talk, come and go while the host stops."""
    served = host(workers=workers)
    clients = [served.client() for _ in range(20)]
    for client in clients:
        for i in range(50):
            client.json(action="echo", i=i)
    served.signal()
    for i, client in enumerate(clients):
        with contextlib.suppress(OSError):
            if i % 3:
                client.json(action="all", text="still here", quiet=True)
            else:
                client.reset()
    for i, client in enumerate(clients):
        if i % 3:
            with contextlib.suppress(raw.Closed):
                while client.read_message()[0] != raw.CLOSE:
                    pass
                client.close_frame(1001)
            client.drop()
    assert served.wait() == 0
