#!/usr/bin/python3
"""Is docs/lua.md true? All its Lua is compiled, by the engine itself, and so are the
annotations. A block whose first line names a file is that file. Scripts are run, and the
conversations and log lines that follow them are held against what the program says.

    $ jackfield run ...           how to run it; by default the script alone
    $ ... -m websockets URL       a client begins
    > text                        it sends
    < text                        it receives, and nothing else in between

Ids may differ, and log lines may be folded. One line of TAP for each."""

import contextlib
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import source

sys.path.insert(0, str(source.ROOT / "tests/flow"))
import raw  # noqa: E402

MANUAL, ANNOTATIONS = "docs/lua.md", "sdk/lua/jackfield.d.lua"
ID = re.compile(r"(?<![\w-])[\w-]{15}=")
NAME = re.compile(r"(?:--|//|#) ([\w./]+\.(?:lua|json|py))\n")
SECONDS = 30


class Block:
    def __init__(self, language, text, line):
        named = NAME.match(text)
        self.language, self.text, self.line = language, text, line
        self.name = named.group(1) if named else None

    @property
    def is_script(self):
        return bool(self.name and self.language == "lua" and "routes" in self.text) and (
            not self.name.startswith("test_")
        )


def blocks(text):
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        yield Block(match.group(1), match.group(2), text.count("\n", 0, match.start(2)) + 1)


def plain(text):
    """Without what differs from run to run."""
    return ID.sub("ID", " ".join(text.split()))


class Program:
    """One run of jackfield."""

    def __init__(self, command, folder):
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, cwd=folder, stderr=log)

    def port(self):
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            found = re.search(r"event=listening .*\bport=(\d+)", self.log.read_text())
            if found:
                return int(found.group(1))
            time.sleep(0.02)
        raise AssertionError(f"does not listen:\n{self.log.read_text()}")

    def stop(self):
        """What it has logged."""
        self.process.terminate()
        code = self.process.wait(SECONDS)
        text = self.log.read_text()
        assert code == 0, f"exit code {code}:\n{text}"
        return text


class Client:
    """Connects when it is first needed."""

    def __init__(self, url, port):
        self.path = "/" + url.split("/", 3)[3]
        self.port, self.socket = port, None

    def open(self):
        if not self.socket:
            self.socket = raw.Client(self.port, self.path)
        return self.socket

    def play(self, line):
        what, _, text = line.partition(" ")
        refused = re.fullmatch(r"Failed to connect to .*: HTTP (\d+)\.", line)
        if refused:
            got = raw.Client(self.port, self.path, expect=int(refused.group(1)))
            got.drop()
        elif what == ">":
            self.open().text(text)
        else:
            assert what == "<", f"no line of a conversation: {line}"
            got = self.open().recv(SECONDS)
            assert plain(got) == plain(text), f"received {got}"

    def close(self):
        if self.socket:
            self.socket.silence(0.1)
            self.socket.close()


def converse(text, port):
    client = None
    for line in text.splitlines():
        if not line.startswith("$ "):
            client.play(line)
            continue
        if client:
            client.close()
        client = Client(re.search(r"ws://[^ ']+", line).group(), port)
    client.close()


class Scene:
    """A script, and the blocks that show what it does."""

    def __init__(self, script):
        self.script = script
        self.arguments = ["run", script.name]
        self.expected = None  # of one that does not start
        self.talks, self.lines = [], []

    def add(self, text):
        if text.startswith("$ jackfield "):
            command, _, rest = text.partition("\n")
            self.arguments = shlex.split(command)[2:]
            text = rest
        if text.startswith("$ "):
            self.talks.append(text)
        elif text.startswith("level="):
            self.lines.append(text)
        else:
            self.expected = text

    def run(self, jackfield, folder):
        command = [jackfield, *self.arguments, "--port", "0", "--workers", "1"]
        program = Program(command, folder)
        try:
            if self.expected:
                assert program.process.wait(SECONDS) == 1
                log = program.log.read_text()
                assert plain(log).endswith(plain(self.expected)), log
                return
            port = program.port()
            for talk in self.talks:
                converse(talk, port)
            log = plain(program.stop())
            for line in self.lines:
                assert plain(line) in log, f"the log has no {line}\n{log}"
        finally:
            program.process.kill()
            program.process.wait()


def scenes(manual):
    found = []
    for block in manual:
        if block.is_script:
            found.append(Scene(block))
        elif block.language == "" and found:
            found[-1].add(block.text)
    return found


def compile_all(texts, jackfield, folder):
    """Through load() of a script. Newlines in front keep the numbers of lines right."""
    lines = []
    for name, text, line in texts:
        assert "]==]" not in text
        code = "\n" * (line - 1) + text
        lines.append(f'assert(load([==[\n{code}]==], "@{name}"))\n')
    (folder / "compile.lua").write_text("".join(lines) + "return { routes = { x = load } }")
    program = Program([jackfield, "run", "compile.lua", "--port", "0"], folder)
    program.port()
    program.stop()


def run_test(block, jackfield, folder):
    tool = {"lua": "lua5.4", "python": sys.executable}[block.language]
    if not shutil.which(tool):
        return "SKIP there is no " + tool
    path = f"{pathlib.Path(jackfield).parent}:{os.environ['PATH']}"
    env = {**os.environ, "PATH": path}
    command = [tool, block.name]
    test = subprocess.Popen(command, cwd=folder, env=env, start_new_session=True)
    try:
        code = test.wait(SECONDS)
        assert code == 0, f"exit code {code}"
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(test.pid, signal.SIGKILL)  # and what it has started
        raise
    return None


def checks(manual, jackfield, folder):
    """(what is said, how it is found out)"""
    texts = [(MANUAL, b.text, b.line) for b in manual if b.language == "lua"]
    texts = [t for t in texts if "-- broken.lua" not in t[1]]
    texts.append((ANNOTATIONS, source.read(ANNOTATIONS), 1))
    yield f"all {len(texts)} pieces compile", lambda: compile_all(texts, jackfield, folder)
    for scene in scenes(manual):
        yield (
            f"{scene.script.name} does what is shown",
            lambda scene=scene: scene.run(jackfield, folder),
        )
    for block in manual:
        if block.name and block.name.startswith("test_"):
            yield (
                f"{block.name} passes",
                lambda block=block: run_test(block, jackfield, folder),
            )


def main():
    os.environ["ASAN_OPTIONS"] = "detect_leaks=0"
    jackfield = str(pathlib.Path(sys.argv[1]).resolve())
    manual = list(blocks(source.read(MANUAL)))
    count = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for block in manual:
            if block.name:
                path = folder / block.name
                assert not path.exists(), f"{block.name} is there twice"
                path.parent.mkdir(exist_ok=True)
                path.write_text(block.text)
        for what, check in checks(manual, jackfield, folder):
            count += 1
            try:
                skipped = check()
                print(f"ok {count} - {what}" + (f" # {skipped}" if skipped else ""))
            except (AssertionError, OSError, raw.Closed, subprocess.SubprocessError) as why:
                print(f"not ok {count} - {what}")
                print("# " + str(why).replace("\n", "\n# "))
    print(f"1..{count}")


if __name__ == "__main__":
    main()
