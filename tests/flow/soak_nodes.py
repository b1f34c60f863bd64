#!/usr/bin/python3
"""Three nodes and a Redis under a mixed load for a long time, while nodes are killed.

    tests/flow/soak_nodes.py --build FOLDER [--seconds 600]

One of the nodes is never killed, and its memory and Redis' are watched. What is checked, and
where: what every call answers and who hears what, players.py; the directory against the
truth, before each kill; the $disconnects, fates.py; keys and memory, at the end. The seed
says what the players want to do and who is killed when; what comes of it is up to the
machine. It ends with a report, and with 1 if anything was not as it should be.
"""

import argparse
import collections
import contextlib
import os
import pathlib
import random
import re
import statistics
import sys
import tempfile
import threading
import time

import conftest
import directory
import fates
import players
from nodes import LOST, TROUBLE, RedisServer, number_of, store

NODES, WORKERS = 3, 2
BETWEEN_S = 30  # two kills
SETTLE_S = 15  # in which all is as it should be, or will not be
UNEXPLAINED_MAX = 0.0005  # of all calls: refused or late, and nobody knows why
# Growth of the memory of who lives all the time, from the first half to the second.
GROWTH_MAX, GROWTH_SLACK = 0.05, 1 << 20
WARM_UP = 0.2  # of the time, for memory
SHORT_S = 120  # too short to speak of memory
STAYS = {"jf:awake", "jf:quiet", "jf:looked", "jf:young"}
OF_NODES = re.compile(r"jf:(nodes$|alive:\d+$|m:\d+$)")


