"""Several nodes that share a Redis: a real redis-server, and real hosts that use it."""

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import threading
import time

import pytest
import redis

LEASE_MS = 2000
# What nodes log when others, or Redis, are in trouble; and when it is their own number.
TROUBLE = (
    "event=redis_away|event=node_in_doubt|event=relay_|event=directory_behind"
    "|event=not_delivered|event=use_not_told|event=waiting_for_redis|cannot (tell|announce): unavailable"
)
LOST = "event=node_lost|event=number_lost|event=directory_fenced|event=answer_lost"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Died(Exception):
    """A redis-server has ended at once."""


class RedisServer:
    """On a port of its own; keeps nothing on disk."""

    def __init__(self, folder, *options):
        self.folder, self.options = folder, options
        self.port = free_port()
        self.process = None
        self.start()

    def start(self):
        program = shutil.which("redis-server")
        assert program, "no redis-server is installed"
        self.process = subprocess.Popen(
            [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
            + ["--appendonly", "no", "--dir", str(self.folder), *self.options],
            stdout=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while True:
            try:
                self.ask().ping()
                return
            except redis.exceptions.AuthenticationError:
                return
            except redis.exceptions.ConnectionError:
                if self.process.poll() is not None:
                    raise Died from None
                assert time.monotonic() < deadline, "redis-server does not answer"
                time.sleep(0.02)

    def ask(self):
        return redis.Redis(port=self.port, socket_timeout=5)

    def url(self, user=""):
        return f"redis://{user}127.0.0.1:{self.port}"

    def kill(self):
        self.process.kill()
        self.process.wait()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def keys(self, prefix="jf:"):
        """But for those that stay: the fences of numbers that were used, and the era."""
        found = {key.decode() for key in self.ask().keys(prefix + "*")}
        return {
            key for key in found if not re.match(re.escape(prefix) + r"(fence:|era$)", key)
        }


def kept(folder):
    """A server for tests that may pause it."""
    server = RedisServer(folder)
    yield server
    server.resume()
    server.kill()


@pytest.fixture
def server(tmp_path):
    yield from kept(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    yield from kept(tmp_path_factory.mktemp("redis"))


class RedisCluster:
    """Three masters and, if wanted, a replica of each."""

    def __init__(self, folder, replicas=0):
        self.servers = []
        for i in range(3 * (1 + replicas)):
            (folder / f"cluster-{i}").mkdir()
            self.servers.append(self._begin(folder / f"cluster-{i}"))
        places = [f"127.0.0.1:{server.port}" for server in self.servers]
        subprocess.run(
            ["redis-cli", "--cluster", "create", *places]
            + ["--cluster-replicas", str(replicas), "--cluster-yes"],
            check=True,
            stdout=subprocess.DEVNULL,
            timeout=60,
        )
        deadline = time.monotonic() + 30
        while not all(self._has(server, 1 + replicas) for server in self.servers):
            assert time.monotonic() < deadline, "the cluster does not become whole"
            time.sleep(0.05)

    @staticmethod
    def _begin(folder):
        """It needs two ports, one of which somebody may take before it does."""
        for _ in range(3):
            with contextlib.suppress(Died):
                return RedisServer(
                    folder,
                    *("--cluster-enabled", "yes", "--cluster-port", str(free_port())),
                    *("--cluster-node-timeout", "1000"),
                    *("--cluster-require-full-coverage", "no"),
                )
        raise AssertionError("no redis-server of a cluster stays")

    @staticmethod
    def _has(server, count):
        """So many serve each part, as that server has heard, and it is up to date."""
        ranges = server.ask().execute_command("CLUSTER SLOTS")
        link = server.ask().info("replication").get("master_link_status", "up")
        return link == "up" and [len(owners) for _, _, *owners in ranges] == [count] * 3

    def url(self):
        """Of one that no test kills: a replica, if there are any."""
        return self.servers[-1].url()

    def master_of(self, channel):
        ask = self.servers[-1].ask().execute_command
        slot = ask("CLUSTER KEYSLOT", channel)
        for low, high, (_, port, *_), *_ in ask("CLUSTER SLOTS"):
            if low <= slot <= high:
                return next(server for server in self.servers if server.port == port)
        return None

    def kill(self):
        for server in self.servers:
            server.kill()


def store(server, **more):
    return {
        "store": {
            "kind": "redis",
            "url": server.url(),
            "timeout_ms": 500,
            "lease_ms": LEASE_MS,
            **more,
        }
    }


def start_nodes(host, config, plugins=("probe",), count=3):
    """So many, with two workers each, that hear each other. They begin at the same time."""
    whole = host.config(plugins, config, 2)
    started = [host.run("run", "-c", host.write(whole)) for _ in range(count)]
    for node in started:
        node.ready()
        node.may_log(TROUBLE)
        node.wait_log("event=relay_listening")
    return started


def number_of(host):
    return int(re.findall(r"node=(\d+)", host.lines("event=(node_taken|renumbered)")[-1])[0])


def disconnects(hosts):
    """(id, code) of each $disconnect that the probe has seen, on any of the hosts."""
    found = []
    for host in hosts:
        for line in host.lines("disconnect .* code"):
            match = re.search(r"disconnect (\S+) code (\d+) reason ([^\"]*)", line)
            found.append((match.group(1), int(match.group(2)), match.group(3).strip()))
    return found


class Cable:
    """Between a node and Redis. When it is cut nothing arrives, and nobody is told."""

    def __init__(self, to_port):
        self.to_port, self.whole = to_port, True
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.to_port))
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source, sink):
        """What was sent while it was cut is lost, and so is the connection afterwards."""
        lost = False
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                lost = lost or not self.whole
                if lost and self.whole:
                    break
                if not lost:
                    sink.sendall(data)
        source.close()
        sink.close()

    def close(self):
        self.listener.close()
