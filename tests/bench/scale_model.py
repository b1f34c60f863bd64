"""The model behind scale.py: what a connection does, what that costs Redis, and what chance
makes of it. All is per second, costs are ns of Redis' CPU time."""

import binascii
import functools
import heapq
import math

import scale_redis
from scale_redis import command, conn_id, run

# ns of Redis' CPU time, piped, from `--measure` with Redis 7.0.15 on Linux 6.18, AMD EPYC,
# 2 CPUs, over loopback: the machine of docs/benchmarks.md. Runs differ by some 20 %.
PIPED = {"PUBLISH": 703, "group script": 3192, "HKEYS": 629, "SET": 4183, "JOIN": 5524,
         "PUT": 6599, "READ": 7031, "FORGET": 7240, "BURY": 7206, "SISMEMBER": 678,
         "PING": 548, "renew": 9565}
LINK = 6259 - 548  # PING, ready less piped: a read and an answer on a link of its own
WRITE = 10667 - 6321  # PUBLISH to one less to nobody, ready: to a node that listens
GROUP_NODE = (505445 - 30442) / 100  # group script, alone, for each node, with the write
HKEYS_NODE = (5698 - 629) / 100  # HKEYS, piped, for each node
FAN_NODE = {150: (5001499 - 23623) / 1000, 1024: (5916206 - 36297) / 1000}  # alone
LOOK, LOOK_NODE = 80511, (618035 - 80511) / 990  # for dead nodes
# What nodes have used: a command with one key, each key more, and of seats each node that has
# some. From tallies(), piped.
TELL, TELL_KEY, TELL_NODE = 9200, (370000 - 9200) / 63, (480000 - 8500) / 999
BARE, ATTRIBUTE = 209, 241 - 209  # octets of memory, from the same run
MEMBER = {10: 555 - 209, 100: 528 - 209, 10000: 521 - 209}  # in one group of so many

# From docs/benchmarks.md: a message that travels alone costs node A 35 us, an unpipelined
# echo 5.5 us.
TURN_US, MESSAGE_US = 35 - 5.5, 5.5

# From the sources: core/store/directory*.c, core/relay/lease.c, core/redis/redis_link.c,
# core/relay/tally.[ch],
# core/store/orphans_pass.c, core/host/reaper.h; and store.lease_ms.
WINDOW, MARKER_S, PING_S, AT_ONCE, IN_HAND = 256, 1.5, 3, 16, 64
LEASE_S, PATIENCE, TELLS_S, TELL_KEYS = 10, 3, 10, 64
# From Redis: what it reads at once (PROTO_IOBUF_LEN), client-output-buffer-limit pubsub.
READ_OCTETS, BUFFER = 16384, 32 << 20

# What we assume.
CONNECTIONS, FLEETS, WORKERS, SHARDS = 10_000_000, (10, 100, 1000), 4, (3, 6, 12, 24)
BODY, FRAME, NAME = 100, 66, "prod/room-12345"  # octets; FRAME: Ethernet, IP and TCP
ROUND_TRIP_S, HANDLER_S, RETURN_S, GIVE_UP_S, BUSY = 0.0005, 0.001, 30, 600, 0.5


class Mix:
    """What a connection does. Rates are per connection and second."""

    def __init__(self, name, life_s, attr_s=0, group=0, direct_s=0, group_s=0):
        self.name, self.group = name, group
        self.come = 1 / life_s
        self.attr = 1 / attr_s if attr_s else 0
        self.direct = 1 / direct_s if direct_s else 0
        self.to_group = 1 / group_s if group_s else 0


MIXES = (Mix("devices", 86400, attr_s=300, group=100, direct_s=3600),
         Mix("messages by id", 1800, direct_s=60),
         Mix("rooms of 10", 1800, group=10, group_s=60),
         Mix("rooms of 100", 1800, group=100, group_s=600),
         Mix("halls of 10,000", 1800, group=10000, group_s=3600))


def others(nodes, members):
    """On how many nodes but one's own are the other members, spread by chance?"""
    return (nodes - 1) * (1 - (1 - 1 / nodes) ** (members - 1))


def letters_of_a_turn(rate):
    """Of a worker that gets so many per second: a turn takes what came in the one before."""
    free = 1 - rate * MESSAGE_US / 1e6
    return max(1, rate * TURN_US / 1e6 / free) if free > 0 else math.inf


def batches_of(letters, nodes):
    """A Poisson number of letters to nodes by chance: how many get any?"""
    return (nodes - 1) * (1 - math.exp(-letters / (nodes - 1)))


def batch(name="", ids=1):
    """core/relay/batch.h and letter.h."""
    return b"x" * (14 + 4 + 26 + 11 * ids + len(name) + BODY)


def message(octets):
    return len(command("message", "jf:to:12345", octets)) + FRAME


