"""Queues, ceilings and clocks: every limit is bounded, told, and survived."""

import contextlib
import json
import os
import resource
import struct
import time

import pytest
import raw

# Of a connection whose client reads nothing the kernel takes this much at most; the tests
# send a multiple of it.
BIG = 60000


def lazy(host, **options):
    """A client that reads nothing and whose socket holds little."""
    return host.client(receive_buffer=4096, **options)


# -- the outbox


def fill(sender, to):
    """Send to a lazy reader until the host says FULL; how many it took."""
    taken = 0
    for _ in range(400):
        answer = sender.ask("burst", to=to, n=50, size=BIG)
        taken += answer["ok"]
        if answer["full"]:
            return taken
    raise AssertionError("the outbox never filled")


def test_a_full_outbox_refuses_and_loses_nothing_it_took(host):
    served = host(workers=1, config={"limits": {"outbox_bytes": 1048576}})
    served.may_log("outbox|full|slow")
    with lazy(served) as reader, served.client() as sender:
        taken = fill(sender, reader.id)
        for i in range(taken):
            message = reader.recv()
            assert len(message) == BIG and message.endswith(".")
        # There is room again.
        assert sender.ask("sendto", to=reader.id, text="again")["status"] == "ok"
        assert reader.recv() == "again"


def test_a_full_outbox_of_one_holds_back_nobody_else(host, workers):
    served = host(workers=workers, config={"limits": {"outbox_bytes": 262144}})
    served.may_log("outbox|full|slow")
    with lazy(served) as reader, served.client() as sender, served.client() as other:
        reader.id
        for _ in range(100):
            sender.ask("all", text="y" * BIG)
            assert sender.recv() == other.recv() == "y" * BIG
        assert other.ask("whoami")["re"] == "whoami"


def test_a_slow_reader_may_be_closed(host):
    served = host(
        config={
            "slow_reader": "close",
            "limits": {"outbox_bytes": 262144, "close_ms": 1000},
        }
    )
    served.may_log("outbox|full|slow")
    with lazy(served) as reader, served.client() as sender:
        sender.ask("join", group="watch")
        gone = reader.id
        for _ in range(400):
            sender.tell("burst", to=gone, n=20, size=BIG, quiet=True)
        while True:
            news = sender.recv_json()
            if news.get("event") == "disconnect":
                break
        assert news["id"] == gone
        assert news["code"] in (1006, 1008, 1013)


def test_a_slow_reader_may_lose_the_oldest(host):
    served = host(config={"slow_reader": "drop_oldest", "limits": {"outbox_bytes": 262144}})
    served.may_log("outbox|full|slow|drop")
    with lazy(served) as reader, served.client() as sender:
        answer = sender.ask("burst", to=reader.id, n=800, size=BIG)
        assert (answer["ok"], answer["full"]) == (800, 0)
        sender.ask("sendto", to=reader.id, text="the end")
        numbers = []
        while True:
            message = reader.recv()
            if message == "the end":
                break
            assert len(message) == BIG, "a message arrives whole or not at all"
            numbers.append(int(message[:8]))
        assert numbers == sorted(set(numbers)), "what arrives is in order, once"
        assert len(numbers) < 800
        assert numbers[-1] == 799, "the newest are kept"


# -- the inbox


def test_messages_behind_a_busy_handler_wait_and_come_in_order(host, workers):
    served = host(
        workers=workers, config={"limits": {"inbox_bytes": 65536, "message_bytes": 8192}}
    )
    with served.client() as client, served.client() as other:
        client.tell("hang", name="busy", quiet=True)
        total, sent = 400, 0
        body = "z" * 2000
        pending = b""
        # More than the inbox and far less than the kernel's buffers: it is read later.
        for i in range(total):
            pending += raw.frame(
                raw.TEXT, json.dumps({"action": "echo", "i": i, "pad": body})
            )
        view = memoryview(pending)
        client.sock.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while sent < len(view):
                sent += client.sock.send(view[sent:])
        time.sleep(0.3)
        while not other.ask("release", name="busy")["released"]:
            pass
        client.sock.setblocking(True)
        got = []
        for i in range(total):
            while sent < len(view):
                client.sock.setblocking(False)
                try:
                    sent += client.sock.send(view[sent:])
                except BlockingIOError:
                    break
            got.append(client.recv_json()["i"])
        assert got == list(range(total))


