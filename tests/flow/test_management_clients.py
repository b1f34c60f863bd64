"""What else people have: the AWS CLI, and the SDK for JavaScript."""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess

import aws
import pytest
from aws import KEY, MESSAGE_MAX, NOBODY, SECRET, UUID
from openapi import Document

pytestmark = pytest.mark.only("c", reason="it is about the host")

AWS_CLI = "/usr/bin/aws"  # Debian's
PACKAGE = "@aws-sdk/client-apigatewaymanagementapi@3.758.0"
OPERATIONS = ("PostToConnection", "GetConnection", "DeleteConnection")
CONFIG = {
    **aws.GUARDED,
    "limits": {"outbox_bytes": 200_000},
    "stages": {"prod": {"plugins": ["probe"]}},
}


@pytest.fixture
def gateway(standing):
    gateway = standing(config=CONFIG)
    gateway.may_log("event=management_refused", "event=slow")
    return gateway


@pytest.fixture
def endpoint(gateway):
    return f"http://127.0.0.1:{gateway.port}/prod"


@pytest.fixture
def client(gateway):
    with gateway.client("/prod", headers=[("User-Agent", "tests/1.0")]) as client:
        client.id  # noqa: B018
        yield client


# ---- AWS CLI -----------------------------------------------------------------------------


