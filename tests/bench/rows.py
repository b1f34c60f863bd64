"""What is measured: each row is one scene of the load generator, for each of its servers."""

from dataclasses import dataclass, replace

SERVERS = ("epoll", "lws", "jackfield")
HANDLERS = ("native", "lua", "lua_json")  # each is jackfield, with another handler
HANDLER_TARGETS = {"lua": 1.10, "lua_json": 1.30}

ECHO, STEADY, FAN, HANDSHAKE, IDLE = "echo", "steady", "fan", "handshake", "idle"
HANDLER = "handler"
POST = "post"  # to @connections, over HTTP (posts.c)
POST_SERVERS = ("http", "jackfield")
LIMITED = "limited"  # echo, on a stage without rates and models and on one with all of them
LIMITED_SERVERS = ("free", "rated")
BACK = "back"  # a message that an HTTP service answers (backends.py)
BACK_SERVERS = ("nginx", "jackfield", "pushpin")
TOKEN = "token"  # a handshake with a token (tokens.py)
TOKEN_SERVERS = ("plain", "HS256", "EdDSA", "ES256", "RS256")

# Those with a Redis beside the gateway (cluster.py).
STORES = ("memory", "redis")
WAYS = ("group", "each", "publish")  # to everybody, on three nodes
STORE_ECHO, STORE_GROUP, STORE_HANDSHAKE = "store-echo", "store-group", "store-handshake"
OPS, FAR, SPREAD = "ops", "far", "spread"
WITH_REDIS = (STORE_ECHO, STORE_GROUP, STORE_HANDSHAKE, OPS, FAR, SPREAD)
SCENES = {LIMITED: ECHO, HANDLER: ECHO, STEADY: ECHO, STORE_ECHO: ECHO, STORE_GROUP: ECHO, OPS: ECHO,
          STORE_HANDSHAKE: HANDSHAKE, SPREAD: FAN, BACK: ECHO, TOKEN: HANDSHAKE}


@dataclass(frozen=True)
class Row:
    group: str
    connections: int
    active: int = 0  # so many of them talk; 0: all
    depth: int = 1  # messages in flight on each, or of a burst
    size: int = 20
    rate: int = 0  # messages per second in all; 0: as fast as the answers come
    target: float = 0  # at most so many times raw epoll; idle: KiB per connection
    full: int = 0  # the connections it was meant to have, if there are fewer
    nodes: int = 1  # that share a Redis
    action: str = ""  # the route of its messages, if not the scene's own
    operations: int = 1  # of the store, that a message stands for
    among: tuple = ()  # its servers, if not all of them are installed

    @property
    def name(self):
        meant = self.full or self.connections
        name = f"{self.group}-{meant}"
        if self.group in (HANDSHAKE, STORE_HANDSHAKE, TOKEN):
            return self.group
        if self.group in (OPS, POST) and self.action:
            return f"{self.group}-{self.action}"
        if self.group == FAR:
            name = f"{self.group}-{meant // 2}"
            return f"{name}-{self.rate or f'd{self.depth}'}-{size(self.size)}"
        if self.group == IDLE:
            return name
        if self.active:
            name = f"{self.group}-{self.active}of{meant}"
        if self.rate:
            return f"{name}-{self.rate}"
        return f"{name}-d{self.depth}-{size(self.size)}"

    @property
    def scene(self):
        return SCENES.get(self.group, self.group)

    @property
    def has_redis(self):
        return self.group in WITH_REDIS

    def with_action(self, action):
        return replace(self, action=action)

    @property
    def base(self):
        """Whose cost is 1."""
        return {HANDLER: "native", POST: "http", LIMITED: "free", BACK: "nginx", FAR: "nodes",
                SPREAD: "group", TOKEN: "plain"}.get(
            self.group, "memory" if self.has_redis else "epoll")

    def target_of(self, server):
        if self.group == HANDLER:
            return HANDLER_TARGETS.get(server, 0) if self.depth == 1 else 0
        return self.target if server in ("jackfield", "rated", "redis") else 0

    @property
    def servers(self):
        if self.group == HANDLER:
            return HANDLERS
        if self.group == POST:
            return POST_SERVERS
        if self.group == LIMITED:
            return LIMITED_SERVERS
        if self.group == BACK:
            return self.among or BACK_SERVERS
        if self.group == TOKEN:
            return TOKEN_SERVERS
        if self.has_redis:
            return {FAR: ("nodes",), SPREAD: WAYS}.get(self.group, STORES)
        return ("epoll", "jackfield") if self.group == FAN else SERVERS


