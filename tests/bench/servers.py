"""Starting what is measured, pointing the load generator at it, and noticing deaths."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

from rows import FAN, HANDLERS, HANDSHAKE, IDLE, LIMITED_SERVERS, POST

OPTIONAL = ("http.so", "jwt.so")  # not in every build
BINARIES = ("jackfield", "echo.so", "crowd.so", "fan.so", "far.so", "ops.so", "own.so", "load",
            "posts", "yard_epoll", "yard_http", "yard_lws")
PLUGINS = {FAN: "fan.so", HANDSHAKE: "fan.so", POST: "far.so"}  # else echo.so
SCRIPTS = {"lua": "echo.lua", "lua_json": "decode.lua"}
HERE = pathlib.Path(__file__).resolve().parent

ENOUGH = "1000000000/1000000000"
LIMITS = {
    "origins": ["https://app.example"],
    "rates": {
        "connects": {"address": ENOUGH, "stage": ENOUGH},
        "connections": {"address": 1000000},
        "messages": {"connection": ENOUGH, "address": ENOUGH, "stage": ENOUGH,
                     "routes": {"echo": ENOUGH}},
        "bytes": {"connection": ENOUGH, "address": ENOUGH, "stage": ENOUGH},
    },
    "models": {"echo": {"type": "object", "required": ["action"],
                        "properties": {"action": {"type": "string"}}}},
}

START_S, STOP_S = 10, 5


class Failed(Exception):
    """A measurement that is worth nothing."""


def find_binaries(build):
    found = {}
    for folder, folders, files in os.walk(build):
        folders.sort()
        for name in files:
            if name in BINARIES + OPTIONAL:
                found.setdefault(name, str(pathlib.Path(folder, name).resolve()))
    missing = [name for name in BINARIES if name not in found]
    if missing:
        raise Failed(f"not found beneath {build}: {', '.join(missing)}")
    return found


def is_built(name, build):
    return any(name in files for _, _, files in os.walk(build))


class Placement:
    """The server has the first CPUs, one per worker, and the load generator the next."""

    def __init__(self, workers):
        cpus = sorted(os.sched_getaffinity(0))
        self.server = set(cpus[:workers])
        self.load = {cpus[workers] if workers < len(cpus) else cpus[-1]}

    def __str__(self):
        shared = ", which they share" if self.load & self.server else ""
        return f"server on CPU {numbers(self.server)}, load on CPU {numbers(self.load)}{shared}"


def numbers(cpus):
    return ", ".join(str(cpu) for cpu in sorted(cpus))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Listener:
    """`with` it: it listens; afterwards it has ended, as it should."""

    start_s = START_S
    ends_well = True  # with code 0, when it is asked to

    def __init__(self, name, placement):
        self.name = name
        self.port = free_port()
        self.placement = placement
        self.command = []

    def __enter__(self):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            preexec_fn=lambda: os.sched_setaffinity(0, self.placement.server))
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.end()
            raise
        return self

    def wait_until_it_listens(self):
        deadline = time.monotonic() + self.start_s
        while time.monotonic() < deadline:
            self.check_alive()
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise self.failure("does not listen")

    def check_alive(self):
        code = self.process.poll()
        if code is not None:
            raise self.failure(f"died with code {code}")

    def failure(self, what):
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").splitlines()[-10:]
        return Failed("\n    ".join([f"{self.name} {what}", *lines]))

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = "none in time"
        return code

    def __exit__(self, kind, error, trace):
        code = self.end()
        try:
            if kind is None and self.ends_well and code != 0:
                raise self.failure(f"was asked to stop; exit code: {code}")
        finally:
            self.log.close()


class Server(Listener):
    """What is alone: a yardstick, or the gateway with its defaults."""

    def __init__(self, name, row, found, placement, workers):
        super().__init__(name, placement)
        self.ends_well = name == "jackfield" or name in HANDLERS + LIMITED_SERVERS
        self.config = None
        self.command = self.command_for(row, found, workers)

    def command_for(self, row, found, workers):
        if self.name in LIMITED_SERVERS:
            return [found["jackfield"], "run", "-c", self.write_config(found, workers)]
        if self.ends_well:
            plugin = found[PLUGINS.get(row.group, "echo.so")]
            if self.name in SCRIPTS:
                plugin = str(HERE / SCRIPTS[self.name])
            return [found["jackfield"], "run", plugin, "--port", str(self.port),
                    "--workers", str(workers)]
        options = ["--fan"] if row.group == FAN else []
        return [found["yard_" + self.name], *options, str(self.port)]


    def write_config(self, found, workers):
        """Limits that are all looked at, and never reached."""
        stage = {"plugins": [found["echo.so"]], **(LIMITS if self.name == "rated" else {})}
        self.config = tempfile.NamedTemporaryFile("w", suffix=".json")
        json.dump({"listen": {"port": self.port}, "workers": workers,
                   "stages": {"$default": stage}}, self.config)
        self.config.flush()
        return self.config.name


def posts_command(row, server, found, warm_up, seconds):
    command = [found["posts"], "-p", str(server.port), "-P", str(server.process.pid),
               "-c", str(row.connections), "-s", str(row.size), "-w", str(warm_up),
               "-t", str(seconds)]
    delivers = server.name not in ("http", "proxy") and row.action != "gone"
    return [*command, "-i"] if delivers else command


def load_command(row, ports, processes, found, warm_up, seconds):
    command = [found["load"], "-c", str(row.connections), "-d", str(row.depth),
               "-w", str(warm_up), "-t", str(seconds)]
    for port in ports:
        command += ["-p", str(port)]
    for process in processes:
        command += ["-P", str(process.pid)]
    if row.active:
        command += ["-k", str(row.active)]
    if row.scene not in (HANDSHAKE, IDLE):
        command += ["-s", str(row.size)]
    if row.rate:
        command += ["-r", str(row.rate)]
    if row.action:
        command += ["-A", row.action]
    return [*command, row.scene]


def run_load(command, row, placement, seconds, listeners):
    """What it reports. If it fails, so does the measurement, and the first one that listens
    may have said why."""
    ran = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        timeout=120 + seconds,
        preexec_fn=lambda: os.sched_setaffinity(0, placement.load))
    for listener in listeners:
        listener.check_alive()
    if ran.returncode != 0:
        raise listeners[0].failure(f"at {row.name}: {ran.stderr.strip()}")
    return json.loads(ran.stdout)


def measure(row, name, found, placement, workers, warm_up, seconds):
    """One run of one row against one server; what the load generator reports."""
    with Server(name, row, found, placement, workers) as server:
        if row.group == POST:
            command = posts_command(row, server, found, warm_up, seconds)
        else:
            command = load_command(row, [server.port], [server.process], found, warm_up,
                                   seconds)
        return run_load(command, row, placement, warm_up + seconds, [server])
