#!/usr/bin/python3
"""What many nodes cost Redis: a model with small simulations, and the tables of
docs/scale.md.

    scale.py                        all tables
    scale.py --only balance         one of them
    scale.py --check docs/scale.md  exit code 1 if something else stands there
    scale.py --write docs/scale.md  puts it there
    scale.py --measure              measures the constants anew, with a redis-server

The same seed each time, so the same numbers each time."""

import argparse
import math
import pathlib
import random
import re
import sys

import scale_redis
from scale_model import (
    AT_ONCE, BUSY, CONNECTIONS, BUFFER, FAN_NODE, FLEETS, FRAME, GIVE_UP_S, GROUP_NODE,
    HANDLER_S, HKEYS_NODE, IN_HAND, LINK, MIXES, NAME, PIPED, READ_OCTETS, RETURN_S,
    ROUND_TRIP_S, SHARDS, TELL, TELL_KEY, TELL_KEYS, TELLS_S, TURN_US, MESSAGE_US, WINDOW, WORKERS, WRITE, Load, batch, busiest,
    heartbeat, letter_cost, letters_of_a_turn, message, others, tell_again)
from scale_redis import command, conn_id, run

SEED = 1


def number(value):
    """Three digits, and no more than that is meant."""
    if isinstance(value, int) or value >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}" if value >= 0.1 else f"{value:.2g}"


def table(head, rows):
    rows = [[c if isinstance(c, str) else number(c) for c in row] for row in rows]
    wide = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(r, wide)) + " |"
             for r in [head, *rows]]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in wide) + "|")
    return "\n".join(lines)


def operation_table():
    """What the directory is told, and what a letter is."""
    conn, value, letter = conn_id(1), "x" * 20, batch()
    group = command("EVAL", scale_redis.GROUP_SCRIPT, 0, "jf:", 12345, NAME, batch(NAME, 0))
    rows = []
    for what, octets, name, more in (
            ("connects", run("SET", 12345, conn, "", scale_redis.ENTRY), "SET", 0),
            ("an attribute of 20 octets", run("SET", 12345, conn, "state", value), "SET", 0),
            ("joins or leaves a group", run("JOIN", 12345, conn, NAME), "JOIN", 0),
            ("is gone", run("FORGET", 12345, conn), "FORGET", 0),
            ("a letter to a node", command("PUBLISH", "jf:to:12345", letter), "PUBLISH",
             WRITE),
            ("a send to a group, no node", group, "group script", 0),
            ("the same, 10 nodes", group, "group script", 10 * GROUP_NODE)):
        cost = (PIPED[name] + more) / 1e3
        rows.append([what, name, len(octets) + FRAME, cost + LINK / 1e3, cost])
    return table(["what happens", "script or command", "octets to Redis", "us of Redis",
                  "us in a long pipeline"], rows)


def memory_table():
    rows = []
    for mix in MIXES:
        each = Load(mix, 10, 1).memory
        every = [round(1 / rate) if rate else "" for rate in
                 (mix.come, mix.attr, mix.direct, mix.to_group)]
        rows.append([mix.name, *every, each] + [each * n / 1e9 for n in (1e5, 1e6, 1e7)])
    return table(["mix", "anew every s", "an attribute", "a letter by id",
                  "a send to its group", "octets in Redis", "GB, 100,000", "1 million",
                  "10 million"], rows)


def load_table():
    rows = []
    for mix in MIXES:
        for nodes in FLEETS:
            load = Load(mix, nodes, CONNECTIONS)
            cores = load.cores(nodes)
            held = CONNECTIONS * (BUSY - heartbeat(nodes)[1]) / (cores - heartbeat(nodes)[1])
            rows.append([mix.name, nodes, load.commands, load.delivered, cores,
                         load.into * 8 / 1e9, load.out * 8 / 1e9, f"{float(f'{held:.2g}'):,.0f}"])
    return table(["mix", "nodes", "commands/s", "deliveries/s", "CPUs", "Gbit/s in",
                  "Gbit/s out", f"connections at {BUSY:.0%} of one CPU"], rows)


