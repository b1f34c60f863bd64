"""What a command costs a real Redis: the constants of scale.py, measured anew.

A redis-server of its own, on a free port. Its CPU time is what the scheduler has counted,
divided by the commands. A command comes in one of three ways: *alone*, the next one when it
has been answered; *ready*, on 64 links at once while Redis stands still (SIGSTOP), so that it
finds them all in one turn of its loop, as a busy one does; *piped*, 64 in one write on one
link. The scripts are read from the sources, so what is measured is what the nodes send."""

import codecs
import contextlib
import hashlib
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
LINKS, ROUNDS, TURNS = 64, 5, 20
PREFIX, FENCE = "jf:", "1"
CONNECTIONS, NODES = 40000, 4  # fills tables as 10 million on 1,000 nodes do, see memory()
WORD = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|([A-Z_]+))')


def script(path, name):
    """The text of a script in a source: all literals from its name to the end."""
    source = (ROOT / path).read_text(encoding="utf-8").replace("\\\n", "\n")
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.S)
    start = re.search(name + r"(?:\[\])?\]? *=? *", source).end()
    out, at = "", start
    while True:
        found = WORD.match(source, at)
        if not found:
            return out
        at = found.end()
        if found.group(2) == "SCRIPT_PRELUDE":
            out += script("core/store/script_prelude.h", "define SCRIPT_PRELUDE")
        elif found.group(2):
            out += script(path, "define " + found.group(2))
        else:
            out += codecs.decode(found.group(1), "unicode_escape")


DIRECTORY, ORPHANS = "core/store/directory.c", "core/store/orphans.c"
SCRIPTS = {name: script(DIRECTORY, r"\[" + name) for name in
           ("PUT", "SET", "JOIN", "LEAVE", "FORGET", "COUNT_OTHERS")}
SCRIPTS |= {name: script(ORPHANS, r"\[" + name) for name in ("READ", "BURY")}
GROUP_SCRIPT = script("core/relay/relay_out.c", "group_script")
RENEW = script("core/relay/lease_script.c", "lease_script_renew")
CLAIM = script("core/relay/lease_script.c", "lease_script_claim")
TALLY = script("core/relay/tally_script.c", "char tally_script")


