"""Starts the real program for a test, reads its log, and sees that it ends well.

Whatever talks to a handler does so in every language: a test that uses `host`, `standing`
or `plugin` runs once with NAME.so and once with NAME.lua.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import raw  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_SECONDS, STOP_SECONDS = 30, 30
LANGUAGES = {"c": ".so", "lua": ".lua"}

# Any of these in what the program wrote fails the test, whatever the exit code.
DISASTERS = re.compile(
    r"AddressSanitizer|LeakSanitizer|ThreadSanitizer|runtime error:|check_failed"
)
# Lines an operator would have to read; a test that provokes them says so.
UNWELCOME = re.compile(r"level=(warn|error)\b")


def pytest_addoption(parser):
    parser.addoption("--jackfield", help="the program to test")
    parser.addoption("--build", help="the build folder, where the plugins are")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "only(language, reason): it is about what the others do not have"
    )


def pytest_generate_tests(metafunc):
    if "language" not in metafunc.fixturenames:
        return
    only = metafunc.definition.get_closest_marker("only")
    assert not only or only.kwargs["reason"]
    spoken = only.args if only else LANGUAGES
    metafunc.parametrize("language", spoken, indirect=True, scope="module")


@pytest.fixture(scope="module")
def language(request, build):
    """What the plugins of this test are written in: "c" or "lua"."""
    if request.param == "lua" and not (build / "plugins/lua.so").exists():
        pytest.skip("the engine of Lua is not built")
    return request.param


@pytest.fixture(scope="session")
def build(request):
    folder = request.config.getoption("--build")
    assert folder, "say --build FOLDER"
    folder = pathlib.Path(folder).resolve()
    os.environ["JACKFIELD_PLUGIN_PATH"] = str(folder / "plugins")  # of the engine of Lua
    return folder


@pytest.fixture(scope="session")
def jackfield(request, build):
    path = request.config.getoption("--jackfield") or build / "core/cli/jackfield"
    return pathlib.Path(path).resolve()


@pytest.fixture(scope="module")
def plugin(build, language):
    """A plugin's path by its name, in the language of the test; one of `like`, if that is
    part of its path."""

    def find(name, like=""):
        file = name + LANGUAGES[language]
        found = [p for p in build.rglob(file) if like in str(p)]
        assert len(found) == 1, f"{file} is {found or 'nowhere'} in {build}"
        return str(found[0])

    return find


def environment(leaks=True):
    env = dict(os.environ)
    env["ASAN_OPTIONS"] = f"detect_leaks={int(leaks)}:abort_on_error=0:exitcode=99"
    env["LSAN_OPTIONS"] = f"suppressions={ROOT}/tests/flow/lsan.supp:print_suppressions=0"
    env["UBSAN_OPTIONS"] = "print_stacktrace=1:halt_on_error=1:exitcode=99"
    env["TSAN_OPTIONS"] = "halt_on_error=0:exitcode=99"
    return env


class Host:
    """One run of the program. `port` is where it listens; `log` holds its lines."""

    def __init__(self, command, *, unfinished=False, extra_env=None, **popen):
        """`unfinished`: events are left unfinished on purpose, so that it ends with 3, and
        with whatever those hold."""
        self.command = [str(part) for part in command]
        self.log = []
        self.port = None
        self.url = None
        self.checked = False
        self.expected_exit = 3 if unfinished else 0
        # How many files may be open is the machine's business, not the test's.
        self.expected_lines = ["event=few_open_files|event=connections_limited"]
        if unfinished:
            self.expected_lines.append("event=unfinished|event=not_released")
        self._news = threading.Condition()
        self._ended = False
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**environment(leaks=not unfinished), **(extra_env or {})},
            **popen,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._news:
                self.log.append(line.decode(errors="replace").rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    # -- the log

    def text(self):
        with self._news:
            return "\n".join(self.log)

    def lines(self, pattern):
        with self._news:
            return [line for line in self.log if re.search(pattern, line)]

    def wait_log(self, pattern, *, count=1, timeout=START_SECONDS):
        """The `count`th line that matches; fails when the program ends without it."""
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                found = [line for line in self.log if re.search(pattern, line)]
                if len(found) >= count:
                    return found[count - 1]
                left = deadline - time.monotonic()
                if self._ended or left <= 0:
                    why = "the program ended" if self._ended else "time is up"
                    raise AssertionError(
                        f"no log line {pattern!r}: {why}\n" + "\n".join(self.log)
                    )
                self._news.wait(left)

    def may_log(self, *patterns):
        """Warnings and errors a test provokes on purpose."""
        self.expected_lines += patterns

    def ready(self):
        line = self.wait_log(r"event=listening\b.*\bport=\d+")
        self.port = int(re.search(r"\bport=(\d+)", line).group(1))
        found = re.search(r'\burl="?([^" ]+)', line)
        self.url = found.group(1) if found else None
        return self

    @property
    def sanitizer(self):
        """Under which its memory is not what it would be: "asan", "tsan" or ""."""
        program = pathlib.Path(self.command[0]).read_bytes()
        found = [name for name in ("asan", "tsan") if f"__{name}_init".encode() in program]
        return found[0] if found else ""

    # -- its clients

    def socket(self, **options):
        return raw.Socket(self.port, **options)

    def client(self, path="/", *args, **options):
        return raw.Client(self.port, path, *args, **options)

    # -- its end

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def hold_still(self):
        """SIGSTOP, and until all threads have stopped: each may finish what it does first."""
        self.signal(signal.SIGSTOP)
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task")
        eventually(lambda: all("\nState:\tT" in (task / "status").read_text()
                               for task in tasks.iterdir()), pause=0.001)  # fmt: skip

    def wait(self, timeout=STOP_SECONDS):
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait(10)
            raise AssertionError("it did not stop\n" + self.text()) from None
        self._reader.join(10)
        return code

    def stop(self, *, code=None):
        """End it as an operator would, and see that it ended well."""
        if self.checked:
            return
        self.checked = True
        if self.process.poll() is None:
            self.signal()
        got = self.wait()
        expected = self.expected_exit if code is None else code
        text = self.text()
        assert not DISASTERS.search(text), text
        assert got == expected, f"exit code {got}, expected {expected}\n{text}"
        unwelcome = [
            line
            for line in self.log
            if UNWELCOME.search(line)
            and not any(re.search(p, line) for p in self.expected_lines)
        ]
        assert not unwelcome, "unexpected in the log:\n" + "\n".join(unwelcome)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)


def merged(base, extra):
    result = dict(base)
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            value = merged(result[key], value)
        result[key] = value
    return result


def entry(spec, plugin):
    """A plugin as the configuration names it: "probe", a path, or a whole entry."""
    if isinstance(spec, dict):
        return dict(spec, file=entry(spec["file"], plugin)["file"])
    is_file = spec.endswith(tuple(LANGUAGES.values()))
    return {"file": spec if is_file else plugin(spec)}


class Launcher:
    def __init__(self, jackfield, plugin, folder):
        self.jackfield, self.plugin, self.folder = jackfield, plugin, folder
        self.running, self.count = [], 0

    def config(self, plugins=("probe",), config=None, workers=1):
        base = {
            "listen": {"host": "127.0.0.1", "port": 0},
            "workers": workers,
            "limits": {"connections": 4000, "drain_s": 10, "drain_jitter_s": 0},
            "lua": {"budget_ms": 2000},  # sanitizers are slow
        }
        whole = json.loads(json.dumps(merged(base, config or {})))  # ours to change
        if "stages" in whole:
            for stage in whole["stages"].values():
                stage["plugins"] = [entry(p, self.plugin) for p in stage.get("plugins", [])]
        else:
            whole["plugins"] = [entry(p, self.plugin) for p in plugins]
        return whole

    def write(self, whole):
        self.count += 1
        path = self.folder / f"host-{self.count}.json"
        path.write_text(whole if isinstance(whole, str) else json.dumps(whole, indent=2))
        return path

    def run(self, *arguments, **popen):
        """The program with any arguments; not waited for."""
        host = Host([self.jackfield, *arguments], **popen)
        self.running.append(host)
        return host

    def __call__(self, plugins=("probe",), config=None, workers=1, **popen):
        path = self.write(self.config(plugins, config, workers))
        return self.run("run", "-c", path, **popen).ready()

    def stop_all(self):
        problems = []
        for host in self.running:
            try:
                host.stop()
            except AssertionError as problem:
                problems.append(str(problem))
            finally:
                host.kill()
        assert not problems, "\n\n".join(problems)


@pytest.fixture
def host(jackfield, plugin, tmp_path):
    """host(plugins, config, workers) starts one; it is stopped and judged afterwards."""
    launcher = Launcher(jackfield, plugin, tmp_path)
    yield launcher
    launcher.stop_all()


@pytest.fixture(scope="module")
def standing(jackfield, plugin, tmp_path_factory):
    """Like host(), but the same arguments get the same running host: for tests that only
    talk. It is judged when the file is done."""
    launcher = Launcher(jackfield, plugin, tmp_path_factory.mktemp("standing"))
    known = {}

    def get(plugins=("probe",), config=None, workers=1):
        key = json.dumps([plugins, config, workers], sort_keys=True)
        if key not in known or known[key].process.poll() is not None:
            known[key] = launcher(plugins, config, workers)
        return known[key]

    yield get
    launcher.stop_all()


@pytest.fixture
def stack():
    """What is entered here is left when the test is over."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(params=[1, 4], ids=["one_worker", "four_workers"])
def workers(request):
    return request.param


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """(certificate, key) of localhost, for a day."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        + ["-nodes", "-days", "1", "-subj", "/CN=localhost"]
        + ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
        + ["-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return cert, key


@pytest.fixture(scope="session")
def trust(certificate):
    return ssl.create_default_context(cafile=str(certificate[0]))


@pytest.fixture(scope="session")
def wscat():
    """The command of an installed wscat; its tests are skipped without."""
    path = shutil.which("wscat")
    if not path:
        pytest.skip("wscat is not installed")
    return path


def eventually(check, timeout=10.0, pause=0.05):
    """Until check() is true; its last value."""
    deadline = time.monotonic() + timeout
    while True:
        value = check()
        if value or time.monotonic() > deadline:
            assert value, "it did not happen in time"
            return value
        time.sleep(pause)


@pytest.fixture(name="eventually")
def eventually_fixture():
    return eventually
