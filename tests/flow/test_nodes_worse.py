"""What breaks while something else is broken, or while everybody is busy."""

import contextlib
import signal
import threading
import time

import fates
import pytest
from directory import differences
from nodes import LEASE_MS, TROUBLE, disconnects, number_of, server, store  # noqa: F401
from players import Crowd, Person, Place

LEASE_S = LEASE_MS / 1000
ABOUT_HOST = "it takes its time, and is about the host"

# A $disconnect that takes its time, so that one who runs them is caught over it.
SLOW_APP = """\
local jf = require "jackfield"
return { routes = {
    whoami = function(ev)
        return jf.json.encode { re = "whoami", tag = ev.json.tag, id = ev.conn }
    end,
    ["$connect"] = function(ev) return jf.group.join("g", ev.conn) end,
    ["$disconnect"] = function(ev)
        jf.log.info("disconnect %s code %d reason %s", ev.conn, ev.code, ev.reason)
        jf.sleep(200)
    end,
} }
"""


@pytest.fixture
def start(server, host):
    """start() is one node, with the probe or what is named."""

    def one(plugin="probe", **more):
        whole = host.config((plugin,), store(server), 2)
        node = host.run("run", "-c", host.write({**whole, **more}))
        node.may_log(TROUBLE, "event=answer_lost")
        node.ready()
        node.wait_log("event=relay_listening")
        return node

    return one


# ---- A reaper dies -------------------------------------------------------------------------


def slow_nodes(start, folder):
    script = folder / "slow.lua"
    script.write_text(SLOW_APP)
    return [start(str(script)) for _ in range(3)]


def whoever_claims(nodes, eventually):
    def found():
        return [node for node in nodes if node.lines("event=node_dead")]

    return eventually(found, timeout=5 * LEASE_S)[0]


def kill(node):
    node.expected_exit = -signal.SIGKILL
    node.signal(signal.SIGKILL)
    node.process.wait(10)


@pytest.mark.only("lua", reason=ABOUT_HOST)
def test_who_cleans_up_may_die_over_it(start, server, stack, eventually, tmp_path):
    count = 1000
    dying, *others = slow_nodes(start, tmp_path)
    clients = [stack.enter_context(dying.client()) for _ in range(count)]
    ids = {client.id for client in clients}
    eventually(lambda: server.ask().scard("jf:g:$default/g") == count)
    kill(dying)

    first = whoever_claims(others, eventually)
    (second,) = [node for node in others if node is not first]
    eventually(lambda: len(disconnects([first])) >= count / 4, pause=0.01)
    kill(first)
    begun = len(disconnects([first]))
    assert begun < count
    assert not first.lines("event=node_buried")

    second.wait_log("event=node_buried", timeout=60)
    eventually(lambda: fates.fates(others).keys() == ids)
    found = fates.fates(others)
    repeated = [conn for conn, seen in found.items() if len(seen) > 1]
    assert len(repeated) <= fates.REPEATS_MAX
    for conn, seen in found.items():
        assert {fate[1:] for fate in seen} == {(1006, "node lost")}
        assert len(seen) == len({fate.host for fate in seen}), f"{conn}, twice on one node"
    # The first one had no connections: to bury it is nothing but its number.
    eventually(lambda: server.ask().hlen("jf:nodes") == 1, timeout=5 * LEASE_S)
    assert server.ask().scard("jf:g:$default/g") == 0
    own = {f"jf:{key}:{number_of(second)}" for key in ("alive", "m")}
    assert server.keys() <= own | {"jf:nodes", "jf:awake", "jf:quiet", "jf:looked"}


# ---- Redis, and everybody is busy ----------------------------------------------------------


@pytest.fixture
def busy(start, eventually):
    """Three nodes with some hundred clients that are up to something; and when all have
    gone, each has had its $disconnect."""
    places = [Place(start) for _ in range(3)]
    for place in places:
        place.begin()
    crowd = Crowd(places, seed=7, players=6, clients=50, rate=80)
    crowd.places = places
    crowd.start()
    eventually(lambda: len(crowd.book.everybody()) > 0.9 * crowd.size, timeout=30)
    yield crowd
    for place in places:
        assert place.host.process.poll() is None, place.host.text()[-8000:]
    crowd.finish()
    hosts = [place.host for place in places]
    book = crowd.book

    def verdict():
        return fates.Verdict(book.people, book.counts["unnamed"], hosts)

    with contextlib.suppress(AssertionError):
        eventually(lambda: not verdict().problems, timeout=15)
    assert not verdict().problems
    assert not book.problems, "\n".join(book.problems)


