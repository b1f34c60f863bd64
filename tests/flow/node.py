"""Node.js for tests: packages are fetched once for each build folder, and a test that needs
one is skipped where that cannot be."""

import shutil
import subprocess
import threading
import time

import pytest

OLDEST = 18
SDK = "@aws-sdk/client-apigatewaymanagementapi"


def program():
    node = shutil.which("node")
    if not node:
        pytest.skip("Node.js is not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    if int(version.lstrip("v").split(".")[0]) < OLDEST:
        pytest.skip(f"this is Node.js {version.strip()}, and {OLDEST} is needed")
    return node


def modules(build, package):
    """The folder node_modules that has the package."""
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("npm is not installed")
    folder = build / "node" / package.replace("/", "-")
    mark = folder / "complete"
    if not mark.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}")
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"]
        command += ["--fetch-retries=0", "--fetch-timeout=10000", package]
        try:
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=120
            )
        except subprocess.TimeoutExpired:
            pytest.skip("npm did not answer in time")
        if done.returncode:
            pytest.skip(f"npm could not fetch {package}: {done.stderr.strip()[-200:]}")
        mark.touch()
    return folder / "node_modules"


class Script:
    """A script that runs until it is stopped; `wait_for` waits for a line of its."""

    def __init__(self, folder, *command, **env):
        self.lines, self._news = [], threading.Condition()
        self.process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env=env or None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()

    def wait_for(self, part, timeout=30):
        deadline = time.monotonic() + timeout
        with self._news:
            while True:
                found = [line for line in self.lines if part in line]
                if found:
                    return found[0]
                left = deadline - time.monotonic()
                assert left > 0, f"{part!r} did not come:\n" + "\n".join(self.lines)
                self._news.wait(left)

    def stop(self):
        self.process.kill()
        self.process.wait(10)
