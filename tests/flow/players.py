"""Clients on several nodes that do at random what clients do, and know what must be true.

Each player is a thread with clients of its own, spread over the nodes. What it asks about an
attribute or a group is about one of its own, here or on another node; a message goes to
anybody's. The book has what all of them know; what should not be stands in its problems.
"""

import collections
import json
import random
import select
import signal
import threading
import time

import raw

ATTRS = ("note", "place", "mood")
GROUPS = 16
GROUP_NAMES = [f"g{i}" for i in range(GROUPS)]
ANSWER_S = 15  # within which the probe must have answered anything
KNOWN_S = 1  # after which a round trip to Redis, or to a node, is surely over
HEARD_S = 10  # after which a message has surely arrived, and been read
LOST = (raw.Closed, ConnectionError, OSError)

# What a player does next, and how often.
MIX = {
    "then": 22,
    "sendto": 22,
    "gsend": 12,
    "join": 8,
    "leave": 8,
    "set": 10,
    "get": 10,
    "close": 4,
    "reset": 4,
}


def now():
    return time.monotonic()


class Place:
    """Where a node runs; `host` is its present life, None between two, `lives` are all."""

    def __init__(self, start):
        self.start = start  # makes a host that serves
        self.host, self.lives = None, []

    def begin(self):
        host = self.start()
        host.dying = host.dead = None
        self.lives.append(host)
        self.host = host

    def kill(self):
        """Without a word."""
        host, self.host = self.host, None
        host.expected_exit = -signal.SIGKILL
        host.dying = now()
        host.kill()
        host.dead = now()
        host.stop()


class Person:
    """One connection, and what is true of it."""

    def __init__(self, host, since):
        self.host, self.since = host, since
        self.id = self.client = None
        self.attrs, self.groups = {}, {}  # a group: since when
        self.doubts = set()  # ("attr" or "group", name): asked, and not known how it went
        self.heard, self.expected = set(), {}  # numbers of messages
        self.leaving = self.ended = self.how = None

    @property
    def alive(self):
        """And nobody is about to end it."""
        return self.id and not self.leaving and not self.host.dying


class Book:
    """What all players know. Lists and counts are changed under the lock."""

    def __init__(self, places):
        self.places = places
        self.lock = threading.Lock()
        self.people = {}  # everybody who ever was, by id
        self.live = []
        self.past = collections.deque(maxlen=500)
        self.unnamed = 0  # who may have been admitted, and did not live to learn the id
        self.number = 0
        self.counts = collections.Counter()
        self.problems = []
        self.troubles = []  # [from, to] with Redis away; to None: until now
        self.tolerant = False  # of what is answered when all seems well, for now

    def problem(self, text):
        with self.lock:
            self.counts["problems"] += 1
            if len(self.problems) < 50:
                self.problems.append(text)

    def count(self, what):
        with self.lock:
            self.counts[what] += 1

    def next_number(self):
        with self.lock:
            self.number += 1
            return self.number

    def admit(self, person):
        with self.lock:
            self.people[person.id] = person
            self.live.append(person)

    def remove(self, person, how):
        with self.lock:
            person.how, person.ended = how, now()
            person.leaving = person.leaving or person.ended
            self.live.remove(person)
            self.past.append(person)
            person.expected, person.heard = {}, set()
            self.counts[f"ends by {how}"] += 1

    def anybody(self, rng):
        with self.lock:
            if self.past and (not self.live or rng.random() < 0.1):
                return rng.choice(self.past)
            return rng.choice(self.live) if self.live else None

    def everybody(self):
        with self.lock:
            return list(self.live)

    def members(self, group, before):
        with self.lock:
            return [p for p in self.live if p.groups.get(group, before) < before]

    def troubled(self, start, end):
        """Was Redis away then, or just before or after?"""
        return any(
            start < (until or end) + 3 * KNOWN_S and end > since - KNOWN_S
            for since, until in self.troubles
        )

    def trouble(self, begins):
        if begins:
            self.troubles.append([now(), None])
        else:
            self.troubles[-1][1] = now()