@pytest.fixture
def cli(endpoint, tmp_path):
    """cli(operation, id, more): (exit code, what it printed, what it complained)."""
    if not pathlib.Path(AWS_CLI).exists():
        pytest.skip("Debian's awscli is not installed")

    def run(operation, connection, *more, secret=SECRET):
        done = subprocess.run(
            [AWS_CLI, "apigatewaymanagementapi", operation, "--endpoint-url", endpoint]
            + ["--connection-id", connection, *more],
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(tmp_path),
                "AWS_ACCESS_KEY_ID": KEY,
                "AWS_SECRET_ACCESS_KEY": secret,
                "AWS_REGION": aws.REGION,
                "AWS_MAX_ATTEMPTS": "1",
                "AWS_PAGER": "",
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def test_the_aws_cli_posts_gets_and_deletes(cli, client):
    post = ("--cli-binary-format", "raw-in-base64-out", "--data", "h\u00e9llo")
    assert cli("post-to-connection", client.id, *post) == (0, "", "")
    assert client.recv() == "h\u00e9llo"

    code, printed, _ = cli("get-connection", client.id)
    assert code == 0
    got = json.loads(printed)
    assert got["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "tests/1.0"}
    assert got["ConnectedAt"] and got["LastActiveAt"]

    assert cli("delete-connection", client.id) == (0, "", "")
    client.expect_close(1000, "Connection Closed Normally")
    code, _, complaint = cli("post-to-connection", client.id, *post)
    assert code != 0 and "(GoneException)" in complaint


def test_the_aws_cli_is_told_what_is_wrong(cli, client, tmp_path):
    data = tmp_path / "data"
    data.write_bytes(b"x" * (MESSAGE_MAX + 1))
    calls = (
        (("post-to-connection", client.id, "--data", f"fileb://{data}"), SECRET),
        (("get-connection", "malformed"), SECRET),
        (("get-connection", client.id), "wrong" * 8),
    )
    with concurrent.futures.ThreadPoolExecutor() as pool:
        asked = [pool.submit(cli, *what, secret=secret) for what, secret in calls]
    complaints = [call.result()[2] for call in asked]
    assert "(PayloadTooLargeException)" in complaints[0]
    assert "(BadRequestException)" in complaints[1]
    assert "Invalid connectionId: malformed" in complaints[1]
    assert "(InvalidSignatureException)" in complaints[2]


# ---- The SDK for JavaScript --------------------------------------------------------------


@pytest.fixture(scope="session")
def package(build):
    """A folder with the package, which is fetched once for each build folder."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        pytest.skip("Node.js and npm are not installed")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    if int(version.lstrip("v").split(".")[0]) < 18:
        pytest.skip(f"the package needs Node.js 18, and this is {version.strip()}")
    folder = build / "sdk-js"
    mark = folder / PACKAGE.replace("/", "-")
    if not mark.exists():
        folder.mkdir(exist_ok=True)
        (folder / "package.json").write_text("{}")
        try:
            done = subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts"]
                + ["--fetch-retries=0", "--fetch-timeout=10000", PACKAGE],
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=60,
            )
        except subprocess.TimeoutExpired:
            pytest.skip("npm did not answer in time")
        if done.returncode:
            pytest.skip(f"npm could not fetch {PACKAGE}: {done.stderr.strip()[-200:]}")
        mark.touch()
    return folder


@pytest.fixture
def js(package, endpoint):
    def run(*steps, secret=SECRET, endpoint=endpoint):
        script = pathlib.Path(__file__).parent / "sdk.mjs"
        done = subprocess.run(
            ["node", script, package, endpoint, KEY, secret, json.dumps(steps)],
            env={**os.environ, "NODE_OPTIONS": ""},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_the_sdk_for_javascript(js, client):
    post, get, delete = (f"{verb}Command" for verb in OPERATIONS)
    posted, empty, largest, too_large, got, deleted, gone, nobody, malformed = js(
        [post, client.id, 5],
        [post, client.id, 0],
        [post, client.id, MESSAGE_MAX],
        [post, client.id, MESSAGE_MAX + 1],
        [get, client.id],
        [delete, client.id],
        [post, client.id, 5],
        [get, NOBODY],
        [get, "malformed?"],
    )
    assert posted["status"] == 200 and UUID.fullmatch(posted["requestId"])
    assert empty["status"] == largest["status"] == 200
    for size in (5, 0, MESSAGE_MAX):
        assert client.recv() == "x" * size
    assert (too_large["status"], too_large["name"]) == (413, "PayloadTooLargeException")
    assert got["status"] == 200
    assert got["output"]["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "tests/1.0"}
    assert got["output"]["ConnectedAt"] <= got["output"]["LastActiveAt"]
    assert deleted["status"] == 204
    client.expect_close(1000, "Connection Closed Normally")
    for error in (gone, nobody):
        assert (error["status"], error["name"]) == (410, "GoneException")
        assert error["known"]
    assert (malformed["status"], malformed["name"]) == (400, "BadRequestException")


def test_the_sdk_for_javascript_is_throttled_and_refused(js, gateway, endpoint, client):
    with gateway.client("/prod", receive_buffer=4096) as lazy:
        steps = [["PostToConnectionCommand", lazy.id, 100_000]] * 100
        results = js(*steps)
    last = results[-1]
    assert results[0]["status"] == 200
    assert (last["status"], last["name"]) == (429, "LimitExceededException")
    (bad,) = js(["GetConnectionCommand", client.id], secret="wrong" * 8)
    assert (bad["status"], bad["name"]) == (403, "InvalidSignatureException")
    (nowhere,) = js(["GetConnectionCommand", client.id], endpoint=endpoint + "uction")
    assert (nowhere["status"], nowhere["name"]) == (403, "ForbiddenException")


# ---- docs/management.md ------------------------------------------------------------------

MANUAL = pathlib.Path(__file__).resolve().parents[2] / "docs/management.md"


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```$", MANUAL.read_text(), re.M | re.S)


@pytest.fixture
def written(host, tmp_path):
    """The host of the manual's configuration, and run(command, text) in its shell."""
    (text,) = blocks("json")
    config = json.loads(text.replace('"chat.so"', '"probe"'))
    config["listen"]["port"] = 0
    gateway = host(config=config)
    exports, *others = blocks("sh")
    with gateway.client("/prod?group=blue") as client:
        (tmp_path / "picture.png").write_bytes(b"\x89PNG")
        (tmp_path / "run.sh").write_text(f'set -eu\n{exports}exec "$@"\n')

        def run(*command, text=""):
            text = text.replace("127.0.0.1:8080", f"127.0.0.1:{gateway.port}")
            done = subprocess.run(
                ["sh", tmp_path / "run.sh", *command],
                env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "ID": client.id},
                cwd=tmp_path,
                input=text,
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert done.returncode == 0, done.stderr
            return done.stdout

        yield client, run, others


def test_the_manual_in_python(written):
    client, run, _ = written
    (script,) = blocks("python")
    assert re.match(r"\d{4}-\d\d-\d\d ", run("/usr/bin/python3", "-", text=script))
    assert client.recv() == "hello from Python"


def test_the_manual_with_the_aws_cli(written):
    if not pathlib.Path(AWS_CLI).exists():
        pytest.skip("Debian's awscli is not installed")
    client, run, (script, _) = written
    run("sh", "-eu", text=script)
    assert client.recv() == "hello from the CLI"


def test_the_manual_in_javascript(written, package, tmp_path):
    client, run, _ = written
    (script,) = blocks("js")
    (tmp_path / "node_modules").symlink_to(package / "node_modules")
    node = shutil.which("node")
    run(node, "--input-type=module", "-", text=script)
    assert client.recv() == "hello from JavaScript"


def test_the_manual_with_curl(written):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    client, run, (_, script) = written
    printed = run("sh", "-eu", text=script)
    assert client.recv() == "hello from curl"
    assert client.recv() == "to the group"
    assert client.recv_binary() == b"\x89PNG"
    assert client.recv() == "to some"
    assert '"connectedAt"' in printed and '{"count":1}' in printed
    client.expect_close(4000, "enough")


def test_the_manual_has_every_operation():
    """Of docs/openapi.json, in the table of the manual."""
    told = "".join(re.findall(r"^\| `.*$", MANUAL.read_text(), re.M))
    for path, method, _ in Document().operations.values():
        path = path.replace("{connectionId}", "ID").replace("{key}", "KEY")
        path = path.replace("{name}", "NAME")
        rows = [row for row in told.split("|") if re.search(re.escape(path) + r"[?`]", row)]
        assert any(method.upper() in row for row in rows), (method, path)
