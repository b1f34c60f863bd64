"""Three nodes and one Redis are one gateway; and what happens when something breaks."""

import contextlib
import re
import signal
import time

import pytest
import raw
from nodes import (  # noqa: F401: a fixture
    LEASE_MS,
    LOST,
    TROUBLE,
    Cable,
    RedisCluster,
    disconnects,
    number_of,
    server,
    start_nodes,
    store,
)

LEASE_S = LEASE_MS / 1000


@pytest.fixture
def nodes(server, host):
    """nodes(n) starts so many that share the Redis."""
    return lambda count=3, **more: start_nodes(host, store(server, **more), count=count)


@pytest.fixture(params=["one", "cluster"])
def relay(request, tmp_path):
    """What carries the letters, as options of the store."""
    if request.param == "one":
        yield {}
        return
    cluster = RedisCluster(tmp_path)
    yield {"cluster": cluster.url()}
    cluster.kill()


def one_on_each(nodes, stack, path="/"):
    return [stack.enter_context(node.client(path)) for node in nodes]


def known(server, group, count, eventually):
    """The directory is told behind the event."""
    eventually(lambda: server.ask().scard(f"jf:g:$default/{group}") == count)


def test_one_gateway(nodes, relay, server, stack, eventually):
    three = nodes(**relay)
    a, b, c = one_on_each(three, stack, "/?group=g")
    known(server, "g", 3, eventually)

    for size, text in ((2, "hi"), (100_000, "x" * 100_000)):
        assert a.ask("sendto", to=b.id, text=text)["status"] == "ok"
        assert len(b.recv()) == size
    assert a.ask("sendto", to=c.id, text="\u00e9", binary=True)["status"] == "ok"
    assert c.recv_binary() == "\u00e9".encode()
    assert a.ask("gsend", group="g", text="to the group")["status"] == "ok"
    assert a.recv() == b.recv() == c.recv() == "to the group"
    assert b.ask("all", text="to all")["status"] == "ok"
    assert a.recv() == b.recv() == c.recv() == "to all"
    assert a.ask("many", to=[b.id, c.id], text="to many")["status"] == "ok"
    assert b.recv() == c.recv() == "to many"

    assert a.ask("count", group="g")["count"] == 3
    assert set(c.ask("members", group="g")["members"]) == {a.id, b.id, c.id}
    for client in (a, b, c):
        client.silence(0.1)


def test_what_does_not_reach_a_client_elsewhere_is_counted(server, host, stack):
    limits = {"message_bytes": 16_000, "outbox_bytes": 20_000}
    config = {**store(server), "limits": limits}
    one, two = start_nodes(host, config, count=2)
    a = stack.enter_context(one.client("/"))
    lazy = stack.enter_context(two.client("/", receive_buffer=4096))
    lazy.id  # noqa: B018
    while not two.lines("event=not_delivered"):
        for _ in range(20):
            assert a.ask("sendto", to=lazy.id, text="x" * 15_000)["status"] == "ok"
    two.stop()
    (line,) = two.lines("event=letters")
    assert re.search(r"undelivered=[1-9]", line)


def test_questions_about_a_connection_elsewhere(nodes, relay, server, stack, eventually):
    a, b = one_on_each(nodes(2, **relay), stack)
    assert a.ask("set", to=b.id, key="name", value="Bob")["status"] == "ok"
    assert b.ask("get", key="name")["value"] == "Bob"
    assert a.ask("get", to=b.id, key="name")["value"] == "Bob"
    assert a.ask("get", to=b.id, key="none")["status"] == "not_found"
    assert a.ask("join", to=b.id, group="h")["status"] == "ok"
    known(server, "h", 1, eventually)
    assert a.ask("gsend", group="h", text="you are in")["status"] == "ok"
    assert b.recv() == "you are in"
    assert a.ask("leave", to=b.id, group="h")["status"] == "ok"
    known(server, "h", 0, eventually)

    assert a.ask("then", to=b.id, text="read this")["status"] == "ok"
    assert b.recv() == "read this"
    assert a.ask("close", to=b.id, code=4001, reason="enough")["status"] == "ok"
    b.expect_close(4001, "enough")
    eventually(lambda: a.ask("then", to=b.id, text="too late")["status"] == "gone")
    assert a.ask("get", to=b.id, key="name")["status"] == "gone"