class Player(threading.Thread):
    def __init__(self, book, seed, clients, rate):
        super().__init__(daemon=True)
        self.book, self.rng = book, random.Random(seed)
        self.quota, self.pause = clients, 1 / rate
        self.mine = []
        self.shouts = collections.deque()  # group sends whose arrival is to be checked
        self.wanted, self.resting = threading.Event(), threading.Event()
        self.over = threading.Event()

    # -- the day

    def run(self):
        try:
            while not self.over.is_set():
                if self.wanted.is_set():
                    self.rest()
                self.turn()
            self.settle()
            for person in list(self.mine):
                self.do_close(person)
        except Exception as error:  # noqa: BLE001 - a thread has nobody to tell
            self.book.problem(f"a player failed: {error!r}")

    def rest(self):
        """So that somebody can compare; what is doubtful is made sure before."""
        self.settle()
        self.resting.set()
        while self.wanted.is_set() and not self.over.is_set():
            self.listen()
            time.sleep(0.02)
        self.resting.clear()

    def turn(self):
        until = now() + self.pause
        self.listen()
        self.check_shouts()
        if len(self.mine) < self.quota and self.rng.random() < 0.5:
            self.connect()
        elif self.mine:
            verb = self.rng.choices(list(MIX), MIX.values())[0]
            getattr(self, "do_" + verb)(self.rng.choice(self.mine))
        time.sleep(max(0, until - now()))

    # -- coming and going

    def connect(self):
        hosts = [place.host for place in self.book.places if place.host]
        if not hosts:
            return
        person = Person(self.rng.choice(hosts), now())
        group = self.rng.randrange(2 * GROUPS)
        path = f"/?group=g{group}" if group < GROUPS else "/"
        try:
            person.client = person.host.client(path)
            person.id = person.client.ask("whoami", timeout=ANSWER_S)["id"]
        except ConnectionRefusedError:
            if not person.host.dying:
                self.book.problem("a node that lives does not listen")
            return
        except raw.Refused as error:
            self.book.problem(f"a newcomer was refused: {error}")
            return
        except LOST as error:
            self.book.count("unnamed")
            if not person.host.dying:
                self.book.problem(f"a newcomer was lost: {error!r}")
            return
        if group < GROUPS:
            person.groups[f"g{group}"] = now()
        self.mine.append(person)
        self.book.count("connects")
        self.book.admit(person)

    def lose(self, person, error):
        """The stream broke, which is only right if the node is dead."""
        if person not in self.mine:
            return
        self.mine.remove(person)
        if not person.host.dying:
            self.book.problem(f"{person.id} was lost, and its node lives: {error!r}")
        self.book.remove(person, "lost")
        person.client.drop()

    def do_close(self, person):
        person.leaving = now()
        try:
            self.hear_the_rest(person)
            person.client.close()
        except LOST as error:
            self.lose(person, error)
        except AssertionError as error:
            self.book.problem(f"{person.id} was not closed well: {error}")
            person.client.drop()
        if person in self.mine:
            self.mine.remove(person)
            self.book.remove(person, "close")

    def do_reset(self, person):
        person.leaving = now()
        person.client.reset()
        self.mine.remove(person)
        self.book.remove(person, "reset")

    # -- hearing

    def listen(self):
        poll, known = select.poll(), {}
        for person in self.mine:
            known[person.client.sock.fileno()] = person
            poll.register(person.client.sock, select.POLLIN)
        for file, _ in poll.poll(0):
            self.hear(known[file])
        for person in list(self.mine):
            self.note(person)

    def hear(self, person):
        try:
            while person.client.readable(0):
                opcode, payload = person.client.read_message(ANSWER_S)
                if opcode != raw.TEXT:
                    self.book.problem(f"{person.id} was told to close: {payload!r}")
                    raise raw.Closed("a close frame")
                person.client.others.append(payload.decode())
        except LOST as error:
            self.note(person)
            self.lose(person, error)

    def note(self, person):
        others = person.client.others
        while others:
            self.heard(person, others.popleft())

    def heard(self, person, text):
        try:
            number, to = json.loads(text)
        except ValueError:
            self.book.problem(f"{person.id} heard {text[:100]!r}")
            return
        if number in person.heard:
            self.book.problem(f"{person.id} heard message {number} twice")
        if to not in GROUP_NAMES and to != person.id:
            self.book.problem(f"{person.id} heard what was for {to}")
        person.heard.add(number)
        self.book.count("heard")

    def hear_the_rest(self, person):
        """What others were told has been sent, they have to have been told rightly."""
        deadline = now() + HEARD_S
        while True:
            self.hear(person)
            if person not in self.mine:
                return
            self.note(person)
            missing = self.missing(person)
            if not missing:
                return
            if now() > deadline:
                self.book.problem(f"{person.id} never heard {sorted(missing)}")
                return
            time.sleep(0.005)

    def missing(self, person):
        return {
            (number, verb)
            for number, (verb, asked, answered, sender) in list(person.expected.items())
            if answered < person.leaving
            and number not in person.heard
            and (verb == "then" or not self.may_vanish(asked, answered, sender))
        }

    def may_vanish(self, asked, answered, sender):
        """A batch goes down with its node, or with Redis."""
        died_then = sender.dying and sender.dying < answered + KNOWN_S
        return died_then or self.book.troubled(asked, answered)

    # -- asking

    def ask(self, asker, verb, target=None, **what):
        """(status, answer, when it was asked and answered); "lost" is no answer."""
        asked = now()
        if target:
            what["to"] = target.id
        try:
            answer = asker.client.ask(verb, timeout=ANSWER_S, **what)
            status = answer["status"]
        except TimeoutError:
            self.book.problem(f"no answer to {verb}")
            answer, status = {}, "silence"
        except LOST as error:
            self.lose(asker, error)
            answer, status = {}, "lost"
        except AssertionError as error:
            self.book.problem(f"{asker.id} asked {verb} and was told {error}")
            self.lose(asker, error)
            answer, status = {}, "lost"
        self.book.count(f"{verb}: {status}")
        if status != "lost":
            self.check_status(verb, status, asker, target, (asked, now()))
        return status, answer, (asked, now())

    def check_status(self, verb, status, asker, target, when):
        asked, answered = when
        what = f"{verb} from {asker.id}" + (f" to {target.id}" if target else "")
        if status == "gone" and (not target or target.alive):
            self.book.problem(f"{what}: gone, but it is there")
        elif status in ("timeout", "unavailable", "full"):
            if not self.is_excused(target, asked, answered):
                self.book.count(f"unexplained: {verb} {status}")
        elif status == "ok" and target and self.is_surely_gone(target, asked):
            if verb != "sendto":  # that is only on its way
                self.book.problem(f"{what}: ok, but it had ended ({target.how})")
        elif status not in ("ok", "gone", "not_found"):
            self.book.problem(f"{what}: {status}")

    def is_excused(self, target, asked, answered):
        return (target and target.host.dying) or self.book.troubled(asked, answered)

    @staticmethod
    def is_surely_gone(target, asked):
        if target.how == "lost":
            return target.host.dead and target.host.dead < asked
        # The other side learns of a reset a moment later.
        slack = KNOWN_S if target.how == "reset" else 0
        return target.ended and target.ended + slack < asked

    # -- messages

    def message(self, asker, verb):
        target = self.book.anybody(self.rng)
        if not target:
            return
        number = self.book.next_number()
        text = json.dumps([number, target.id])
        status, _, (asked, answered) = self.ask(asker, verb, target, text=text)
        if status == "ok" and target.alive:
            target.expected[number] = (verb, asked, answered, asker.host)

    def do_then(self, asker):
        self.message(asker, "then")

    def do_sendto(self, asker):
        self.message(asker, "sendto")

    def do_gsend(self, asker):
        group = f"g{self.rng.randrange(GROUPS)}"
        number = self.book.next_number()
        listeners = self.book.members(group, now() - KNOWN_S)
        text = json.dumps([number, group])
        status, _, when = self.ask(asker, "gsend", group=group, text=text)
        if status == "ok":
            self.shouts.append((number, group, listeners, when, asker.host))

    def check_shouts(self):
        """Who was in the group all the while has heard it."""
        while self.shouts and self.shouts[0][3][1] + HEARD_S < now():
            number, group, listeners, when, sender = self.shouts.popleft()
            if self.may_vanish(*when, sender):
                continue
            for person in listeners:
                stayed = person.groups.get(group, now()) < when[0]
                if stayed and number not in person.heard and person.alive:
                    self.book.problem(f"{person.id} in {group} did not hear {number}")

    # -- attributes and groups, of one's own

    def own(self, asker):
        return asker if self.rng.random() < 0.3 else self.rng.choice(self.mine)

    def do_set(self, asker):
        target, key = self.own(asker), self.rng.choice(ATTRS)
        value = str(self.rng.randrange(1 << 40))
        status, _, _ = self.ask(asker, "set", target, key=key, value=value)
        self.learn(target, "attr", key, status, lambda: target.attrs.update({key: value}))

    def do_get(self, asker):
        target, key = self.own(asker), self.rng.choice(ATTRS)
        status, answer, _ = self.ask(asker, "get", target, key=key)
        if ("attr", key) in target.doubts or not target.alive:
            return
        right = target.attrs.get(key)
        if status == "ok" and answer["value"] != right:
            self.book.problem(f"{key} of {target.id} is {answer['value']}, not {right}")
        if status == "not_found" and right is not None:
            self.book.problem(f"{key} of {target.id} has vanished")

    def do_join(self, asker):
        target, group = self.own(asker), f"g{self.rng.randrange(GROUPS)}"
        status, _, _ = self.ask(asker, "join", target, group=group)
        self.learn(
            target, "group", group, status, lambda: target.groups.setdefault(group, now())
        )

    def do_leave(self, asker):
        target = self.own(asker)
        if not target.groups:
            return
        group = self.rng.choice(list(target.groups))
        since = target.groups.pop(group)  # from now on it need not hear
        status, _, _ = self.ask(asker, "leave", target, group=group)
        if status not in ("ok", "gone"):
            target.groups[group] = since
        self.learn(target, "group", group, status, lambda: None)

    def learn(self, target, kind, name, status, apply):
        if status == "ok":
            apply()
        elif status != "gone":
            target.doubts.add((kind, name))
            if kind == "group":
                target.groups.pop(name, None)

    def settle(self):
        """At home it always works."""
        for person in list(self.mine):
            for kind, name in list(person.doubts):
                if kind == "attr":
                    status, _, _ = self.ask(person, "set", key=name, value="settled")
                    person.attrs[name] = "settled"
                else:
                    status, _, _ = self.ask(person, "leave", group=name)
                    person.groups.pop(name, None)
                if status == "ok":
                    person.doubts.discard((kind, name))


# ---- Everybody ----------------------------------------------------------------------------


class Crowd:
    """All players of some places."""

    def __init__(self, places, seed, *, players=6, clients=50, rate=60):
        self.book = Book(places)
        self.players = [
            Player(self.book, seed * 1000 + i, clients, rate) for i in range(players)
        ]
        self.size = players * clients

    def start(self):
        for player in self.players:
            player.start()

    def hold_still(self):
        for player in self.players:
            player.wanted.set()
        for player in self.players:
            if not player.resting.wait(6 * ANSWER_S) and player.is_alive():
                self.book.problem("a player does not come to rest")

    def go_on(self):
        for player in self.players:
            player.wanted.clear()

    def finish(self):
        """All of them end their connections, each by a close frame."""
        for player in self.players:
            player.over.set()
        for player in self.players:
            player.join(60 + HEARD_S)
            if player.is_alive():
                self.book.problem("a player does not come to an end")
