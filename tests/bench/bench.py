#!/usr/bin/python3
"""Measures the gateway beside two yardsticks, round by round, and prints tables.

docs/benchmarks.md says what the numbers mean. Exit codes: 0 measured, 1 something died,
stalled or answered wrongly, 2 wrong command line. A missed target is no failure.
"""

import argparse
import contextlib
import fnmatch
import resource
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace

sys.dont_write_bytecode = True

import backends  # noqa: E402
import cluster  # noqa: E402
import report  # noqa: E402
import rows  # noqa: E402
import servers  # noqa: E402
import tokens  # noqa: E402

# With more, every close would cost libwebsockets more: in Debian it scans a table of this size.
OPEN_FILES = 16384
SPARE_FILES = 256  # a server needs more than its clients' sockets

QUICK = {"rounds": 1, "seconds": 0.2, "warm_up": 0.1, "idle_seconds": 0.2}
FULL = {"rounds": 5, "seconds": 2.0, "warm_up": 0.5, "idle_seconds": 10.0}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", required=True, metavar="DIR",
                        help="where the binaries are, at any depth")
    parser.add_argument("--quick", action="store_true",
                        help="few rows, a few seconds: does it run at all?")
    parser.add_argument("--rounds", type=int, metavar="N", help="5")
    parser.add_argument("--seconds", type=float, metavar="S", help="measured, each: 2")
    parser.add_argument("--idle-seconds", type=float, metavar="S",
                        help="of idleness: 10; over 60 there are pings in it")
    parser.add_argument("--only", metavar="PATTERN", action="append",
                        help="rows whose name contains it, or another one if given again;"
                             " * and ? are wild")
    parser.add_argument("--workers", type=int, default=1, metavar="N",
                        help="of jackfield; the yardsticks have one thread")
    parser.add_argument("--out", metavar="FILE", help="put the tables into this document")
    parser.add_argument("--list", action="store_true", help="the names of the rows")
    options = parser.parse_args()
    defaults = QUICK if options.quick else FULL
    for name in ("rounds", "seconds", "idle_seconds"):
        if getattr(options, name) is None:
            setattr(options, name, defaults[name])
    options.warm_up = defaults["warm_up"]
    if options.rounds < 1 or options.workers < 1:
        parser.error("at least one round and one worker")
    if options.seconds <= 0 or options.idle_seconds <= 0:
        parser.error("at least a moment")
    return options


def raise_open_files():
    """Returns how many connections a server and its clients may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return max(limit - SPARE_FILES, 1)


def chosen_rows(options, allowed):
    every = rows.quick_rows() if options.quick else rows.all_rows()
    patterns = [f"*{only}*" for only in options.only or [""]]
    chosen = [rows.within(row, allowed) for row in every
              if any(fnmatch.fnmatch(row.name, pattern) for pattern in patterns)]
    if any(row.has_redis for row in chosen) and not cluster.redis_program():
        say("bench: no redis-server is installed: the rows that need one are left out")
        chosen = [row for row in chosen if not row.has_redis]
    return with_installed(options, with_tokens(options, chosen))


def with_tokens(options, chosen):
    """Rows with tokens need the plugin, and something that signs."""
    able = shutil.which("openssl") and servers.is_built("jwt.so", options.build)
    return [row for row in chosen if row.group != rows.TOKEN or able]


def with_installed(options, chosen):
    """Rows with a backend need nginx, and leave out the peer that is not there."""
    installed = backends.programs()
    lacking = {name for name in ("nginx", "pushpin") if name not in installed}
    if lacking and any(row.group == rows.BACK for row in chosen):
        say(f"bench: not installed, and left out: {', '.join(sorted(lacking))}")
    present = tuple(name for name in rows.BACK_SERVERS if name not in lacking)
    able = "nginx" not in lacking and servers.is_built("http.so", options.build)
    return [replace(row, among=present) if row.group == rows.BACK else row
            for row in chosen if row.group != rows.BACK or able]


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(options, row, name, found, placement, redis):
    seconds = options.idle_seconds if row.group == rows.IDLE else options.seconds
    common = (row, name, found, placement, options.workers, options.warm_up, seconds)
    if row.group == rows.BACK:
        return backends.measure(*common)
    if row.group == rows.TOKEN:
        return tokens.measure(*common)
    return cluster.measure(*common, redis) if row.has_redis else servers.measure(*common)


def open_redis(options, chosen, placement):
    if any(row.has_redis for row in chosen):
        return cluster.Redis(placement, options.quick)
    return contextlib.nullcontext()


def run(options, chosen, found, placement):
    with open_redis(options, chosen, placement) as redis:
        return run_rounds(options, chosen, found, placement, redis)


def run_rounds(options, chosen, found, placement, redis):
    results = report.Results()
    for number in range(options.rounds):
        for row in chosen:
            # Nobody is always the first, on a cold cache, or always after the same one.
            shift = number % len(row.servers)
            for name in row.servers[shift:] + row.servers[:shift]:
                value = measure(options, row, name, found, placement, redis)
                results.add(row, name, value)
                say(f"round {number + 1}/{options.rounds}  {row.name:24} {name:10}"
                    f"{value.get('cpu_ns', 0):9.0f} ns  load {value['load_cpu_percent']:.0f} %")
    return results


def command_line():
    """As a person types it, without the folders of this machine."""
    words, skip = ["./dev", "bench"], False
    for word in sys.argv[1:]:
        if skip or word.startswith(("--build=", "--out=")):
            skip = False
        elif word in ("--build", "--out"):
            skip = True
        else:
            words.append(word)
    return shlex.join(words)


def facts(options, chosen, placement):
    rounds = f"{options.rounds} round{'s' if options.rounds > 1 else ''}"
    yield (f"{rounds} of {options.seconds:g} s each"
           f" ({options.idle_seconds:g} s of idleness); {placement}")
    if any(row.has_redis for row in chosen):
        yield "nodes and Redis share the server's CPUs"
    if options.workers > 1:
        yield f"jackfield with {options.workers} workers, the yardsticks with one thread"


def sections(options, chosen, placement, results):
    """What was measured, by the place where it belongs."""
    head = report.provenance(command_line(), facts(options, chosen, placement))
    for section in report.SECTIONS:
        tables = report.tables(results, section)
        if tables:
            yield section, f"{head}\n\n{tables}"


def main():
    options = parse_arguments()
    chosen = chosen_rows(options, raise_open_files())
    if options.list or not chosen:
        print("\n".join(row.name for row in chosen) or "no row has that name")
        return 0 if chosen else 2
    try:
        for section in report.SECTIONS if options.out else ():
            report.rewrite(options.out, section, None)
        placement = servers.Placement(options.workers)
        results = run(options, chosen, servers.find_binaries(options.build), placement)
    except (servers.Failed, ValueError, OSError, subprocess.TimeoutExpired) as error:
        say(f"bench: {error}")
        return 1
    for section, text in sections(options, chosen, placement, results):
        print(text)
        if options.out:
            report.rewrite(options.out, section, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