def test_who_does_not_read_is_full_also_from_elsewhere(nodes, relay, stack):
    one, other = nodes(2, **relay)
    a = stack.enter_context(one.client())
    lazy = stack.enter_context(other.client(receive_buffer=4096))
    for _ in range(15):
        assert a.ask("burst", to=lazy.id, n=10, size=100_000)["ok"] > 0
    assert a.ask("then", to=lazy.id, text="x" * 100_000)["status"] == "full"
    other.may_log("event=slow")


def test_what_one_sends_arrives_in_order(nodes, relay, server, stack, eventually):
    a, b = one_on_each(nodes(2, **relay), stack, "/?group=g")
    known(server, "g", 2, eventually)
    count = 500
    for i in range(count):
        a.json(action="sendto", quiet=True, to=b.id, text=f"{2 * i}")
        a.json(action="gsend", quiet=True, group="g", text=f"{2 * i + 1}")
    assert [b.recv() for _ in range(2 * count)] == [str(i) for i in range(2 * count)]


@pytest.mark.only("c", reason="it takes its time, and is about the host")
def test_a_cluster_may_lose_a_server(nodes, tmp_path, stack, eventually):
    cluster = RedisCluster(tmp_path, replicas=1)
    stack.callback(cluster.kill)
    one, other = nodes(2, cluster=cluster.url())
    a, b = one_on_each((one, other), stack)
    assert a.ask("then", to=b.id, text="before")["status"] == "ok"
    assert b.recv() == "before"
    cluster.master_of(f"jf:to:{number_of(other)}").kill()

    def passes():
        status = a.ask("then", to=b.id, text="after")["status"]
        assert status in ("ok", "unavailable", "timeout")
        return status == "ok"

    eventually(passes, timeout=30)
    assert b.recv() == "after"
    assert b.ask("then", to=a.id, text="and back")["status"] == "ok"
    assert a.recv() == "and back"


def test_prefixes_keep_applications_apart(nodes, server, stack):
    (one,), (other,) = nodes(1), nodes(1, prefix="other:")
    a = stack.enter_context(one.client("/?group=g"))
    b = stack.enter_context(other.client("/?group=g"))
    assert a.ask("gsend", group="g", text="mine")["status"] == "ok"
    assert a.ask("all", text="mine")["status"] == "ok"
    assert b.ask("count", group="g")["count"] == 1
    b.silence(0.3)
    assert server.keys("other:") and server.keys("jf:")


def test_an_orderly_end_leaves_nothing(nodes, server, stack, eventually):
    two = nodes(2)
    clients = one_on_each(two, stack, "/?group=g")
    known(server, "g", 2, eventually)
    for node in two:
        node.signal()
    for client in clients:
        client.expect_close(1001)
    for node in two:
        node.stop()
    assert len(disconnects(two)) == 2
    assert server.keys() <= {"jf:awake", "jf:quiet", "jf:looked"}


@pytest.mark.only("lua", reason="no handler is asked")
def test_a_wrong_password_is_told(server, host):
    server.ask().config_set("requirepass", "right")
    whole = host.config(("probe",), store(server, url=server.url(":wrong@")))
    node = host.run("run", "-c", host.write(whole))
    node.may_log("event=redis_refused")
    node.wait_log("jackfield: store.url: Redis refuses: WRONGPASS")
    node.process.wait(10)
    node.stop(code=1)


@pytest.mark.only("lua", reason="no handler is asked")
def test_a_redis_that_comes_late_is_waited_for(server, host):
    server.kill()
    node = host.run("run", "-c", host.write(host.config(("probe",), store(server))))
    node.may_log(TROUBLE)
    node.wait_log("event=redis_away")
    assert not node.lines("event=listening")
    server.start()
    node.ready()


def left_over(server):
    return server.keys() - {"jf:awake", "jf:quiet", "jf:looked", "jf:nodes"}