def spread_table():
    dice, rows = random.Random(SEED), []
    for members in (10, 100, 1000, 10000):
        for nodes in FLEETS:
            trials = 200000 // members
            got = sum(len({dice.randrange(nodes) for _ in range(members - 1)} - {0})
                      for _ in range(trials)) / trials
            cost = (PIPED["group script"] + LINK + others(nodes, members) * GROUP_NODE) / 1e3
            rows.append([members, nodes, others(nodes, members), got, cost,
                         1e6 * BUSY / cost])
    return table(["members", "nodes", "others with any", "simulated", "us of Redis",
                  f"sends/s at {BUSY:.0%}"], rows)


def batches_table():
    """A worker's loop: a turn handles what has come during the turn before."""
    dice, rows = random.Random(SEED), []
    for rate in (100, 10000, 50000, 100000, 150000):
        for nodes in FLEETS:
            letters, batches, turns, count = 0, 0, 2000, 1
            for _ in range(turns):
                letters += count
                batches += len({dice.randrange(nodes - 1) for _ in range(count)})
                mean = (TURN_US + count * MESSAGE_US) * rate / 1e6
                count = max(1, round(dice.gauss(mean, math.sqrt(mean))))
            cost = letter_cost(rate, nodes)[0] / 1e3
            rows.append([rate, nodes, letters_of_a_turn(rate), letters / turns,
                         letters / batches, cost])
    return table(["letters/s of a worker", "nodes", "in a turn", "simulated",
                  "in a batch", "us of Redis each"], rows)


def broadcast_table():
    rows = []
    for octets, each in FAN_NODE.items():
        for nodes in FLEETS:
            ms = (PIPED["PUBLISH"] + LINK + each * nodes) / 1e6
            rate, out = 1000 * BUSY / ms, nodes * message(b"x" * octets)
            rows.append([f"{octets:,}", nodes, ms, rate, out / 1e6, out * rate * 8 / 1e9])
    return table(["octets", "nodes", "ms of Redis", f"broadcasts/s at {BUSY:.0%}",
                  "MB out, each", "Gbit/s out then"], rows)