def command(*words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


def run(name, node, conn, *more):
    """A script called as the directory does."""
    sha = hashlib.sha1(SCRIPTS[name].encode()).hexdigest()
    return command("EVALSHA", sha, 0, PREFIX, node, FENCE, conn, *more)


def tell(*keys):
    """What a node tells of its use, five words for each key: core/relay/tally_script.h."""
    sha = hashlib.sha1(TALLY.encode()).hexdigest()
    return command("EVALSHA", sha, 0, PREFIX, "f" * 16, 10000,
                   *(word for key in keys for word in key))


def bucket(number):
    """An address, 10 per second, 20 at once, of which one is taken."""
    return "b", "ma:prod:%015d=" % number, 1000000, 10000, 64 * 20000000


def conn_id(number):
    return "%015d=" % number


class Link:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", 1 << 16)

    def write(self, octets):
        self.socket.sendall(octets)

    def reply(self):
        line = self.file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind == b"-":
            sys.exit("Redis says " + line.decode())
        if kind == b"$":
            return self.file.read(int(rest) + 2)[:-2] if rest != b"-1" else None
        if kind == b"*":
            return [self.reply() for _ in range(int(rest))]
        return rest

    def ask(self, *words):
        self.write(command(*words))
        return self.reply()


class Redis:
    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [shutil.which("redis-server") or sys.exit("there is no redis-server"),
             "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
            stdout=subprocess.DEVNULL)
        for _ in range(100):
            with contextlib.suppress(OSError):
                self.links = [Link(self.port) for _ in range(LINKS)]
                break
            time.sleep(0.05)
        self.first = self.links[0]
        for text in (*SCRIPTS.values(), TALLY):
            self.first.ask("SCRIPT", "LOAD", text)

    def version(self):
        return re.search(rb"redis_version:(\S+)", self.first.ask("INFO")).group(1).decode()

    def stop(self):
        self.process.kill()
        self.process.wait()

    def empty(self):
        self.first.ask("FLUSHALL")

    def memory(self):
        return int(re.search(rb"used_memory:(\d+)", self.first.ask("INFO")).group(1))

    def cpu_ns(self):
        task = pathlib.Path("/proc", str(self.process.pid), "schedstat")
        return int(task.read_text().split()[0])

    def subscribe(self, *channels):
        link = Link(self.port)
        for channel in channels:
            link.ask("SUBSCRIBE", channel)
        return link

    def cost(self, turn, count):
        """ns per command of a turn that has so many."""
        costs = []
        for _ in range(ROUNDS):
            before = self.cpu_ns()
            for _ in range(TURNS):
                turn()
            costs.append((self.cpu_ns() - before) / (TURNS * count))
        return round(statistics.median(costs))

    def alone(self, commands):
        for link, octets in zip(self.links, commands):
            link.write(octets)
            link.reply()

    def ready(self, commands):
        os.kill(self.process.pid, signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)
        for link, octets in zip(self.links, commands):
            link.write(octets)
        os.kill(self.process.pid, signal.SIGCONT)
        for link in self.links:
            link.reply()

    def piped(self, commands):
        self.first.write(b"".join(commands))
        for _ in commands:
            self.first.reply()

    def row(self, name, *turns, drain=lambda: None):
        """Prints what a command costs in each way; of several turns, one after the other."""
        costs = []
        for way in (self.alone, self.ready, self.piped):
            def turn(way=way):
                for commands in turns:
                    way(commands)
                    drain()
            costs.append(self.cost(turn, LINKS * len(turns)))
        print(f"| {name} | " + " | ".join(f"{cost:,}" for cost in costs) + " |", flush=True)

    def fill(self, commands):
        """All of them, piped, and their answers."""
        for at in range(0, len(commands), 1000):
            piece = commands[at:at + 1000]
            self.first.write(b"".join(piece))
            for _ in piece:
                self.first.reply()


class Drain:
    """Sockets that are read to the end, and whose octets nobody looks at."""

    def __init__(self, links):
        self.links = links

    def __call__(self):
        for link in self.links:
            link.socket.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while link.socket.recv(1 << 20):
                    pass
            link.socket.setblocking(True)

    def close(self):
        for link in self.links:
            link.file.close()
            link.socket.close()


def letters(redis):
    """To as many subscribers as there are links, each to another one; then to many."""
    for octets in (150, 1024):
        body = b"x" * octets
        publishes = [command("PUBLISH", f"jf:to:{i}", body) for i in range(LINKS)]
        redis.row(f"PUBLISH of {octets:,} octets, nobody listens", publishes)
        drain = Drain([redis.subscribe(f"jf:to:{i}") for i in range(LINKS)])
        redis.row(f"PUBLISH of {octets:,} octets to one", publishes, drain=drain)
        drain.close()
        for count in (10, 100, 1000):
            drain = Drain([redis.subscribe("jf:to:all") for _ in range(count)])
            publish = [command("PUBLISH", "jf:to:all", body)]

            def turn(drain=drain, publish=publish):
                redis.alone(publish)
                drain()
            print(f"| PUBLISH of {octets:,} octets to {count:,} | {redis.cost(turn, 1):,} "
                  "| | |", flush=True)
            drain.close()


def groups(redis):
    for count in (0, 1, 10, 100):
        redis.empty()
        for node in range(count):
            redis.first.ask("HSET", "jf:gn:prod/room", node, 7)
        drain = Drain([redis.subscribe(f"jf:to:{node}") for node in range(count)])
        send = command("EVAL", GROUP_SCRIPT, 0, PREFIX, "65535", "prod/room", b"x" * 150)
        redis.row(f"group script, {count} nodes", [send] * LINKS, drain=drain)
        redis.row(f"HKEYS of {count} nodes", [command("HKEYS", "jf:gn:prod/room")] * LINKS)
        drain.close()


ENTRY, STAGE_ROOM = "1700000000000 prod", "prod/room-%d"


def directory(redis):
    """As many other connections are there as on 4 nodes, in groups of 10."""
    redis.empty()
    fill_directory(redis, 10, 1)
    ids = [conn_id(CONNECTIONS + i) for i in range(LINKS)]
    room = STAGE_ROOM % 1

    def each(name, *more):
        return [run(name, 1, i, *more) for i in ids]
    redis.row("SET, the entry", each("SET", "", ENTRY))
    redis.row("SET, 20 octets", each("SET", "state", "x" * 20))
    redis.row("JOIN, LEAVE, each", each("JOIN", room), each("LEAVE", room))
    redis.row("PUT, one group", each("PUT", ENTRY, room))
    redis.row("READ", each("READ"))
    redis.row("PUT, FORGET, each", each("PUT", ENTRY, room), each("FORGET"))
    redis.row("PUT, BURY, each", each("PUT", ENTRY, room), each("BURY"))
    redis.row("COUNT_OTHERS", [run("COUNT_OTHERS", 1, room)] * LINKS)
    redis.row("SISMEMBER", [command("SISMEMBER", "jf:m:1", 0)] * LINKS)
    redis.row("EXISTS", [command("EXISTS", "jf:alive:1")] * LINKS)
    redis.row("PING", [command("PING")] * LINKS)


def leases(redis):
    for nodes in (10, 100, 1000):
        redis.empty()
        for node in range(1, nodes + 1):
            redis.first.ask("HSET", "jf:nodes", node, "t%d" % node)
            redis.first.ask("SET", f"jf:alive:{node}", "t", "PX", 600000)
        redis.first.ask("HSET", "jf:era", "id", "e" * 32, "fence", 1)
        redis.first.ask("SET", "jf:awake", "t", "PX", 600000)
        words = [0, PREFIX, "t1", 600000, 600000, "d" * 32, 1]
        renew = [command("EVAL", RENEW, *words, 1, "e" * 32)] * LINKS
        redis.row(f"renew a lease, {nodes:,} nodes", renew)

        def look():
            redis.first.ask("DEL", "jf:looked")
            redis.first.ask("EVAL", CLAIM, *words)
        print(f"| look for dead nodes, {nodes:,} nodes | {redis.cost(look, 1):,} | | |",
              flush=True)


def tallies(redis):
    redis.empty()
    redis.row("tell of a bucket", [tell(bucket(i)) for i in range(LINKS)])
    redis.row("tell of 64 buckets", [tell(*(bucket(64 * i + k) for k in range(64)))
                                     for i in range(LINKS)])
    redis.row("tell of a quota", [tell(("q", f"key-{i}:20000", 1, 172800000, 0))
                                  for i in range(LINKS)])
    for count in (1, 10, 100, 1000):
        redis.empty()
        now = int(time.time() * 1000)
        for node in range(count - 1):
            redis.first.ask("HSET", "jf:seats:k::key", "%016d" % node, f"7 {now + 600000}")
        redis.row(f"tell of seats, {count:,} nodes have some",
                  [tell(("s", "k::key", 7, 0, 0))] * LINKS)


def fill_directory(redis, group, attributes):
    commands = []
    for i in range(CONNECTIONS):
        node, conn = i % NODES, conn_id(i)
        rooms = (STAGE_ROOM % (i // group),) if group else ()
        commands.append(run("PUT", node, conn, ENTRY, *rooms))
        if attributes:
            commands.append(run("SET", node, conn, "state", "x" * 20))
    redis.fill(commands)


def memory(redis):
    """Octets per connection. 40,000 on 4 nodes fill the tables of Redis by the same share,
    0.6, as 10 million on 1,000 nodes: a table has 2 to the n places."""
    kinds = [("the entry alone", 0, 0), ("with an attribute of 20 octets", 0, 1)]
    kinds += [(f"in a group of {g:,}", g, 0) for g in (10, 100, 10000)]
    for name, group, attributes in kinds:
        redis.empty()
        before = redis.memory()
        fill_directory(redis, group, attributes)
        each = (redis.memory() - before) / CONNECTIONS
        print(f"| {name} | {each:,.0f} |", flush=True)


def main():
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(folder)
        try:
            print(f"Redis {redis.version()}\n\n| command | alone | ready | piped |\n"
                  "|---|---|---|---|")
            letters(redis)
            groups(redis)
            directory(redis)
            leases(redis)
            tallies(redis)
            print("\n| octets of memory, for each connection | |\n|---|---|")
            memory(redis)
        finally:
            redis.stop()