def test_a_dead_nodes_connections_each_get_one_disconnect(nodes, server, eventually, stack):
    count = 1000
    dying, *others = nodes()
    clients = [stack.enter_context(dying.client("/?group=g")) for _ in range(count)]
    ids = {client.id for client in clients[:10]}
    assert clients[0].ask("set", key="note", value="dear")["status"] == "ok"
    watcher = stack.enter_context(others[0].client("/?group=watch"))
    known(server, "g", count, eventually)
    known(server, "watch", 1, eventually)
    dying.expected_exit = -signal.SIGKILL
    dying.signal(signal.SIGKILL)
    eventually(lambda: len(disconnects(others)) >= count, timeout=60)
    time.sleep(1)
    seen = disconnects(others)
    assert len(seen) == len({entry[0] for entry in seen}) == count
    assert {entry[1:] for entry in seen} == {(1006, "node lost")}
    assert ids <= {entry[0] for entry in seen}
    notes = {watcher.recv_json()["note"] for _ in range(count)}
    assert notes == {"", "dear"}
    number = number_of(dying)
    assert not [key for key in left_over(server) if key.endswith(f":{number}")]
    assert server.ask().scard("jf:g:$default/g") == 0


@pytest.mark.only("c", reason="it takes its time, and is about the host")
def test_a_node_that_slept_too_long_begins_anew(nodes, server, stack, eventually):
    sleeper, other = nodes(2)
    sleeper.may_log(LOST)
    clients = [stack.enter_context(sleeper.client()) for _ in range(20)]
    ids = {client.id for client in clients}
    known_ids = f"jf:n:{number_of(sleeper)}"
    eventually(lambda: server.ask().scard(known_ids) == len(ids))
    sleeper.hold_still()
    eventually(lambda: len(disconnects([other])) == len(ids), timeout=30)
    clients[0].drop()  # while it sleeps
    sleeper.signal(signal.SIGCONT)
    sleeper.wait_log("event=renumbered")
    for client in clients[1:]:
        client.expect_close(1001)
    eventually(lambda: server.ask().hlen("jf:nodes") == 2)
    late = stack.enter_context(sleeper.client("/?group=g"))
    early = stack.enter_context(other.client())
    eventually(lambda: server.ask().scard("jf:g:$default/g") == 1)
    assert early.ask("sendto", to=late.id, text="welcome")["status"] == "ok"
    assert late.recv() == "welcome"
    seen = disconnects([sleeper, other])
    assert sorted(entry[0] for entry in seen) == sorted(ids)


@pytest.fixture
def cable(server):
    cable = Cable(server.port)
    yield cable
    cable.close()


@pytest.mark.only("c", reason="it takes its time, and is about the host")
def test_a_node_that_is_cut_off_is_buried_once(nodes, server, cable, stack, eventually):
    (far,), (near,) = nodes(1, url=f"redis://127.0.0.1:{cable.port}"), nodes(1)
    far.may_log(LOST)
    clients = [stack.enter_context(far.client("/?group=g")) for _ in range(20)]
    ids = {client.id for client in clients}
    known(server, "g", len(ids), eventually)
    cable.whole = False
    far.wait_log("event=node_in_doubt")  # until then it runs them: see docs/nodes.md
    clients[0].close()
    eventually(lambda: len(disconnects([near])) == len(ids), timeout=30)
    mate = stack.enter_context(far.client())  # who comes meanwhile is served
    mate_id = mate.id
    assert mate.ask("sendto", to=clients[1].id, text="near")["status"] == "ok"
    assert clients[1].recv() == "near"
    cable.whole = True
    far.wait_log("event=renumbered")
    for client in [*clients[1:], mate]:
        client.expect_close(1001)
    late = stack.enter_context(far.client("/?group=g"))
    known(server, "g", 1, eventually)
    assert late.ask("count", group="g")["count"] == 1
    eventually(lambda: mate_id in [entry[0] for entry in disconnects([far])])
    seen = [entry[0] for entry in disconnects([far, near])]
    assert sorted(seen) == sorted([*ids, mate_id])


@pytest.mark.only("c", reason="it takes its time, and is about the host")
def test_a_short_cut_changes_nothing(nodes, server, cable, stack, eventually):
    (far,), (near,) = nodes(1, url=f"redis://127.0.0.1:{cable.port}"), nodes(1)
    a = stack.enter_context(far.client("/?group=g"))
    b = stack.enter_context(near.client())
    known(server, "g", 1, eventually)
    cable.whole = False
    time.sleep(LEASE_S / 3)
    cable.whole = True
    eventually(lambda: b.ask("then", to=a.id, text="back")["status"] == "ok", timeout=20)
    assert a.recv() == "back"
    time.sleep(LEASE_S)
    assert not disconnects([far, near])
    assert not far.lines("number_lost")