def test_a_paused_client_is_heard_again(host):
    """The inbox is full, the socket is not read; after the release, it is, and pings sent
    meanwhile are answered."""
    served = host(config={"limits": {"inbox_bytes": 16384, "message_bytes": 8192}})
    with served.client() as client, served.client() as other:
        client.tell("hang", name="busy", quiet=True)
        for i in range(40):
            client.json(action="echo", i=i, pad="p" * 4000)
        client.ping(b"late")
        while not other.ask("release", name="busy")["released"]:
            pass
        assert [client.recv_json()["i"] for _ in range(40)] == list(range(40))
        assert client.pongs or client.read_frame().payload == b"late"


def test_a_paused_client_that_vanishes_is_noticed(host):
    served = host(config={"limits": {"inbox_bytes": 16384, "message_bytes": 8192}})
    with served.client() as client, served.client() as other:
        other.ask("join", group="watch")
        gone = client.id
        client.tell("hang", name="busy", quiet=True)
        for i in range(10):
            client.json(action="echo", i=i, pad="p" * 4000)
        time.sleep(0.2)
        client.reset()
        time.sleep(0.2)
        while not other.ask("release", name="busy")["released"]:
            pass
        assert other.recv_json()["id"] == gone


# -- how many


def test_the_ceiling_of_connections_answers_503_and_recovers(host, workers, eventually):
    ceiling = 12  # each worker has its share of it
    served = host(workers=workers, config={"limits": {"connections": ceiling}})
    served.may_log(r"connections|ceiling|limit|refused")
    clients, refusals = [], 0
    while refusals < 60:
        try:
            clients.append(served.client())
        except raw.Refused as refused:
            assert refused.response.status == 503
            refusals += 1
        assert len(clients) <= ceiling
    assert workers > 1 or len(clients) == ceiling
    assert clients[0].ask("whoami")["re"] == "whoami"
    lines = served.lines(r"level=(warn|error)")
    assert 1 <= len(lines) <= workers, "it is logged, and not each time"
    clients.pop().close()

    def admitted():
        with contextlib.suppress(raw.Refused, raw.Closed):
            clients.append(served.client())
            return True
        return False

    eventually(admitted)
    for client in clients:
        client.drop()


def test_the_ceiling_says_503(host):
    served = host(workers=1, config={"limits": {"connections": 3}})
    served.may_log(r"connections|ceiling|limit|refused")
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(served.client())
        with pytest.raises(raw.Refused) as caught:
            served.client()
        assert caught.value.response.status == 503


def test_more_than_1024_descriptors_are_served(host):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 4000:
        pytest.skip(f"only {hard} descriptors are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (4000, hard))
    try:
        served = host(
            workers=1,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard)),
        )
        served.may_log(r"descriptors|nofile|files")
        clients = [served.client() for _ in range(1500)]
        clients[-1].ask("all", text="you are many")
        for client in clients:
            assert client.recv() == "you are many"
        for client in clients:
            client.drop()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_few_descriptors_lower_the_ceiling_at_start(host):
    """It does not promise what it cannot hold: beyond that it says 503."""
    allowed = (300, 300)
    served = host(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, allowed))
    served.may_log(r"connections|ceiling|limit|refused")
    clients = []
    with pytest.raises(raw.Refused) as refused:
        for _ in range(300):
            clients.append(served.client())
    assert refused.value.response.status == 503
    assert len(clients) > 50
    for client in clients:
        client.drop()


