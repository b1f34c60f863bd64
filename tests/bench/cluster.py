"""The gateway with a Redis beside it: on one node, or on some that share it.

One Redis serves a whole run, for the first node that meets an empty one waits for a lease.
Each measurement has fresh nodes, and nodes that end take back all that they told."""

import contextlib
import json
import pathlib
import shutil
import sys
import tempfile

import servers
from rows import FAR, OPS, SPREAD, STORE_GROUP, STORE_HANDSHAKE

PLUGINS = {STORE_GROUP: "own.so", STORE_HANDSHAKE: "fan.so", OPS: "ops.so", FAR: "far.so",
           SPREAD: "crowd.so"}
LEASE_MS, QUICK_LEASE_MS = 10000, 3000
NAMES = "ABC"


def redis_program():
    return shutil.which("redis-server")


class Redis(servers.Listener):
    """On a port of its own; keeps nothing on disk."""

    def __init__(self, placement, quick):
        super().__init__("redis-server", placement)
        self.lease_ms = QUICK_LEASE_MS if quick else LEASE_MS
        self.command = [redis_program(), "--port", str(self.port), "--bind", "127.0.0.1",
                        "--save", "", "--appendonly", "no"]


class Node(servers.Listener):
    """A gateway by a configuration file. `redis` is None: it remembers by itself."""

    start_s = servers.START_S + LEASE_MS / 1000

    def __init__(self, name, folder, row, found, placement, workers, redis):
        super().__init__(f"node {name}", placement)
        store = {"kind": "memory"}
        if redis:
            store = {"kind": "redis", "url": f"redis://127.0.0.1:{redis.port}",
                     "lease_ms": redis.lease_ms}
        plugin = {"file": found[PLUGINS.get(row.group, "echo.so")]}
        if row.group == OPS:
            plugin["options"] = {"count": row.operations}
        config = {"listen": {"port": self.port}, "workers": workers, "store": store,
                  "plugins": [plugin]}
        file = pathlib.Path(folder, f"{name}.json")
        file.write_text(json.dumps(config), encoding="utf-8")
        self.command = [found["jackfield"], "run", "-c", str(file)]


def publish(row, placement, warm_up, seconds, redis):
    """The yardstick: what Redis alone has to do if each connection has a channel."""
    command = [sys.executable, str(servers.HERE / "publish.py"), str(redis.port),
               str(redis.process.pid), str(row.connections), str(row.nodes), str(row.size),
               str(warm_up), str(seconds)]
    return servers.run_load(command, row, placement, warm_up + seconds, [redis])


def per_operation(value, operations):
    """A message of the ops scene stands for so many."""
    for key in ("operations", "rate"):
        value[key] *= operations
    value["cpu_ns"] /= operations
    value["cpu_ns_each"] = [ns / operations for ns in value["cpu_ns_each"]]
    return value


def measure(row, name, found, placement, workers, warm_up, seconds, redis):
    """One run of one row: what the load generator reports, with the cost of each node under
    "nodes_ns", and that of Redis under "redis_ns". Between nodes the cost is that of all."""
    if name == "publish":
        return publish(row, placement, warm_up, seconds, redis)
    if name in ("group", "each"):
        row = row.with_action(name)
    alone = name == "memory"
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        nodes = [stack.enter_context(Node(letter, folder, row, found, placement, workers,
                                          None if alone else redis))
                 for letter in NAMES[:1 if alone else row.nodes]]
        command = servers.load_command(
            row, [node.port for node in nodes],
            [one.process for one in [*nodes, redis]], found, warm_up, seconds)
        value = servers.run_load(command, row, placement, warm_up + seconds, [*nodes, redis])
    per_operation(value, row.operations)
    *value["nodes_ns"], value["redis_ns"] = value["cpu_ns_each"]
    if row.group in (FAR, SPREAD):
        value["cpu_ns"] = sum(value["cpu_ns_each"])
    return value