def truth(server, hosts):
    """Does the directory have as many connections as there are?"""
    numbers = [number_of(node) for node in hosts]
    return [server.ask().scard(f"jf:n:{number}") for number in numbers]


def test_redis_may_die_and_come_back_empty(nodes, server, stack, eventually):
    two = nodes(2)
    clients = [
        stack.enter_context(node.client("/?group=g")) for node in two for _ in range(50)
    ]
    a, b = clients[0], clients[1]  # on the same node
    c = clients[50]
    known(server, "g", 100, eventually)
    server.kill()
    leaver = stack.enter_context(two[0].client())
    leaver.close()
    eventually(lambda: a.ask("sendto", to=c.id, text="far")["status"] == "unavailable")
    assert a.ask("sendto", to=b.id, text="near")["status"] == "ok"
    assert b.recv() == "near"
    assert a.ask("count", group="g")["status"] == "unavailable"
    assert a.ask("gsend", group="g", text="those here")["status"] == "unavailable"
    assert b.recv() == "those here"
    gone = clients.pop()
    gone_id = gone.id
    gone.close()
    time.sleep(1)
    server.start()
    known(server, "g", 99, lambda check: eventually(check, timeout=20))
    eventually(lambda: truth(server, two) == [50, 49])
    eventually(lambda: a.ask("sendto", to=c.id, text="far")["status"] == "ok")
    eventually(lambda: gone_id in [entry[0] for entry in disconnects(two)])
    time.sleep(1.5 * LEASE_S)
    assert len(disconnects(two)) == 2  # those who left
    for client in clients:
        assert client.ask("whoami")["id"]


@pytest.mark.only("c", reason="it takes its time, and is about the host")
def test_redis_may_hold_still(nodes, server, stack, eventually):
    two = nodes(2)
    a, b = one_on_each(two, stack, "/?group=g")
    mate = stack.enter_context(two[0].client())
    known(server, "g", 2, eventually)
    server.pause()
    started = time.monotonic()
    while time.monotonic() - started < 2 * LEASE_S:
        assert a.ask("sendto", to=mate.id, text="near")["status"] == "ok"
        assert mate.recv() == "near"
        assert a.ask("count", group="g")["status"] == "unavailable"
    server.resume()
    eventually(lambda: a.ask("count", group="g").get("count") == 2, timeout=20)
    eventually(lambda: a.ask("then", to=b.id, text="back")["status"] == "ok", timeout=20)
    time.sleep(LEASE_S)
    assert not disconnects(two)
    assert not any(re.search("number_lost", node.text()) for node in two)


def test_redis_may_be_full(nodes, server, stack, eventually):
    (one,) = nodes(1)
    a = stack.enter_context(one.client("/?group=g"))
    known(server, "g", 1, eventually)
    server.ask().config_set("maxmemory", "1mb")
    late = [stack.enter_context(one.client("/?group=g")) for _ in range(10)]
    assert a.ask("gsend", group="g", text="all here")["status"] in ("ok", "unavailable")
    assert [client.recv() for client in late] == ["all here"] * 10
    assert server.ask().scard("jf:g:$default/g") == 1
    server.ask().config_set("maxmemory", "0")
    known(server, "g", 11, lambda check: eventually(check, timeout=20))


@pytest.mark.only("c", reason="it takes its time, and is about the host")
def test_newcomers_are_refused_while_there_is_no_number(nodes, server, stack, eventually):
    sleeper, other = nodes(2)
    sleeper.may_log(LOST)
    rude = stack.enter_context(sleeper.client())
    eventually(lambda: server.ask().scard(f"jf:n:{number_of(sleeper)}") == 1)
    sleeper.hold_still()
    other.wait_log("event=node_buried")
    sleeper.signal(signal.SIGCONT)
    sleeper.wait_log("event=number_lost")
    with contextlib.suppress(raw.Refused):  # the old one has not answered the close
        stack.enter_context(sleeper.client())
    rude.expect_close(1001)
    sleeper.wait_log("event=renumbered")
    stack.enter_context(sleeper.client()).ask("whoami")
