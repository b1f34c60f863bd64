"""From measurements to tables. Everything is a median over the rounds; a ratio is taken
within each round first, so that what disturbs a whole round cancels out."""

import datetime
import os
import platform
import statistics

from rows import (BACK, ECHO, FAN, FAR, HANDLER, HANDSHAKE, IDLE, LIMITED, OPS, POST, SPREAD, STEADY, STORE_ECHO,
                  STORE_GROUP, STORE_HANDSHAKE, TOKEN, size)

TITLES = {
    "epoll": "raw epoll",
    "lws": "libwebsockets",
    "jackfield": "jackfield",
    "http": "libwebsockets, bare",
    "free": "none",
    "rated": "origins, rates of every kind, a model",
    "nginx": "nginx, as a proxy: HTTP alone",
    "pushpin": "Pushpin",
    "plain": "none is asked for",
    "HS256": "HS256",
    "EdDSA": "EdDSA",
    "ES256": "ES256",
    "RS256": "RS256, 2048 bits",
    "native": "in C: sends the body",
    "lua": "in Lua: returns the body",
    "lua_json": "in Lua: decodes it, looks at the event",
    "memory": "memory",
    "redis": "Redis",
    "group": "one group send",
    "each": "a send to each",
    "publish": "Redis alone, a PUBLISH for each",
}

ALONE, STORE, NODES, OUTSIDE, DOORS = "results", "redis store", "between nodes", "backends", "management and limits"
TOKENS = "tokens"

# Each has a place of its own in the document.
SECTIONS = {
    ALONE: (ECHO, HANDLER, STEADY, FAN, HANDSHAKE, IDLE),
    DOORS: (POST, LIMITED),
    TOKENS: (TOKEN,),
    OUTSIDE: (BACK,),
    STORE: (STORE_ECHO, STORE_GROUP, STORE_HANDSHAKE, OPS),
    NODES: (FAR, SPREAD),
}

HEADINGS = {
    ECHO: "Routed echo",
    HANDLER: "The same route, handled in C and in Lua",
    STEADY: "Routed echo at a fixed rate",
    FAN: "Fan-out, per delivery",
    HANDSHAKE: "Handshakes",
    IDLE: "Idle connections",
    LIMITED: "Routed echo, with all limits of a stage and with none",
    POST: "A POST to a connection, over a connection that is kept",
    BACK: "A message that an HTTP service answers",
    TOKEN: "Handshakes with a token",
    STORE_ECHO: "Routed echo, with Redis and without",
    STORE_GROUP: "A send to a group, all of it on this node",
    STORE_HANDSHAKE: "Handshakes, with Redis and without",
    OPS: "Store operations of one worker",
    FAR: "From a client of one node to a client of another",
    SPREAD: "Fan-out over three nodes, per delivery",
}


class Results:
    def __init__(self):
        self.values = {}  # (row, server) -> one report of the load generator per round

    def add(self, row, server, value):
        self.values.setdefault((row, server), []).append(value)

    def rows(self, group):
        return list(dict.fromkeys(row for row, _ in self.values if row.group == group))

    def median(self, row, server, key):
        return statistics.median(value[key] for value in self.values[row, server])

    def range(self, row, server, get, digits=0):
        """Median and range of what `get` makes of each report."""
        return median_range([get(value) for value in self.values[row, server]], digits)

    def ratios(self, row, server):
        mine, limit = self.values[row, server], self.values[row, row.base]
        return [m["cpu_ns"] / l["cpu_ns"] for m, l in zip(mine, limit)]


def thousands(number):
    return f"{number:,.0f}"


def median_range(numbers, digits):
    text = f"{statistics.median(numbers):,.{digits}f}"
    if len(numbers) > 1:
        text += f" ({min(numbers):,.{digits}f}-{max(numbers):,.{digits}f})"
    return text


def table(head, lines):
    widths = [max(len(line[i]) for line in [head, *lines]) for i in range(len(head))]
    yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(head, widths)) + " |"
    yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    for line in lines:
        yield "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths)) + " |"


def connections(row):
    text = thousands(row.connections)
    if row.active:
        text = f"{thousands(row.active)} of {text}"
    if row.full:
        text += f" (not {thousands(row.full)}: open files)"
    return text


def ratio(results, row, server):
    if server == row.base:
        return "1"
    ratios = results.ratios(row, server)
    text = f"{statistics.median(ratios):.2f}"
    if len(ratios) > 1:
        text += f" ({min(ratios):.2f}-{max(ratios):.2f})"
    return text