def test_running_out_of_descriptors_is_survived(host, workers):
    """They run out under it: it neither spins nor dies, and goes on when there are some."""
    served = host(workers=workers)
    served.may_log(r"accept|files|descriptors")
    pid = served.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    in_use = max(map(int, os.listdir(f"/proc/{pid}/fd"))) + 1
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (in_use + 10, before[1]))

    socks = []
    for _ in range(40):
        socks.append(served.socket())
        socks[-1].send(raw.upgrade())
    time.sleep(0.5)
    # Some get in, the others a 503, an end, or patience.
    statuses = []
    for sock in socks:
        if sock.readable(0):
            with contextlib.suppress(raw.Closed):
                statuses.append(sock.read_response().status)
    assert 5 <= statuses.count(101) <= 20
    assert set(statuses) <= {101, 503}
    spent = cpu_seconds(pid)
    time.sleep(1)
    assert cpu_seconds(pid) - spent < 0.3, "it spins"
    assert len(served.lines(r"level=(warn|error)")) <= 4 * workers, served.text()

    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

    for sock in socks:
        sock.drop()
    time.sleep(0.2)
    for _ in range(10):
        with served.client() as client:
            assert client.ask("whoami")["re"] == "whoami"


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def test_an_idle_host_uses_no_time(host):
    served = host(workers=4)
    clients = [served.client() for _ in range(50)]
    spent = cpu_seconds(served.process.pid)
    time.sleep(2)
    assert cpu_seconds(served.process.pid) - spent < 0.2
    for client in clients:
        client.drop()


# -- signs of life


def test_a_ping_comes_and_an_answer_keeps_alive(host, workers):
    served = host(workers=workers, config={"limits": {"ping_s": 1, "idle_s": 2}})
    with served.client() as client:
        began = time.monotonic()
        while time.monotonic() - began < 3.5:
            with contextlib.suppress(TimeoutError):
                opcode, payload = client.read_message(0.5)
                assert opcode != raw.CLOSE, payload
        assert client.pings >= 2
        assert client.ask("whoami")["re"] == "whoami"


def test_a_peer_that_answers_no_ping_is_found_dead(host):
    served = host(config={"limits": {"ping_s": 1, "idle_s": 3, "close_ms": 1000}})
    with served.client() as client, served.client() as watcher:
        watcher.ask("join", group="watch")
        gone = client.id
        client.answer_pings = False
        began = time.monotonic()
        while True:
            with contextlib.suppress(TimeoutError):
                news = watcher.recv_json(0.5)
                break
            assert time.monotonic() - began < 12
        assert news["id"] == gone
        assert news["code"] in (1001, 1006)
        assert client.read_message()[0] in (raw.CLOSE,)


def test_aws_sends_no_pings(host):
    served = host(config={"profile": "aws", "limits": {"idle_s": 60}})
    with served.client() as client:
        client.silence(2.5)
        assert client.pings == 0


# -- the mailbox


def test_a_flood_across_workers_is_bounded(host):
    """Senders on all workers shout at everybody; whatever is not taken is called FULL, what
    arrives is whole, and the host stays well."""
    served = host(
        workers=4, config={"limits": {"outbox_bytes": 262144, "mailbox_bytes": 1048576}}
    )
    served.may_log("outbox|full|slow|mailbox")
    clients = [served.client() for _ in range(8)]
    for round_ in range(10):
        for client in clients:
            client.tell("all", text=f"{round_} " + "w" * 20000, quiet=True)
    patience = 1  # after the first one's, little can be left on its way to the others
    for client in clients:
        with contextlib.suppress(TimeoutError):
            while True:
                message = client.recv(patience)
                assert message[0] == "{" or message.endswith("w" * 20000)
        patience = 0.3
    for client in clients:
        assert client.ask("whoami")["re"] == "whoami"
        client.drop()


# -- the aws profile of things that count


def test_a_length_is_believed_only_as_far_as_the_limit(host):
    """A header that announces a gigabyte makes the host reserve nothing."""
    served = host(config={"limits": {"message_bytes": 131072}})
    before = resident_kib(served.process.pid)
    clients = [served.client() for _ in range(50)]
    for client in clients:
        client.send(b"\x81\xff" + struct.pack("!Q", 131072) + b"mask" + b"x")
    time.sleep(0.5)
    assert resident_kib(served.process.pid) - before < 50 * 1024
    for client in clients:
        client.drop()


def resident_kib(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int([line for line in status if line.startswith("VmRSS")][0].split()[1])
