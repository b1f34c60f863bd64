"""The command line: what it says, where it says it, and how it exits."""

import json
import re
import subprocess

import pytest


@pytest.fixture
def run(jackfield):
    def call(*arguments, code=0):
        done = subprocess.run(
            [str(jackfield), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    return call


def test_version_is_one_line(run):
    assert re.fullmatch(r"jackfield \d+\.\d+\.\d+.*\n", run("--version").stdout)


def test_help_names_the_commands(run):
    said = run("--help").stdout
    for word in ("run", "check", "--help-config", "--version", "-c", "--listen", "--port"):
        assert word in said


def test_help_config_describes_every_option(run):
    said = run("--help-config").stdout
    for word in ("workers", "message_bytes", "idle_s", "drain_s", "slow_reader", "profile"):
        assert word in said


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["run"],
        ["run", "--nonsense"],
        ["run", "-c"],
        ["run", "--port"],
        ["run", "--port", "x", "p.so"],
        ["run", "--port", "65536", "p.so"],
        ["run", "--listen", "not an address", "p.so"],
        ["check"],
        ["check", "--port", "1"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_exits_with_2(run, arguments):
    done = run(*arguments, code=2)
    assert done.stderr and not done.stdout


def test_an_unknown_option_is_named(run):
    assert "--nonsense" in run("run", "--nonsense", code=2).stderr


# -- check


def write(tmp_path, text):
    path = tmp_path / "c.json"
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    return path


def test_check_accepts_a_good_configuration(run, tmp_path, plugin):
    text = '{ // comments are allowed\n "plugins": [ { "file": "%s" } ] /* here too */ }'
    run("check", "-c", write(tmp_path, text % plugin("probe")))


@pytest.mark.parametrize(
    "change, said",
    [
        ({"worker": 2}, ["worker", "workers"]),
        ({"limits": {"mesage_bytes": 1}}, ["mesage_bytes", "message_bytes"]),
        ({"limits": {"idle": 1}}, ["idle", "idle_s"]),
        ({"listen": {"prot": 1}}, ["prot", "port"]),
        ({"idle_s": 1}, ["idle_s", "limits"]),
        ({"workers": "four"}, ["workers"]),
        ({"workers": -1}, ["workers"]),
        ({"workers": 1.5}, ["workers"]),
        ({"listen": {"port": 65536}}, ["port"]),
        ({"profile": "awz"}, ["profile", "aws"]),
        ({"slow_reader": "drop"}, ["slow_reader", "drop_oldest"]),
        ({"tls": {"cert": "x.pem"}}, ["key"]),
        ({"route": "${request.body.x"}, ["route"]),
        ({"stages": {}}, ["stages"]),
        ({"stages": {"a b": {"plugins": ["p.so"]}}, "plugins": None}, ["a b"]),
        ({"static": {"web": "folder"}}, ["static"]),
    ],
    ids=str,
)
def test_check_names_the_key_that_is_wrong(run, tmp_path, plugin, change, said):
    config = {"plugins": [{"file": plugin("probe")}], **change}
    config = {k: v for k, v in config.items() if v is not None}
    done = run("check", "-c", write(tmp_path, config), code=1)
    for word in said:
        assert word in done.stderr, done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "5",
        '{"plugins": []} x',
        '{"plugins": [],}',
        "{'plugins': []}",
        "\x00",
    ],
)
def test_check_refuses_what_is_no_configuration(run, tmp_path, text):
    assert "c.json" in run("check", "-c", write(tmp_path, text), code=1).stderr


def test_a_syntax_error_has_a_line(run, tmp_path):
    done = run(
        "check", "-c", write(tmp_path, '{\n  "workers": 2,\n  "listen" { }\n}'), code=1
    )
    assert re.search(r"\b[:= ]?3\b", done.stderr), done.stderr


def test_a_duplicate_key_is_refused(run, tmp_path, plugin):
    text = '{ "workers": 1, "workers": 2, "plugins": [ { "file": "%s" } ] }' % plugin(
        "probe"
    )
    assert "workers" in run("check", "-c", write(tmp_path, text), code=1).stderr


def test_a_configuration_that_does_not_exist_is_refused(run, tmp_path):
    assert "nowhere.json" in run("check", "-c", tmp_path / "nowhere.json", code=1).stderr


def test_run_refuses_what_check_refuses(host):
    program = host.run("run", "-c", host.write({"wrokers": 1}))
    program.expected_exit = 1
    program.may_log(".")
    assert program.wait() == 1
    assert "workers" in program.text()


def test_a_configuration_without_plugins_is_refused(run, tmp_path):
    run("check", "-c", write(tmp_path, "{}"), code=1)


# -- run


def test_plugins_on_the_command_line_need_no_file(host, plugin):
    served = host.run("run", "--port", 0, plugin("probe")).ready()
    assert served.port
    with served.client() as client:
        assert client.ask("whoami")["stage"] == "$default"


@pytest.mark.parametrize("form", ["--listen=127.0.0.1:0", "--port=0"])
def test_options_may_be_written_with_an_equals_sign(host, plugin, form):
    host.run("run", form, plugin("probe")).ready()


def test_the_address_of_the_command_line_wins(host):
    path = host.write(host.config(config={"listen": {"host": "192.0.2.1", "port": 1}}))
    served = host.run("run", "-c", path, "--listen", "127.0.0.1:0").ready()
    assert "127.0.0.1" in served.wait_log("event=listening")


def test_an_address_in_use_is_an_error_at_start(host, plugin):
    first = host()
    second = host.run("run", "--port", first.port, plugin("probe"))
    second.expected_exit = 1
    second.may_log(".")
    assert second.wait() == 1
    assert str(first.port) in second.text()


def test_the_log_says_where_it_listens_and_that_it_stopped(host):
    served = host()
    line = served.wait_log("event=listening")
    assert re.search(
        rf"url=\"?https?://127\.0\.0\.1:{served.port}", line.replace("ws:", "http:")
    )
    served.stop()
    assert served.lines("event=stopped")


def test_the_log_can_be_json(host):
    path = host.write(host.config(config={"log": {"format": "json", "level": "debug"}}))
    served = host.run("run", "-c", path)
    line = served.wait_log(r'"event":\s*"listening"')
    served.port = int(json.loads(line)["port"])
    with served.client() as client:
        client.ask("whoami")
    served.stop()
    for line in served.log:
        assert json.loads(line)["level"] in ("info", "debug"), line


def test_a_messages_body_is_never_logged(host):
    served = host(config={"log": {"level": "debug"}})
    served.may_log(r"fail|status|handler")
    with served.client("/?token=query-secret") as client:
        client.ask("sendto", text="body-secret")
        client.json(action="fail", secret="body-secret")
        client.recv()
        client.send(b"\x83\x80body-secret")
        client.read_to_end()
    served.stop()
    assert "body-secret" not in served.text()
