"""From measurements to tables. Everything is a median over the rounds; a ratio is taken
within each round first, so that what disturbs a whole round cancels out."""

import datetime
import os
import platform
import statistics

from rows import ECHO, FAN, HANDLER, HANDSHAKE, IDLE, STEADY, size

BEGIN, END = "<!-- results -->", "<!-- /results -->"

TITLES = {
    "epoll": "raw epoll",
    "lws": "libwebsockets",
    "jackfield": "jackfield",
    "native": "in C: sends the body",
    "lua": "in Lua: returns the body",
    "lua_json": "in Lua: decodes it, looks at the event",
}

HEADINGS = {
    ECHO: "Routed echo",
    HANDLER: "The same route, handled in C and in Lua",
    STEADY: "Routed echo at a fixed rate",
    FAN: "Fan-out, per delivery",
    HANDSHAKE: "Handshakes",
    IDLE: "Idle connections",
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

    def ratios(self, row, server):
        mine, limit = self.values[row, server], self.values[row, row.base]
        return [m["cpu_ns"] / l["cpu_ns"] for m, l in zip(mine, limit)]


def thousands(number):
    return f"{number:,.0f}"


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


def echo_table(results, rows):
    head = ["connections", "in flight", "payload", "server", "CPU ns", "x raw epoll",
            "target", "messages/s", *TAIL]
    return table(head, [
        [connections(row), str(row.depth), size(row.size),
         *traffic(results, row, server, PERCENTILES)]
        for row in rows for server in row.servers])


def handler_table(results, rows):
    head = ["connections", "in flight", "payload", "handler", "CPU ns", "x in C",
            "target", "messages/s", *TAIL]
    return table(head, [
        [connections(row), str(row.depth), size(row.size),
         *traffic(results, row, server, PERCENTILES)]
        for row in rows for server in row.servers])


def steady_table(results, rows):
    head = ["connections", "offered/s", "server", "CPU ns", "x raw epoll", "target",
            "messages/s", *TAIL]
    return table(head, [
        [connections(row), thousands(row.rate), *traffic(results, row, server, PERCENTILES)]
        for row in rows for server in row.servers])


def fan_table(results, rows):
    head = ["receivers", "burst", "payload", "server", "CPU ns", "x raw epoll", "target",
            "deliveries/s", *TAIL]
    return table(head, [
        [connections(row), str(row.depth), size(row.size),
         *traffic(results, row, server, PERCENTILES)]
        for row in rows for server in row.servers])


def handshake_table(results, rows):
    head = ["at a time", "server", "CPU ns", "x raw epoll", "target", "handshakes/s", *TAIL]
    return table(head, [
        [connections(row), *traffic(results, row, server, PERCENTILES)]
        for row in rows for server in row.servers])


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


TABLES = {
    ECHO: echo_table,
    HANDLER: handler_table,
    STEADY: steady_table,
    FAN: fan_table,
    HANDSHAKE: handshake_table,
    IDLE: idle_table,
}


def tables(results):
    lines = []
    for group, heading in HEADINGS.items():
        rows = results.rows(group)
        if rows:
            lines += [f"### {heading}", "", *TABLES[group](results, rows), ""]
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


def rewrite(path, section):
    """Put the section between the markers of the file, which must be there."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path} has no {BEGIN} and {END}")
    if section is None:
        return  # it was only asked whether that will be possible
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n\n{section.strip()}\n\n{END}{after}")
