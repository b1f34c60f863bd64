"""An application in versions, and a crowd that talks to it while it is replaced."""

import collections
import json
import os
import pathlib
import selectors
import shutil
import socket
import threading

import raw

# A script and a module of its own: an answer has the version of both.
SCRIPT = """\
local jf = require "jackfield"
local part = require "part"
local version = "%(version)s"

local function answer(ev, n)
    return jf.json.encode({ n = n, version = version, again = part.version })
end

return { routes = {
    ask = function(ev) return answer(ev, ev.json.n) end,
    slow = function(ev)
        local n = ev.json.n
        jf.sleep(300)
        return answer(ev, n)
    end,
    tick = function(ev)
        local conn, n = ev.conn, ev.json.n
        local function tick()
            if jf.send(conn, answer(ev, n)) then jf.after(50, tick) end
        end
        jf.after(50, tick)
    end,
    where = function(ev)
        return jf.json.encode({ worker = jf.worker, version = version })
    end,
} }
"""
FAILING = """\
require "part"
local function fail() error("this version fails") end
return { routes = { ask = fail, slow = fail, tick = fail, where = fail } }
"""
PART = 'return { version = "%(version)s" }\n'


class CApp:
    """Versions are built beforehand; a new one is written beside and renamed over."""

    language = "c"

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.main = folder / "app.so"

    def built(self, name):
        return self.build / "tests/flow/plugins" / f"versioned_{name}.so"

    def put(self, version):
        fresh = self.folder / "app.so.new"
        shutil.copyfile(self.built(version), fresh)
        os.rename(fresh, self.main)

    def break_off(self):
        """Half of a file, in place, as a copy that is still going on."""
        self.main.write_bytes(self.built("2").read_bytes()[:6000])

    def break_it(self):
        self.main.write_text("this is no library\n")

    broken = r"app\.so: it is no shared object"
    half = r"app\.so: it is not complete"


class LuaApp:
    language = "lua"

    def __init__(self, build, folder):
        self.folder = folder
        self.main = folder / "app.lua"

    def _replace(self, name, text):
        fresh = self.folder / f"{name}.new"
        fresh.write_text(text)
        os.rename(fresh, self.folder / name)

    def put(self, version):
        if version == "fails":
            self._replace("app.lua", FAILING)
            return
        # The module first: a reload in between has its new version and the old script.
        self._replace("part.lua", PART % {"version": version})
        self._replace("app.lua", SCRIPT % {"version": version})

    def break_off(self):
        self.main.write_text((SCRIPT % {"version": "2"})[:300])

    def break_it(self):
        self.main.write_text("return { routes = { ask = function(ev) ev. end } }\n")

    broken = r"app\.lua:1: .*near 'end'"
    half = r"app\.lua:\d+: .*near"


APPS = {"c": CApp, "lua": LuaApp}


def ask_control(folder, pid, line="reload"):
    """What `jackfield reload` says to a host, and is answered."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(30)
        sock.connect(str(pathlib.Path(folder) / "jackfield" / f"{pid}.sock"))
        sock.sendall(line.encode() + b"\n")
        answer = b""
        while data := sock.recv(4096):
            answer += data
        return answer.decode().strip()


def resident_kib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


class Crowd:
    """Clients that ask and wait for the answer, again and again, in a thread of their own.
    Each numbers its questions; an answer out of turn, twice, or of mixed versions is a
    mistake, and so is the end of a socket."""

    def __init__(self, port, count, *, slow=0):
        self.clients = [raw.Client(port) for _ in range(count)]
        self.slow = set(range(slow))
        self.asked = [0] * count
        self.answers = 0
        self.versions = collections.Counter()
        self.mistakes = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.finish()
        for client in self.clients:
            client.drop()

    def finish(self):
        """Let the last questions be answered."""
        self._stop.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "not all questions were answered"

    def _ask(self, at):
        self.asked[at] += 1
        action = "slow" if at in self.slow else "ask"
        self.clients[at].json(action=action, n=self.asked[at])

    def _hear(self, at, text):
        answer = json.loads(text)
        if answer.get("n") != self.asked[at] or answer["version"] != answer["again"]:
            self.mistakes.append(f"client {at}, question {self.asked[at]}: {text}")
        self.answers += 1
        self.versions[answer["version"]] += 1

    def _run(self):
        selector = selectors.DefaultSelector()
        waiting = set(range(len(self.clients)))
        for at, client in enumerate(self.clients):
            selector.register(client.sock, selectors.EVENT_READ, at)
            self._ask(at)
        try:
            while waiting and not self.mistakes:
                ready = selector.select(30)
                if not ready:
                    self.mistakes.append(f"{len(waiting)} were not answered")
                for key, _ in ready:
                    at = key.data
                    self._hear(at, self.clients[at].recv())
                    if self._stop.is_set():
                        waiting.discard(at)
                        selector.unregister(key.fileobj)
                    else:
                        self._ask(at)
        except Exception as problem:  # noqa: BLE001: it is the test that must hear of it
            self.mistakes.append(repr(problem))
