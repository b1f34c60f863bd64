#!/usr/bin/python3
"""A storm over the whole program: threads of a plugin against workers, while clients come,
talk and vanish. Tells in TAP what the plugin's books, the program's log and the clients
say afterwards. What the books mean stands in storm_send.h.

    storm_send.py JACKFIELD STORM.so [--seconds N] [--clients N] [--forgets]
"""

import argparse
import asyncio
import collections
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "flow"))
import raw  # noqa: E402

START_SECONDS, STOP_SECONDS = 30, 60
LATE_MS = 4000  # the same as in storm_send.h
MUST_BE_ZERO = (
    "strangers missed overlaps disorder torn misplaced odd_status lost unanswered".split()
)
DISASTERS = re.compile(r"Sanitizer|runtime error:|check_failed|event=check")


class Program:
    def __init__(self, command):
        self.lines = []
        env = dict(os.environ)
        env["TSAN_OPTIONS"] = "halt_on_error=0:exitcode=99:second_deadlock_stack=1"
        env["ASAN_OPTIONS"] = "detect_leaks=1:exitcode=99"
        env["LSAN_OPTIONS"] = f"suppressions={HERE.parent}/flow/lsan.supp"
        env["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1:exitcode=99"
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, env=env, text=True)
        self.listens = threading.Event()
        self.port = 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))
            found = re.search(r"event=listening\b.*\bport=(\d+)", line)
            if found:
                self.port = int(found.group(1))
                self.listens.set()
        self.listens.set()

    def stop(self):
        """Its exit code; None if it would not end."""
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            return None
        self.reader.join()
        return code

    def totals(self):
        found = re.findall(r'text="total (\w+) (\d+)"', "\n".join(self.lines))
        return {name: int(number) for name, number in found}


class Tally:
    """What all clients saw."""

    def __init__(self):
        self.ends_at = 0.0
        self.counts = collections.Counter()
        self.disorder = []


def parse_frames(buffer):
    """(opcode, payload) of each whole frame in `buffer`, and what is left of it."""
    at, found = 0, []
    while len(buffer) - at >= 2:
        length, start = buffer[at + 1] & 0x7F, at + 2
        if length == 126:
            length, start = int.from_bytes(buffer[at + 2 : at + 4], "big"), at + 4
        elif length == 127:
            length, start = int.from_bytes(buffer[at + 2 : at + 10], "big"), at + 10
        if len(buffer) < start + length:
            break
        found.append((buffer[at] & 15, buffer[start : start + length]))
        at = start + length
    return found, buffer[at:]