def resident(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class Watch(threading.Thread):
    """Resident memory of processes, every second."""

    def __init__(self):
        super().__init__(daemon=True)
        self.pids, self.seen = {}, collections.defaultdict(list)
        self.over = threading.Event()
        self.began = time.monotonic()

    def run(self):
        while not self.over.wait(1):
            for name, pid in list(self.pids.items()):
                at = time.monotonic() - self.began
                with contextlib.suppress(OSError):  # it is being restarted
                    self.seen[name].append((at, resident(pid)))

    def halves(self, name, seconds):
        """The median of either half, the time to warm up left out."""
        start = seconds * WARM_UP
        middle = (start + seconds) / 2
        early = [size for at, size in self.seen[name] if start <= at < middle]
        late = [size for at, size in self.seen[name] if middle <= at < seconds]
        if not early or not late:
            return None
        return statistics.median(early), statistics.median(late)


class Soak:
    def __init__(self, launcher, server, *, seconds, seed, between=BETWEEN_S, redis=False):
        self.launcher, self.server = launcher, server
        self.seconds, self.between, self.restarts = seconds, between, redis
        self.rng = random.Random(seed)
        self.places = [players.Place(self.start_node) for _ in range(NODES)]
        self.crowd = players.Crowd(self.places, seed)
        self.book = self.crowd.book
        self.watch = Watch()
        self.counts = collections.Counter()
        self.lines = []

    def start_node(self):
        whole = self.launcher.config(("probe",), store(self.server), WORKERS)
        host = self.launcher.run("run", "-c", self.launcher.write(whole))
        host.may_log(TROUBLE, LOST)
        host.ready()
        host.wait_log("event=relay_listening")
        return host

    # -- what goes wrong

    def kill_and_begin(self, place):
        place.kill()
        self.counts["nodes killed"] += 1
        pause = self.rng.uniform(0, 4)
        return threading.Timer(pause, place.begin)

    def kill_one(self):
        """And sometimes whoever cleans up after it."""
        victim = self.rng.choice(self.places[1:])
        marks = {p: len(p.host.lines("event=node_dead")) for p in self.places if p.host}
        timers = [self.kill_and_begin(victim)]
        others = [p for p in self.places[1:] if p is not victim]
        if self.rng.random() < 0.5:
            timers += self.kill_a_reaper(others, marks)
        for timer in timers:
            timer.start()
        for timer in timers:
            timer.join()

    def kill_a_reaper(self, others, marks):
        deadline = time.monotonic() + SETTLE_S
        while time.monotonic() < deadline:
            for place in self.places:
                if place.host and len(place.host.lines("event=node_dead")) > marks[place]:
                    if place in others:
                        self.counts["of them while they cleaned up"] += 1
                        return [self.kill_and_begin(place)]
                    return []
            time.sleep(0.002)
        return []

    def restart_redis(self):
        self.book.trouble(begins=True)
        self.server.kill()
        time.sleep(self.rng.uniform(0.2, 4))
        self.server.start()
        time.sleep(SETTLE_S / 2)
        self.book.trouble(begins=False)
        self.watch.pids["Redis"] = self.server.process.pid
        self.counts["restarts of Redis, empty"] += 1

    def break_something(self, turn):
        if self.restarts and turn % 2:
            self.restart_redis()
        else:
            self.kill_one()

    # -- what must be

    def agree(self, why):
        """The directory says what is true, within some time in which nobody does anything."""
        self.crowd.hold_still()
        deadline, wrong = time.monotonic() + SETTLE_S, ["nothing was compared"]
        while wrong and time.monotonic() < deadline:
            numbers = {place.host: number_of(place.host) for place in self.places}
            wrong = directory.differences(self.server, self.book.everybody(), numbers)
            time.sleep(0.1 if wrong else 0)
        self.crowd.go_on()
        self.counts["comparisons of the directory"] += 1
        for text in wrong[:5]:
            self.book.problem(f"the directory, {why}: {text}")

    def run(self):
        for place in self.places:
            place.begin()
        self.watch.pids = {
            "the node that lives": self.places[0].host.process.pid,
            "Redis": self.server.process.pid,
        }
        self.watch.start()
        self.crowd.start()
        end, turn = time.monotonic() + self.seconds, 0
        while time.monotonic() + self.between < end:
            time.sleep(self.between - min(5, self.between / 4))
            self.agree("before a kill")
            self.break_something(turn)
            turn += 1
        time.sleep(max(0, end - time.monotonic()))
        self.watch.over.set()
        self.agree("at the end")
        self.crowd.finish()
        self.check_end()
        return self

    def check_end(self):
        hosts = [host for place in self.places for host in place.lives]
        book, deadline = self.book, time.monotonic() + SETTLE_S
        while True:
            verdict = fates.Verdict(book.people, book.counts["unnamed"], hosts)
            left = {key for key in self.server.keys() if not OF_NODES.match(key)} - STAYS
            if not (verdict.problems or left) or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        self.verdict = verdict
        for text in verdict.problems:
            book.problem(text)
        if left:
            book.problem(f"{len(left)} keys are left with all clients gone: {some(left)}")
        for place in self.places:
            place.host.stop()
        left = self.server.keys() - STAYS
        if left:
            book.problem(f"{len(left)} keys are left with all nodes gone: {some(left)}")
        self.check_unexplained()
        self.check_memory()

    def check_unexplained(self):
        calls = sum(n for what, n in self.book.counts.items() if re.match(r"\w+: ", what))
        late = sum(n for w, n in self.book.counts.items() if w.startswith("unexplained"))
        self.counts["calls"], self.counts["of them unexplained"] = calls, late
        if late > calls * UNEXPLAINED_MAX:
            self.book.problem(f"{late} of {calls} calls failed, and nothing was wrong")

    def check_memory(self):
        judged = self.seconds >= SHORT_S and not self.places[0].lives[0].sanitizer
        for name in self.watch.pids:
            halves = self.watch.halves(name, self.seconds)
            if not halves or (name == "Redis" and self.restarts):
                continue
            first, second = halves
            self.lines.append(
                f"memory of {name}: {first / 1024:,.0f} KiB in the first half, "
                f"{second / 1024:,.0f} KiB in the second"
            )
            if judged and second > first * (1 + GROWTH_MAX) + GROWTH_SLACK:
                self.book.problem(f"the memory of {name} has grown")

    # -- the report

    def report(self):
        yield f"{self.seconds} s, {self.crowd.size} clients at a time at most, {NODES} nodes"
        for title, counts in (
            ("What happened", self.counts),
            ("What players did, and were answered", self.book.counts),
            ("$disconnects, of connections", self.verdict.counts),
        ):
            yield f"\n{title}:"
            for what, count in sorted(counts.items()):
                yield f"  {what:45} {count:>10,}"
        yield ""
        yield from self.lines
        problems = self.book.problems
        yield "\nNothing was wrong." if not problems else "\nWhat was wrong:"
        yield from (f"  {text}" for text in problems)


def some(keys):
    return ", ".join(sorted(keys)[:5])


def keep_logs(hosts, folder):
    for i, host in enumerate(hosts if folder else ()):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}.log").write_text(host.text())


def plugin_finder(build, language):
    def find(name):
        file = name + conftest.LANGUAGES[language]
        return str(build / "tests/flow/plugins" / file)

    return find


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", required=True, type=pathlib.Path)
    parser.add_argument("--jackfield", type=pathlib.Path)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--logs", type=pathlib.Path, help="a folder for what nodes log")
    parser.add_argument("--language", choices=conftest.LANGUAGES, default="c")
    parser.add_argument(
        "--redis-restarts", action="store_true", help="every other time, instead of a kill"
    )
    return parser.parse_args()


def main():
    args = arguments()
    build = args.build.resolve()
    jackfield = (args.jackfield or build / "core/cli/jackfield").resolve()
    os.environ["JACKFIELD_PLUGIN_PATH"] = str(build / "plugins")
    print(f"seed {args.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        server = RedisServer(folder)
        finder = plugin_finder(build, args.language)
        launcher = conftest.Launcher(jackfield, finder, folder)
        soak = Soak(
            launcher,
            server,
            seconds=args.seconds,
            seed=args.seed,
            redis=args.redis_restarts,
        )
        try:
            soak.run()
            launcher.stop_all()
        finally:
            for host in launcher.running:
                host.kill()
            keep_logs(launcher.running, args.logs)
            server.kill()
        print("\n".join(soak.report()), flush=True)
    return 1 if soak.book.problems else 0


if __name__ == "__main__":
    sys.exit(main())
