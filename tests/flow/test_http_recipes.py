"""The recipes of docs/integrations.md, as they stand there but for the ports."""

import json
import re
import shutil
import sys

import conftest
import node
import pytest
from backend import built, free_port  # noqa: F401: a fixture
from test_http_stream import redis, with_streams  # noqa: F401: fixtures

pytestmark = pytest.mark.only("c", reason="the plugin is the same for all languages")

PAGE = (conftest.ROOT / "docs/integrations.md").read_text()


def blocks(heading):
    """The blocks below a heading, by their language."""
    part = PAGE.split(f"### {heading}\n")[1].split("\n## ")[0].split("\n### ")[0]
    return {kind: text for kind, text in re.findall(r"```(\w+)\n(.*?)```", part, re.S)}


@pytest.fixture
def recipe(host, tmp_path):
    """recipe(heading, port) runs its configuration, with the backend at another port."""
    scripts = []

    class Recipe:
        def serve(self, text, theirs, port):
            text = text.replace(f":{theirs}", f":{port}")
            text = text.replace('"port": 8080', '"port": 0')
            self.host = host.run("run", "-c", host.write(text)).ready()
            return self.host

        def run(self, name, text, *command, **env):
            (tmp_path / name).write_text(text)
            scripts.append(node.Script(tmp_path, *command, name, **env))
            return scripts[-1]

        folder = tmp_path

    recipe = Recipe()
    yield recipe
    recipe.host.stop()
    for script in scripts:
        script.stop()


def test_an_http_service(recipe, build, eventually):
    program, packages = node.program(), node.modules(build, "express")
    (recipe.folder / "node_modules").symlink_to(packages)
    found, port = blocks("An HTTP service"), free_port()
    text = found["js"].replace("listen(3000)", f'listen({port}, () => console.log("up"))')
    assert len([line for line in found["js"].splitlines() if line]) < 10
    recipe.run("server.js", text, program).wait_for("up")
    served = recipe.serve(found["json"], 3000, port)
    with served.client("/?token=secret") as client:
        client.text("hello")
        said = client.recv()
        assert re.fullmatch(r"[\w-]{15}= said hello", said)
    served.may_log("event=handler_failed")
    refused = served.client("/?token=x%26y", expect=401)
    assert refused.response.body == b"Unauthorized"


def test_a_lambda_function(recipe):
    program = node.program()
    found, port = blocks("A Lambda function, unchanged"), free_port()
    (recipe.folder / "functions").mkdir()
    (recipe.folder / "functions/hello.js").write_text(found["js"])
    text = (conftest.ROOT / "examples/lambda-chat/invoke.js").read_text()
    recipe.run("invoke.mjs", text, program).stop()  # it is written down
    node_script = node.Script(recipe.folder, program, "invoke.mjs", str(port))
    try:
        node_script.wait_for("functions at")
        served = recipe.serve(found["json"], 9001, port)
        with served.client("/prod") as client:
            client.text("hello")
            assert re.fullmatch(r"[\w-]{15}= sent hello to \$default", client.recv())
        served.stop()
    finally:
        node_script.stop()


def test_a_consumer_of_a_queue(redis, recipe):  # noqa: F811
    if not shutil.which("redis-server"):
        pytest.skip("there is no Redis")
    server, found = redis(), blocks("A consumer of a queue")
    served = recipe.serve(found["json"], 6379, server.port)
    text = found["python"].replace("redis.Redis()", f"redis.Redis(port={server.port})")
    text = text.replace(":8080", f":{served.port}")
    recipe.run("consumer.py", text, sys.executable)
    with served.client() as client:
        for n in range(3):
            client.text(f"message {n}")
        assert [client.recv() for _ in range(3)] == [
            f"consumed message {n}" for n in range(3)
        ]


def test_the_first_example_is_a_configuration(jackfield, host):
    first = re.search(r"```json\n(.*?)```", PAGE, re.S)[1]
    assert json.loads(first)
    checked = host.run("check", "-c", host.write(first))
    assert checked.wait() == 0
    checked.expected_exit = 0


def test_the_table_of_options_names_them_all():
    table = PAGE.split("## All options\n")[1].split("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = set(re.findall(r"`(\w+)`", " ".join(rows)))
    source = (conftest.ROOT / "plugins/http/http_options.c").read_text()
    known = re.search(r"known\[\] = \{(.*?)\};", source, re.S)[1]
    assert named == set(re.findall(r'"(\w+)"', known))