def verdict(row, server, reached):
    target = row.target_of(server)
    if not target:
        return ""
    word = "met" if reached <= target else "missed"
    return f"{target:.2f} {word}"


def target(results, row, server):
    return verdict(row, server, statistics.median(results.ratios(row, server)))


def traffic(results, row, server, keys):
    """The columns that every kind of traffic has."""
    return [
        TITLES[server],
        thousands(results.median(row, server, "cpu_ns")),
        ratio(results, row, server),
        target(results, row, server),
        thousands(results.median(row, server, "rate")),
        *(thousands(results.median(row, server, key)) for key in keys),
    ]


PERCENTILES = ("p50_us", "p99_us", "p999_us")
TAIL = ["p50 us", "p99 us", "p99.9 us"]


def traffic_table(results, rows, head, own, columns=traffic):
    """A line for each row and server: the row's own cells, then those of all traffic."""
    return table(head, [
        [*own(row), *columns(results, row, server, PERCENTILES)]
        for row in rows for server in row.servers])


def count(row):
    return [connections(row)]


def pace(row):
    return [connections(row), thousands(row.rate)]


def shape(row):
    return [connections(row), str(row.depth), size(row.size)]


def echo_table(results, rows):
    head = ["connections", "in flight", "payload", "server", "CPU ns", "x raw epoll",
            "target", "messages/s", *TAIL]
    return traffic_table(results, rows, head, shape)


def handler_table(results, rows):
    head = ["connections", "in flight", "payload", "handler", "CPU ns", "x in C",
            "target", "messages/s", *TAIL]
    return traffic_table(results, rows, head, shape)


def steady_table(results, rows):
    head = ["connections", "offered/s", "server", "CPU ns", "x raw epoll", "target",
            "messages/s", *TAIL]
    return traffic_table(results, rows, head, pace)


def fan_table(results, rows):
    head = ["receivers", "burst", "payload", "server", "CPU ns", "x raw epoll", "target",
            "deliveries/s", *TAIL]
    return traffic_table(results, rows, head, shape)


def handshake_table(results, rows):
    head = ["at a time", "server", "CPU ns", "x raw epoll", "target", "handshakes/s", *TAIL]
    return traffic_table(results, rows, head, count)


def token_table(results, rows):
    head = ["at a time", "token", "CPU ns", "x without", "target", "handshakes/s", *TAIL]
    return traffic_table(results, rows, head, count)


def idle_table(results, rows):
    head = ["connections", "server", "KiB RSS each", "target", "CPU % of a core"]
    lines = []
    for row in rows:
        for server in row.servers:
            rss = results.median(row, server, "rss_kib")
            cpu = results.median(row, server, "server_cpu_percent")
            lines.append([connections(row), TITLES[server], f"{rss:.2f}",
                          verdict(row, server, rss), f"{cpu:.3f}"])
    return table(head, lines)


def limited_table(results, rows):
    head = ["connections", "in flight", "payload", "limits", "CPU ns", "x none", "target",
            "messages/s", *TAIL]
    return traffic_table(results, rows, head, shape)


def post_table(results, rows):
    head = ["back ends", "payload", "to", "server", "CPU ns", "x bare", "target", "posts/s",
            *TAIL]
    return traffic_table(
        results, rows, head,
        lambda row: [connections(row), size(row.size), row.action or "a client"])


def back_table(results, rows):
    head = ["connections", "payload", "server", "CPU ns", "x nginx", "target", "messages/s",
            *TAIL]
    return traffic_table(results, rows, head, lambda row: [connections(row), size(row.size)])


# ---- With a Redis beside it ----


def store_traffic(results, row, server, keys):
    """As traffic(), and what it costs Redis."""
    name, cpu, times, reached, *rest = traffic(results, row, server, keys)
    beside = thousands(results.median(row, server, "redis_ns")) if server == "redis" else ""
    return [name, cpu, times, reached, beside, *rest]


STORE_HEAD = ["store", "CPU ns", "x memory", "target", "Redis ns"]


def store_echo_table(results, rows):
    head = ["connections", "in flight", "payload", *STORE_HEAD, "messages/s", *TAIL]
    return traffic_table(results, rows, head, shape, store_traffic)


def store_group_table(results, rows):
    head = ["connections", "offered/s", *STORE_HEAD, "messages/s", *TAIL]
    return traffic_table(results, rows, head, pace, store_traffic)