def as_true_as_ever(crowd, server, eventually, timeout):
    """Nobody does anything, and Redis is as it should be within that time."""
    crowd.hold_still()
    numbers = {place.host: number_of(place.host) for place in crowd.places}
    eventually(
        lambda: not differences(server, crowd.book.everybody(), numbers), timeout=timeout
    )
    crowd.go_on()


def assert_nobody_was_lost(crowd):
    assert crowd.book.counts["ends by lost"] == 0
    assert crowd.book.counts["unnamed"] == 0
    for place in crowd.places:
        assert not place.host.lines("event=number_lost|event=node_dead")


def all_listen(server, crowd):
    channels = [f"jf:to:{number_of(place.host)}" for place in crowd.places]
    return all(count == 1 for _, count in server.ask().pubsub_numsub(*channels))


@pytest.mark.only("c", reason=ABOUT_HOST)
def test_redis_dies_while_all_are_busy(busy, server, eventually):
    time.sleep(2)
    before = busy.book.counts["connects"]
    for _ in range(2):
        busy.book.trouble(begins=True)
        server.kill()
        time.sleep(1.5)
        server.start()
        eventually(lambda: all_listen(server, busy), timeout=15)
        busy.book.trouble(begins=False)
        as_true_as_ever(busy, server, eventually, timeout=5)
        time.sleep(3)  # and what is asked now has to be answered well
    assert busy.book.counts["connects"] > before + 50
    assert busy.book.counts["then: unavailable"] > 0
    assert_nobody_was_lost(busy)


def guest(crowd, place, stack):
    """A client of ours, of whom the book knows that it will say goodbye."""
    person = Person(place.host, time.monotonic())
    person.client = stack.enter_context(place.host.client())
    person.id, person.how = person.client.id, "close"
    crowd.book.people[person.id] = person
    return person.client


@pytest.mark.only("c", reason=ABOUT_HOST)
def test_what_redis_swallows_is_answered_once(start, server, stack, eventually):
    """Redis' time and that of the question are up in the same moment."""
    one, other = start(), start()
    clients = [stack.enter_context(one.client()) for _ in range(100)]
    to = stack.enter_context(other.client()).id
    assert clients[0].ask("get", to=to, key="none")["status"] == "not_found"
    server.pause()
    for turn in range(5):
        verb = ("get", "then")[turn % 2]
        for client in clients:
            client.tell(verb, to=to, key="none", text="x")
            time.sleep(0.003)  # so that each is in a batch of its own
        for client in clients:
            answer = client.recv_json()
            assert answer["re"] == verb
            assert answer["status"] in ("timeout", "unavailable")
    server.resume()
    for client in clients:
        client.silence(0)


class Patience:
    """How long the slowest answer has taken."""

    def __init__(self, client, other):
        self.client, self.other = client, other
        self.over = threading.Event()
        self.statuses, self.longest = {}, 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        questions = {
            "then": {"to": self.other.id, "text": '[0, "g0"]'},
            "get": {"to": self.other.id, "key": "note"},
            "join": {"to": self.other.id, "group": "quiet"},
            "count": {"group": "g0"},
            "gsend": {"group": "nobody", "text": "x"},
        }
        while not self.over.is_set():
            for verb, what in questions.items():
                asked = time.monotonic()
                answer = self.client.ask(verb, **what)
                self.longest = max(self.longest, time.monotonic() - asked)
                self.statuses.setdefault(verb, []).append(answer["status"])
            time.sleep(0.05)

    def finish(self):
        self.over.set()
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.statuses


@pytest.mark.only("c", reason=ABOUT_HOST)
def test_redis_holds_still_for_long_while_all_are_busy(busy, server, stack, eventually):
    asker, other = (guest(busy, place, stack) for place in busy.places[:2])
    busy.book.trouble(begins=True)
    server.pause()
    time.sleep(2 * LEASE_S)  # in which all learn of it
    patience = Patience(asker, other)
    before = busy.book.counts["connects"]
    time.sleep(30 - 2 * LEASE_S)
    for verb, statuses in patience.finish().items():
        assert set(statuses) <= {"unavailable", "timeout"}, verb
    assert patience.longest < 2  # store.timeout_ms is 500, and the machine is busy
    assert busy.book.counts["connects"] > before + 100  # newcomers are admitted
    server.resume()
    eventually(lambda: asker.ask("then", to=other.id, text="x")["status"] == "ok", timeout=15)
    time.sleep(2 * LEASE_S)
    busy.book.trouble(begins=False)
    asker.close()
    other.close()
    as_true_as_ever(busy, server, eventually, timeout=5)
    time.sleep(3)
    assert_nobody_was_lost(busy)