def idle_table():
    """Links: for each worker one of the directory and one to publish by; for the node one to
    publish by, one to listen, one for the lease and one for shared limits."""
    rows = []
    for nodes in FLEETS:
        rate, cores = heartbeat(nodes)
        rows.append([nodes, rate, f"{cores:.1%}", nodes * (2 * WORKERS + 4),
                     nodes * (2 * WORKERS + 3)] +
                    [nodes * (WORKERS + 1) + nodes // m for m in SHARDS[:2]])
    return table(["nodes", "commands/s", "of a CPU", "links to one Redis",
                  "to the directory", *(f"to each of {m} shards" for m in SHARDS[:2])], rows)


def limits_table():
    """Keys that are used all the time; those of a node are told together, or never are."""
    rows = []
    for nodes in FLEETS:
        for keys in (10, 100, 1000):
            told = nodes * keys * TELLS_S
            commands = math.ceil(keys / TELL_KEYS) * nodes * TELLS_S
            together = (commands * (TELL + LINK) + (told - commands) * TELL_KEY) / 1e9
            rows.append([nodes, keys, told, told * (TELL + LINK) / 1e9, commands, together])
    return table(["nodes", "keys in use on each", "told/s", "CPUs, each by itself",
                  "commands/s, 64 keys in each", "CPUs"], rows)


def slow_table():
    rows = []
    for mix in MIXES:
        for nodes in FLEETS:
            load = Load(mix, nodes, CONNECTIONS)
            each = (load.letters * load.share * message(batch()) + load.sends * load.spread *
                    message(batch(NAME, 0))) / nodes
            rows.append([mix.name, nodes, each * 8 / 1e6, BUFFER / each])
    return table(["mix", "nodes", "Mbit/s to a node", "seconds until 32 MiB wait"], rows)


def balance_table():
    dice, rows = random.Random(SEED), []
    for count in SHARDS:
        for nodes in FLEETS:
            mean = nodes / count
            about = 1 + math.sqrt(2 * math.log(count) * (1 - 1 / count) / mean)
            rows.append([count, nodes, mean, busiest(dice, count, nodes, 20000 // nodes + 10),
                         about])
    return table(["shards", "nodes", "nodes each", "busiest, of the mean",
                  "1 + sqrt(2 ln M / mean)"], rows)


def cluster_table():
    """A group send reads the nodes in the directory, and goes to each by itself; what goes
    over one link leaves in one write."""
    dice, rows = random.Random(SEED), []
    uneven = {(m, n): busiest(dice, m, n, 20000 // n + 10) for m in SHARDS for n in FLEETS}
    for mix in MIXES:
        for nodes in FLEETS:
            load, shards = Load(mix, nodes, CONNECTIONS), []
            for count in SHARDS:
                links = count * (1 - (1 - 1 / count) ** load.spread)
                ns = load.letters * load.each_ns + load.sends * (
                    load.spread * (PIPED["PUBLISH"] + WRITE) + links * LINK)
                shards.append(ns / 1e9 / count * uneven[count, nodes])
            look = PIPED["HKEYS"] + HKEYS_NODE * load.spread + LINK
            directory = (load.directory_ns + load.sends * look) / 1e9 + heartbeat(nodes)[1]
            rows.append([mix.name, nodes, load.cores(nodes), directory, *shards])
    return table(["mix", "nodes", "one Redis", "directory",
                  *(f"busiest of {m}" for m in SHARDS)], rows)


def death_table():
    rows = []
    for nodes in FLEETS:
        count = CONNECTIONS / nodes
        reap = (PIPED["READ"] + PIPED["BURY"] + 2 * LINK) * count / 1e9
        back = (2 * (PIPED["SET"] + LINK) + PIPED["JOIN"] + LINK) * count / 1e9
        steps = 2 * count / AT_ONCE * ROUND_TRIP_S
        rows.append([nodes, count, reap + back, back / RETURN_S,
                     max(steps, count / IN_HAND * HANDLER_S)])
    return table(["nodes", "connections of one", "s of Redis in all",
                  f"CPUs if they return in {RETURN_S} s",
                  "s until the last $disconnect, at least"], rows)


def empty_table():
    dice, rows = random.Random(SEED), []
    each_s = (PIPED["PUT"] + PIPED["SET"]) / 2 / 1e9
    at_once = READ_OCTETS // len(run("PUT", 12345, conn_id(1), scale_redis.ENTRY, NAME))
    for nodes in (10, 100, 150, 200, 400, 1000):
        for timeout_s in (1, 10):
            links = nodes * WORKERS
            windows = math.ceil(2 * CONNECTIONS / links / WINDOW)
            end, wasted, lost = tell_again(dice, links, windows, WINDOW * each_s, timeout_s)
            rows.append([nodes, timeout_s, links * WINDOW * each_s, links * at_once * each_s,
                         f"not in {GIVE_UP_S}" if end is None else end,
                         f"{wasted / (wasted + links * windows):.0%}", lost])
    return table(["nodes", "timeout, s", "until a window is answered, s",
                  "a turn of Redis, s", "until all is told, s", "told in vain",
                  "links lost"], rows)


TABLES = {"operations": operation_table, "memory": memory_table, "load": load_table, "spread": spread_table,
          "batches": batches_table, "broadcast": broadcast_table, "idle": idle_table,
          "limits": limits_table,
          "slow": slow_table, "balance": balance_table, "cluster": cluster_table,
          "death": death_table, "empty": empty_table}


def put_into(text, name, printed):
    """The text with what was printed between the marks of that table."""
    marks = rf"(<!-- scale {name} -->\n).*?(<!-- /scale -->)"
    new, count = re.subn(marks, lambda m: f"{m.group(1)}\n{printed}\n\n{m.group(2)}", text,
                         flags=re.S)
    return new if count == 1 else sys.exit(f"there is no place for the table {name}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=TABLES, metavar="TABLE", help=", ".join(TABLES))
    parser.add_argument("--check", metavar="FILE")
    parser.add_argument("--write", metavar="FILE")
    parser.add_argument("--measure", action="store_true")
    options = parser.parse_args()
    if options.measure:
        scale_redis.main()
        return
    names = [options.only] if options.only else list(TABLES)
    printed = {name: TABLES[name]() for name in names}
    file = options.check or options.write
    if not file:
        print("\n\n".join(f"{name}\n\n{text}" for name, text in printed.items()))
        return
    text = new = pathlib.Path(file).read_text(encoding="utf-8")
    for name, value in printed.items():
        new = put_into(new, name, value)
    if options.write:
        pathlib.Path(file).write_text(new, encoding="utf-8")
    elif new != text:
        sys.exit(f"{file} is not what scale.py prints: run it with --write {file}")


if __name__ == "__main__":
    main()
