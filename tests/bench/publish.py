"""PORT PID CONNECTIONS NODES OCTETS WARM_UP SECONDS: one PUBLISH per connection.

Every connection has a channel, and its node, here a socket that only counts octets, is
subscribed to it. A burst is one message for each of them, in one pipeline; the next one when
all have come. Prints what a delivery costs Redis, and how long a burst takes."""

import json
import pathlib
import selectors
import socket
import statistics
import sys
import time

PIPELINE = 100  # PUBLISH commands in one write
STALL_S = 10


def command(*words):
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%s\r\n" % (len(word), word) for word in words]
    return b"".join(parts)


def channel(number):
    """As long as one with an id in it."""
    return b"to:%016d" % number


def cpu_ns(pid):
    tasks = pathlib.Path("/proc", pid, "task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks)


class Yard:
    def __init__(self, port, connections, nodes, octets):
        self.selector = selectors.DefaultSelector()
        self.publisher = self.connect(port)
        self.nodes = [self.connect(port) for _ in range(nodes)]
        self.connections = connections
        body = b"x" * octets
        publishes = [command(b"PUBLISH", channel(i), body) for i in range(connections)]
        self.pieces = [b"".join(publishes[at:at + PIPELINE])
                       for at in range(0, connections, PIPELINE)]
        message = len(command(b"message", channel(0), body))
        self.burst = connections * (message + len(b":1\r\n"))
        self.missing = 0
        self.subscribe()

    def connect(self, port):
        link = socket.create_connection(("127.0.0.1", port), STALL_S)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.selector.register(link, selectors.EVENT_READ)
        return link

    def subscribe(self):
        """The answer to each has the channel's number in it, so its length is counted."""
        count = [0] * len(self.nodes)
        for i in range(self.connections):
            at = i % len(self.nodes)
            count[at] += 1
            self.nodes[at].sendall(command(b"SUBSCRIBE", channel(i)))
            answer = b"*3\r\n$9\r\nsubscribe\r\n$%d\r\n%s\r\n:%d\r\n"
            name = channel(i)
            self.missing += len(answer % (len(name), name, count[at]))
            self.read(0)
        self.read_all()

    def read(self, timeout):
        for key, _ in self.selector.select(timeout):
            got = len(key.fileobj.recv(1 << 20))
            if not got:
                sys.exit("Redis has closed a connection")
            self.missing -= got

    def read_all(self):
        stalled = time.monotonic() + STALL_S
        while self.missing > 0:
            self.read(1)
            if time.monotonic() > stalled:
                sys.exit(f"stalled: {self.missing} octets are missing")
        if self.missing < 0:
            sys.exit("more has come than was asked for")

    def run_burst(self):
        start = time.monotonic()
        self.missing = self.burst
        for piece in self.pieces:
            self.publisher.sendall(piece)
            self.read(0)
        self.read_all()
        return time.monotonic() - start

    def run(self, seconds):
        end, took = time.monotonic() + seconds, []
        while not took or time.monotonic() < end:
            took.append(self.run_burst())
        return took


def main():
    port, pid, connections, nodes, octets, warm_up, seconds = sys.argv[1:]
    yard = Yard(int(port), int(connections), int(nodes), int(octets))
    yard.run(float(warm_up))
    before, own, start = cpu_ns(pid), time.process_time(), time.monotonic()
    took = yard.run(float(seconds))
    lasted = time.monotonic() - start
    operations = len(took) * yard.connections
    cost = (cpu_ns(pid) - before) / operations
    print(json.dumps({
        "operations": operations, "rate": operations / lasted, "cpu_ns": cost,
        "nodes_ns": [], "redis_ns": cost, "all_us": statistics.median(took) * 1e6,
        "load_cpu_percent": 100 * (time.process_time() - own) / lasted,
    }))


if __name__ == "__main__":
    main()