def store_handshake_table(results, rows):
    head = ["at a time", *STORE_HEAD, "handshakes/s", *TAIL]
    return traffic_table(results, rows, head, count, store_traffic)


OPERATIONS = {
    "attr_set": "attr_set, 20 octets",
    "attr_get": "attr_get, 20 octets",
    "join_leave": "group_join, group_leave, by turns",
    "group_members": "group_members, of 100",
    "group_count": "group_count",
}


def operations_table(results, rows):
    head = ["operation", "store", "nodes", "operations/s", "CPU ns", "Redis ns"]
    lines = []
    for row in rows:
        for server in row.servers:
            beside = ""
            if server == "redis":
                beside = results.range(row, server, lambda value: value["redis_ns"])
            lines.append([OPERATIONS[row.action], TITLES[server],
                          str(row.nodes if server == "redis" else 1),
                          results.range(row, server, lambda value: value["rate"]),
                          results.range(row, server, lambda value: value["cpu_ns"]), beside])
    return table(head, lines)


def far_table(results, rows):
    head = ["pairs", "sent", "payload", "node A ns", "node B ns", "Redis ns", "CPU ns, all",
            "per CPU second", "messages/s", *TAIL]
    lines = []
    for row in rows:
        (server,) = row.servers
        sent = f"{thousands(row.rate)}/s" if row.rate else f"{row.depth} in flight each"
        lines.append([
            thousands(row.connections // 2), sent, size(row.size),
            *(results.range(row, server, lambda value, at=at: value["nodes_ns"][at])
              for at in range(row.nodes)),
            results.range(row, server, lambda value: value["redis_ns"]),
            results.range(row, server, lambda value: value["cpu_ns"]),
            thousands(1e9 / results.median(row, server, "cpu_ns")),
            thousands(results.median(row, server, "rate")),
            *(results.range(row, server, lambda value, key=key: value[key])
              for key in PERCENTILES)])
    return table(head, lines)


def spread_table(results, rows):
    head = ["receivers", "how", "node A ns", "B and C ns", "Redis ns", "CPU ns, all",
            "x one group send", "deliveries/s", "until the last has it, ms"]
    lines = []
    for row in rows:
        for server in row.servers:
            nodes = ["", ""]
            if server != "publish":
                nodes = [results.range(row, server, lambda value: value["nodes_ns"][0]),
                         results.range(row, server, lambda value: sum(value["nodes_ns"][1:]))]
            lines.append([
                connections(row), TITLES[server], *nodes,
                results.range(row, server, lambda value: value["redis_ns"]),
                results.range(row, server, lambda value: value["cpu_ns"]),
                "" if server == "publish" else ratio(results, row, server),
                thousands(results.median(row, server, "rate")),
                results.range(row, server, lambda value: value["all_us"] / 1000, 1)])
    return table(head, lines)


TABLES = {
    ECHO: echo_table,
    HANDLER: handler_table,
    STEADY: steady_table,
    FAN: fan_table,
    HANDSHAKE: handshake_table,
    IDLE: idle_table,
    POST: post_table,
    LIMITED: limited_table,
    BACK: back_table,
    TOKEN: token_table,
    STORE_ECHO: store_echo_table,
    STORE_GROUP: store_group_table,
    STORE_HANDSHAKE: store_handshake_table,
    OPS: operations_table,
    FAR: far_table,
    SPREAD: spread_table,
}


def tables(results, section):
    """Empty if nothing in it was measured."""
    lines = []
    for group in SECTIONS[section]:
        rows = results.rows(group)
        if rows:
            lines += [f"### {HEADINGS[group]}", "", *TABLES[group](results, rows), ""]
    return "\n".join(lines)


def cpu_model():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.machine()


def provenance(command, facts):
    date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    return "\n".join([
        f"- {date}, `{command}`",
        f"- Linux {platform.release()}, {cpu_model()}, {os.cpu_count()} CPUs",
        *(f"- {fact}" for fact in facts),
    ])


def rewrite(path, section, text):
    """Put the text between the section's markers in the file, which must be there."""
    begins, ends = f"<!-- {section} -->", f"<!-- /{section} -->"
    with open(path, encoding="utf-8") as file:
        before, begin, rest = file.read().partition(begins)
    _, end, after = rest.partition(ends)
    if not begin or not end:
        raise ValueError(f"{path} has no {begins} and {ends}")
    if text is None:
        return  # it was only asked whether that will be possible
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{begins}\n\n{text.strip()}\n\n{ends}{after}")
