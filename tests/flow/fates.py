"""Has everybody had one $disconnect? What docs/nodes.md calls gaps is counted apart."""

import collections
import re

# Of a moment before a node died: it may not have told Redis yet, or not heard from it.
MOMENT_S = 1
REPEATS_MAX = 64  # of one who cleaned up and was killed: what was under way

Fate = collections.namedtuple("Fate", "host code reason")


def fates(hosts):
    """What the probes have said, by id."""
    found = collections.defaultdict(list)
    for host in hosts:
        for line in host.lines("disconnect .* code"):
            match = re.search(r"disconnect (\S+) code (\d+) reason ([^\"]*)", line)
            fate = Fate(host, int(match.group(2)), match.group(3).strip())
            found[match.group(1)].append(fate)
    return found


def claims(host):
    """(claimed, cleaned up) of dead nodes."""
    return len(host.lines("event=node_dead")), len(host.lines("event=node_buried"))


def died_digging(hosts):
    """Killed while they cleaned up after another."""
    return [h for h in hosts if h.dead and claims(h)[0] > claims(h)[1]]


class Verdict:
    """`counts` for a report, and `problems`."""

    def __init__(self, people, unnamed, hosts):
        self.counts, self.problems = collections.Counter(), []
        self.diggers = died_digging(hosts)
        found = fates(hosts)
        for person in people.values():
            self.judge(person, found.pop(person.id, []))
        for conn, seen in found.items():
            self.counts["of unnamed connections"] += 1
            if len(seen) > 1:
                self.judge_repeat(conn, seen, None)
        if len(found) > unnamed:
            self.problems.append(
                f"{len(found)} $disconnects of {unnamed} connections without a name"
            )
        allowed = REPEATS_MAX * len(self.diggers)
        if self.counts["repeated, a reaper was killed"] > allowed:
            self.problems.append(f"a reaper repeats at most {REPEATS_MAX}")

    def judge(self, person, seen):
        if not seen:
            self.judge_none(person)
        elif len(seen) > 1:
            self.judge_repeat(person.id, seen, person)
        else:
            self.counts["once"] += 1
            self.judge_reason(person, seen[0])

    def judge_none(self, person):
        died = person.host.dying
        if died and person.how == "lost" and person.since > died - MOMENT_S:
            self.counts["missing, its node was killed as it came"] += 1
        else:
            self.counts["missing"] += 1
            self.problems.append(f"{person.id} ({person.how}) has no $disconnect")

    def judge_repeat(self, conn, seen, person):
        hosts = [fate.host for fate in seen]
        died = person and person.host.dying
        if died and person.host in hosts and person.ended > died - MOMENT_S:
            self.counts["repeated, its node was killed as it went"] += 1
        elif len(set(hosts)) == 2 and any(host in self.diggers for host in hosts):
            self.counts["repeated, a reaper was killed"] += 1
        elif not person and any(host.dead for host in hosts):
            self.counts["repeated, its node was killed as it went"] += 1
        else:
            self.counts["repeated"] += 1
            self.problems.append(f"{conn} has {len(seen)}: {[s[1:] for s in seen]}")

    def judge_reason(self, person, fate):
        """Of one whose node lives and has run it."""
        if person.how == "lost" or fate.host is not person.host:
            right = (1006, "node lost")
            died = person.host.dying
            if person.how != "lost" and not (died and person.ended > died - MOMENT_S):
                self.problems.append(f"{person.id} ({person.how}) ended elsewhere")
            if fate.host is person.host:  # it saw the end of the stream before its own
                return
        elif person.how == "close":
            right = (1000, "")
        else:
            right = (1006, fate.reason)
        if (fate.code, fate.reason) != right:
            self.problems.append(f"{person.id} ({person.how}) ended as {fate[1:]}")