class Guest:
    """One client's one visit. Whatever ends the stream ends the visit."""

    def __init__(self, tally, port, dice):
        self.tally, self.port, self.dice = tally, port, dice
        self.heard = collections.defaultdict(int)  # a talker's last number

    async def listen(self, reader):
        rest = b""
        while data := await reader.read(65536):
            frames, rest = parse_frames(rest + data)
            for opcode, payload in frames:
                if opcode == raw.TEXT and payload[:1] == b"t" and b" " in payload:
                    self.note(*payload.split(b" "))
                elif opcode == raw.CLOSE:
                    self.tally.counts["closed_by_host"] += 1
                self.tally.counts["frames"] += 1

    def note(self, talker, number):
        if talker == b"then":
            return
        if int(number) < self.heard[talker]:  # one send may name somebody twice
            self.tally.disorder.append((talker, int(number), self.heard[talker]))
        self.heard[talker] = int(number)

    async def talk(self, writer):
        for number in range(1, self.dice.randrange(2, 40)):
            text = json.dumps({"action": "talk", "n": number, "pad": "x" * (number % 300)})
            writer.write(raw.frame(raw.TEXT, text.replace(" ", "")))
            if self.dice.random() < 0.3:
                await writer.drain()
                await asyncio.sleep(self.dice.random() * 0.1)
        if self.dice.random() < 0.1:
            writer.write(raw.frame(raw.PING, b"?") + raw.frame(raw.TEXT, b"x", mask=None))

    async def leave(self, writer):
        how = self.dice.choice(("close", "close", "abort", "drop", "half"))
        if how == "close":
            writer.write(raw.frame(raw.CLOSE, raw.close_payload(1000, "bye")))
            await writer.drain()
            await asyncio.sleep(0.2)
        elif how == "half":
            writer.write_eof()
            await asyncio.sleep(0.1)
        elif how == "abort":
            writer.transport.abort()

    async def visit(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(raw.upgrade())
            await writer.drain()
            if self.dice.random() < 0.1:
                return  # not even waiting for the answer
            head = await reader.readuntil(b"\r\n\r\n")
            status = head.split(b" ", 2)[1].decode()
            self.tally.counts["status_" + status] += 1
            if status != "101":
                return
            ears = asyncio.ensure_future(self.listen(reader))
            try:
                await self.talk(writer)
                await self.leave(writer)
            finally:
                ears.cancel()
                await asyncio.gather(ears, return_exceptions=True)
        finally:
            if self.dice.random() < 0.5:
                writer.transport.abort()
            writer.close()


async def keep_visiting(tally, port, number):
    dice = random.Random(number)
    while time.monotonic() < tally.ends_at:
        try:
            await asyncio.wait_for(Guest(tally, port, dice).visit(), 15)
        except (OSError, EOFError, asyncio.TimeoutError):
            tally.counts["cut_off"] += 1
            await asyncio.sleep(0.02)


async def all_visit(tally, port, clients):
    await asyncio.gather(*(keep_visiting(tally, port, n) for n in range(clients)))


def configuration(options):
    return {
        "listen": {"host": "127.0.0.1", "port": 0},
        "workers": options.workers,
        "plugins": [
            {"file": options.plugin, "options": {"forgets": 1} if options.forgets else {}}
        ],
        "limits": {
            "event_ms": LATE_MS,
            "message_bytes": 32768,
            "frame_bytes": 32768,
            "outbox_bytes": 65536,
            "drain_s": 2 if options.forgets else 30,
            "drain_jitter_s": 1,
        },
    }


def rage(options):
    """The program's exit code, the program and the clients' tally."""
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "storm.json")
        config.write_text(json.dumps(configuration(options)))
        program = Program([options.jackfield, "run", "-c", str(config)])
        tally = Tally()
        program.listens.wait(START_SECONDS)
        if not program.port:
            return program.stop(), program, tally
        tally.ends_at = time.monotonic() + options.seconds + 1
        clients = threading.Thread(
            target=lambda: asyncio.run(all_visit(tally, program.port, options.clients))
        )
        clients.start()
        time.sleep(options.seconds)
        code = program.stop()  # while they are still coming
        clients.join()
        return code, program, tally


def judge(options, code, program, tally):
    """(what should be, whether it is, what it is instead) of a run."""
    text = "\n".join(program.lines)
    checks = [
        ("no sanitizer has anything to say", not DISASTERS.search(text), ""),
        ("clients were heard and hear", tally.counts["frames"] > 1000, str(tally.counts)),
        ("a thread's sends keep their order", not tally.disorder, str(tally.disorder[:5])),
    ]
    if options.forgets:  # its threads go on calling while all is taken down
        checks.append(("the program ends with 3", code == 3, f"exit code {code}"))
        return checks
    totals = program.totals()
    wrong = {name: totals[name] for name in MUST_BE_ZERO if totals.get(name)}
    idle = [name for name, n in totals.items() if not n and name not in MUST_BE_ZERO]
    return checks + [
        ("the program ends with 0", code == 0, f"exit code {code}"),
        ("the plugin's books are there", len(totals) > len(MUST_BE_ZERO), str(totals)),
        ("the plugin's books add up", not wrong, str(wrong)),
        ("there was a storm", totals and not idle, f"nothing of {idle}"),
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("jackfield", type=os.path.abspath)
    parser.add_argument("plugin", type=os.path.abspath)
    parser.add_argument("--seconds", type=float, default=7)
    parser.add_argument("--clients", type=int, default=100)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--forgets", action="store_true", help="the plugin, an event")
    options = parser.parse_args()

    code, program, tally = rage(options)
    checks = judge(options, code, program, tally)
    print(f"1..{len(checks)}")
    for number, (name, good, why) in enumerate(checks, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {name}")
        if not good:
            print(f"# {why}")
    print(f"# {program.totals()}\n# {dict(tally.counts)}")
    if all(good for _, good, _ in checks):
        return 0
    print("\n".join(program.lines), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
