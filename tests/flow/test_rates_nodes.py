"""Limits that are counted over all nodes that share a Redis, within the error that
docs/access.md states."""

import json
import signal
import time

import pytest
import raw
from nodes import LEASE_MS, LOST, server, start_nodes, store  # noqa: F401: a fixture
from test_api_keys import ANN, BOB, keyed, with_key

NODES = 3
EXCHANGE_S = 0.1  # TALLY_EVERY_MS


@pytest.fixture
def nodes(server, host):
    """nodes(config) starts three that share the Redis."""

    def start(config, plugins=("probe",)):
        return start_nodes(host, {**config, **store(server)}, plugins, NODES)

    return start


def stage(plugins=("probe",), **rates):
    return {"stages": {"$default": {"plugins": list(plugins), "rates": rates}}}


def enter(stack, served, key=None, path="/"):
    return stack.enter_context(served.client(path, headers=with_key(key)))


def status_of(served, key=None, path="/"):
    with served.socket() as sock:
        sock.send(raw.upgrade(path, with_key(key)))
        return sock.read_response().status


def passed(client, count=1, word="Too Many Requests"):
    for _ in range(count):
        client.json(action="whoami")
    told = [json.loads(client.recv()) for _ in range(count)]
    return sum(1 for frame in told if frame.get("message") != word)


def test_a_stages_rate_is_that_of_all_nodes_together(nodes, stack):
    """After the first moment, in which each node may give its burst, three nodes pass what
    one would."""
    rate, burst = 20, 10
    clients = [
        enter(stack, node)
        for node in nodes(stage(messages={"stage": f"{rate}/{burst}"}, close_after=0, **{"global": True}))
    ]
    begun = time.monotonic()
    total = 0
    while time.monotonic() < begun + 5:
        total += sum(passed(client, 2) for client in clients)
        time.sleep(0.02)
    took = time.monotonic() - begun
    assert total <= rate * (took + EXCHANGE_S) + NODES * burst
    assert total >= rate * took * 0.8


def test_without_global_each_node_counts_for_itself(nodes, stack):
    config = stage(messages={"stage": "0.001/4"}, close_after=0)
    clients = [enter(stack, node) for node in nodes(config)]
    assert [passed(client, 6) for client in clients] == [4, 4, 4]


def test_what_is_used_on_one_node_is_used_on_all(nodes, stack):
    config = stage(messages={"address": "0.001/8"}, close_after=0, **{"global": True})
    clients = [enter(stack, node) for node in nodes(config)]
    for client in clients:
        assert passed(client) == 1  # who has used nothing knows nothing
    time.sleep(3 * EXCHANGE_S)
    assert passed(clients[0], 3) == 3
    time.sleep(3 * EXCHANGE_S)
    assert passed(clients[1], 1) == 1  # tells, and learns
    time.sleep(3 * EXCHANGE_S)
    assert passed(clients[1], 5) == 1
    time.sleep(3 * EXCHANGE_S)
    assert passed(clients[1], 3) == 0


@pytest.mark.only("c", reason="it is about the host")
def test_connections_of_an_address_are_counted_everywhere(nodes, stack, eventually):
    config = stage(connections={"address": 4}, **{"global": True})
    a, b, c = nodes(config)
    first = enter(stack, a)
    enter(stack, b)
    time.sleep(3 * EXCHANGE_S)
    enter(stack, a)
    enter(stack, b)
    eventually(lambda: status_of(a) == 429 and status_of(b) == 429)
    enter(stack, c)  # one more on a node where it has none
    time.sleep(3 * EXCHANGE_S)
    assert status_of(c) == 429
    first.drop()
    time.sleep(3 * EXCHANGE_S)
    assert status_of(a) == 429  # with the one at c there are four still
    c.expected_exit = -signal.SIGKILL
    for node in (a, b):
        node.may_log(LOST)
    c.kill()
    eventually(lambda: status_of(a) == 101, timeout=3 * LEASE_MS / 1000 + 5)


def test_a_user_is_counted_everywhere(nodes, stack):
    config = stage(
        ("gate", "probe"), connections={"authorizer.principalId": 2}, **{"global": True}
    )
    a, b, _ = nodes(config, ("gate", "probe"))
    for node in (a, b, a):  # the third is the one more, since a has not heard of b
        enter(stack, node, path="/?as=ann")
        time.sleep(3 * EXCHANGE_S)
    assert status_of(a, path="/?as=ann") == status_of(b, path="/?as=ann") == 429
    assert status_of(a, path="/?as=bob") == 101


def test_a_quota_is_one_for_all_nodes_and_outlives_them(nodes, host, server, stack):
    quota = 30
    config = keyed({"quota": quota}, rates={"close_after": 0})
    started = nodes(config)
    clients = [enter(stack, node, ANN) for node in started]
    used = len(clients)
    for _ in range(20):
        used += sum(passed(client, word="Limit Exceeded") for client in clients)
        time.sleep(2 * EXCHANGE_S)
    assert quota <= used <= quota + (NODES - 1) * 2
    assert status_of(started[0], BOB) == 101
    stack.close()
    for node in started:
        node.stop()
    assert int(next(server.ask().get(key) for key in server.ask().keys("jf:quota:ann:*"))) == used
    (fresh, *_) = nodes(config)
    status_of(fresh, ANN)  # knows nothing yet, and asks
    time.sleep(3 * EXCHANGE_S)
    assert status_of(fresh, ANN) == 429


def test_without_redis_each_node_goes_on_by_itself(nodes, server, stack):
    config = stage(messages={"stage": "1000/10"}, close_after=0, **{"global": True})
    clients = [enter(stack, node) for node in nodes(config)]
    assert all(passed(client) for client in clients)
    server.pause()
    begun = time.monotonic()
    while time.monotonic() < begun + 2:
        for client in clients:
            assert passed(client) == 1
        time.sleep(0.05)
    server.resume()
    time.sleep(1)
    assert all(passed(client) for client in clients)  # what was used meanwhile is no debt


def test_nothing_of_it_stays_in_redis(nodes, server, stack, eventually):
    config = stage(
        messages={"stage": "100/5", "address": "100/5"},
        connections={"address": 5},
        **{"global": True},
    )
    started = nodes(config)
    clients = [enter(stack, node) for node in started]
    assert all(passed(client) for client in clients)
    kinds = ("jf:rate:*", "jf:seats:*")
    assert all(server.ask().keys(kind) for kind in kinds)
    stack.close()
    eventually(lambda: not any(server.ask().keys(kind) for kind in kinds), timeout=15)
    for node in started:
        node.signal(signal.SIGTERM)