def size(octets):
    return f"{octets // 1024}KiB" if octets % 1024 == 0 else f"{octets}B"


def echo_rows():
    for octets in (20, 1024):
        for depth in (1, 16):
            for connections in (1, 100, 1000):
                target = 0 if connections == 1 else 1.10 if depth == 1 else 2.0
                yield Row(ECHO, connections, depth=depth, size=octets, target=target)
    yield Row(ECHO, 10000, active=100, target=1.10)


def fan_rows():
    for connections in (1000, 10000):
        yield Row(FAN, connections, depth=1, size=100, target=1.10)
        yield Row(FAN, connections, depth=16, size=100, target=0.20)


def handler_rows():
    for octets in (20, 1024):
        yield Row(HANDLER, 100, size=octets)
    yield Row(HANDLER, 100, depth=16)


def store_rows():
    yield Row(STORE_ECHO, 100, target=1.05)
    yield Row(STORE_ECHO, 100, depth=16, target=1.05)
    yield Row(STORE_GROUP, 100, depth=256, rate=10000, action="own")
    yield Row(STORE_HANDSHAKE, 64)


def operations(action, count):
    """What is asked of a group is asked about one on two nodes."""
    nodes = 2 if action.startswith("group") else 1
    return Row(OPS, 100, active=1, size=100, nodes=nodes, action=action, operations=count)


def operation_rows():
    for action in ("attr_set", "attr_get", "join_leave", "group_members", "group_count"):
        yield operations(action, 4000)


def far_rows():
    for octets in (20, 1024):
        yield Row(FAR, 200, depth=256, size=octets, rate=1000, nodes=2)
        yield Row(FAR, 200, depth=16, size=octets, nodes=2)


def post_rows():
    """To somebody who hears it; and to somebody who has gone, which is HTTP alone."""
    for octets in (100, 1024):
        yield Row(POST, 100, size=octets, target=1.3)
    yield Row(POST, 100, size=100, target=1.3, action="gone")


def back_rows():
    for octets in (20, 1024):
        yield Row(BACK, 100, size=octets)


def all_rows():
    yield from echo_rows()
    yield from post_rows()
    yield Row(LIMITED, 100, size=100, target=1.05)
    yield Row(LIMITED, 100, depth=16, size=100, target=1.05)
    yield from back_rows()
    yield from handler_rows()
    yield Row(STEADY, 1000, depth=256, rate=20000)
    yield from fan_rows()
    yield Row(HANDSHAKE, 64, target=1.3)
    yield Row(TOKEN, 64)
    yield Row(IDLE, 10000, target=1.0)
    yield from store_rows()
    yield from operation_rows()
    yield from far_rows()
    yield Row(SPREAD, 10000, size=100, nodes=3)


def quick_rows():
    """One of each kind, small enough for any limit of open files."""
    yield Row(ECHO, 100)
    yield Row(ECHO, 100, depth=16, size=1024)
    yield Row(HANDLER, 100)
    yield Row(STEADY, 100, depth=256, rate=2000)
    yield Row(FAN, 500, depth=16, size=100)
    yield Row(HANDSHAKE, 16)
    yield Row(TOKEN, 16)
    yield Row(POST, 10)
    yield Row(LIMITED, 100)
    yield Row(BACK, 10)
    yield Row(IDLE, 500)
    yield Row(STORE_ECHO, 100)
    yield operations("group_members", 400)
    yield Row(FAR, 200, depth=16, nodes=2)
    yield Row(SPREAD, 500, size=100, nodes=3)


def within(row, allowed):
    """The row with no more connections than that, and then without a target."""
    if row.connections <= allowed:
        return row
    return replace(row, connections=allowed, full=row.connections, target=0)
