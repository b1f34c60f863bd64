"""examples/lambda-chat: functions written for AWS, with its SDK, serve a chat unchanged."""

import os
import re
import shutil

import conftest
import node
import pytest
from backend import FAILURES, INTERNAL, built, error_in  # noqa: F401: fixtures

pytestmark = pytest.mark.only("c", reason="the plugin is the same for all languages")

EXAMPLE = conftest.ROOT / "examples/lambda-chat"


@pytest.fixture
def chat(host, build, tmp_path):
    """A host as chat.json has it, and its functions; both at ports of their own."""
    program, packages = node.program(), node.modules(build, node.SDK)
    folder = tmp_path / "lambda-chat"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("node_modules"))
    (folder / "node_modules").symlink_to(packages)
    started = []

    class Chat:
        def functions(self, port=0):
            keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
            env = {**os.environ, **keys, "AWS_REGION": "eu-west-1"}
            env["ENDPOINT"] = self.endpoint
            env["TABLE"] = str(tmp_path / "table.json")
            script = node.Script(folder, program, "invoke.js", str(port), **env)
            started.append(script)
            line = script.wait_for("functions at")
            self.port = int(re.search(r":(\d+)/", line)[1])
            return script

    chat = Chat()
    # The host's port goes to the functions, and theirs into its configuration: so the
    # functions are begun once for a port, and again when the host has its own.
    chat.endpoint = "unknown"
    chat.functions().stop()
    text = (EXAMPLE / "chat.json").read_text()
    text = text.replace('"port": 8080', '"port": 0').replace(":9001", f":{chat.port}")
    chat.host = host.run("run", "-c", host.write(text), extra_env={}).ready()
    chat.endpoint = f"http://127.0.0.1:{chat.host.port}/prod"
    chat.server = chat.functions(chat.port)
    yield chat
    chat.host.stop()  # first: its last $disconnects want their function
    for script in started:
        script.stop()


def test_two_clients_hear_one_message(chat):
    with chat.host.client("/prod") as ann, chat.host.client("/prod") as bob:
        ann.json(action="onMessage", message="Hello everyone")
        assert ann.recv() == "Echo: Hello everyone"
        assert bob.recv() == "Echo: Hello everyone"
        bob.close(1000)
        ann.json(action="onMessage", message="alone")
        assert ann.recv() == "Echo: alone"
        ann.json(action="other")
        assert error_in(ann) == "Forbidden"
        ann.silence(0.3)


def test_functions_that_are_away_or_fail_are_an_error_frame(chat, eventually, tmp_path):
    chat.host.may_log(*FAILURES)
    with chat.host.client("/prod") as ann:
        bob = chat.host.client("/prod")
        ann.text('{"action":"onMessage","message":{"toString":1}}')
        assert error_in(ann) == INTERNAL  # the function throws
        chat.server.stop()
        ann.json(action="onMessage", message="x")
        assert error_in(ann) == INTERNAL
        bob.drop()
        chat.host.wait_log("route=.disconnect failure=")
        chat.functions(chat.port)
        eventually(lambda: (tmp_path / "table.json").read_text().count("{") == 1, 20)
        ann.json(action="onMessage", message="back")
        assert ann.recv() == "Echo: back"