def letter_cost(rate, nodes):
    """ns of Redis for a letter by id, from a worker that sends so many per second, and
    PUBLISHes for it. What leaves in one turn shares the link's cost, and batches."""
    turn = letters_of_a_turn(rate)
    share = min(1, batches_of(turn, nodes) / turn) if turn > 1 else 1
    return share * (PIPED["PUBLISH"] + WRITE) + LINK / turn, share


class Load:
    """Of one Redis, by all connections of a mix, per second."""

    def __init__(self, mix, nodes, connections):
        self.remote = (nodes - 1) / nodes
        self.spread = others(nodes, mix.group) if mix.group else 0
        self.letters = connections * mix.direct * self.remote
        self.sends = connections * mix.to_group
        self.attrs = connections * (mix.attr + mix.come * (mix.attr > 0))
        self.comings = connections * mix.come
        self.joins = self.comings * (mix.group > 0)
        self.each_ns, self.share = letter_cost(self.letters / nodes / WORKERS, nodes)
        told = self.attrs + self.comings
        self.directory_ns = (told * (PIPED["SET"] + LINK) + self.joins *
                             (PIPED["JOIN"] + LINK) + self.comings * (PIPED["FORGET"] + LINK))
        self.relay_ns = self.letters * self.each_ns + self.sends * (
            PIPED["group script"] + LINK + self.spread * GROUP_NODE)
        self.commands = told + self.joins + self.comings + self.letters * self.share
        self.commands += self.sends
        self.delivered = self.letters * self.share + self.sends * self.spread
        self.out = (self.letters * self.share * message(batch()) +
                    self.sends * self.spread * message(batch(NAME, 0)) +
                    self.commands * (5 + FRAME))
        script = len(command("EVAL", scale_redis.GROUP_SCRIPT, 0, "jf:", 12345, NAME,
                             batch(NAME, 0)))
        change = len(run("SET", 12345, conn_id(1), "state", "x" * 20))
        self.into = ((self.commands - self.sends) * (change + FRAME) +
                     self.sends * (script + FRAME))
        self.memory = connections * (BARE + ATTRIBUTE * (mix.attr > 0) +
                                     MEMBER.get(mix.group, 0))

    def cores(self, nodes):
        return (self.directory_ns + self.relay_ns) / 1e9 + heartbeat(nodes)[1]


def heartbeat(nodes):
    """Commands per second, and cores, of nodes that do nothing."""
    looks, pings = nodes * WORKERS / MARKER_S, nodes * (WORKERS + 3) / PING_S
    renewals, claims = nodes / (LEASE_S / 3), nodes / (LEASE_S / 2)
    ns = looks * (PIPED["SISMEMBER"] + LINK) + pings * (PIPED["PING"] + LINK)
    ns += (renewals + claims) * (PIPED["renew"] + LINK)
    ns += 4 / LEASE_S * (LOOK + LOOK_NODE * nodes)
    return looks + pings + renewals + claims, ns / 1e9


@functools.lru_cache
def shards_of(count):
    """By node number, by the slot of its channel."""
    return [binascii.crc_hqx(b"jf:to:%d" % node, 0) % 16384 * count // 16384
            for node in range(1, 65536)]


def busiest(dice, count, nodes, trials):
    """Nodes on the shard that has most, over the mean."""
    total, places = 0, shards_of(count)
    for _ in range(trials):
        have = [0] * count
        for node in dice.sample(range(65535), nodes):
            have[places[node]] += 1
        total += max(have)
    return total / trials / (nodes / count)


def tell_again(dice, links, windows, window_s, timeout_s):
    """Redis is empty: each worker tells all it has, a window at a time, first come first
    served. What is late is told again after a rest; three timeouts, and the link is lost and
    begins from its start. Returns when the last is through, how many windows were in vain,
    and how often a link was lost."""
    left, rests = [windows] * links, [0] * links
    events = [(dice.random() * 1.5, i) for i in range(links)]
    heapq.heapify(events)
    free, wasted, lost, end = 0.0, 0, 0, 0.0
    while events:
        now, link = heapq.heappop(events)
        if now > GIVE_UP_S:
            return None, wasted, lost
        free = max(free, now) + window_s
        if free - now <= timeout_s:
            left[link] -= 1
            rests[link] = 0
            end = free
            again = free
        else:
            wasted += 1
            pause = 0.25 * 2 ** min(rests[link], 4) * (0.5 + dice.random() / 2)
            again = now + timeout_s + pause
            rests[link] += 1
            if free - now > PATIENCE * timeout_s:
                left[link], lost = windows, lost + 1
                again = now + PATIENCE * timeout_s + 0.05 + 0.05 * dice.random()
        if left[link] > 0:
            heapq.heappush(events, (again, link))
    return end, wasted, lost
