"""Plugins that are wrong, each in its own way; what the host says of them, and that it says
it before it listens."""

import re
import shutil

import pytest


@pytest.fixture
def bad(plugin):
    return lambda name: plugin(name, like="abi_bad")


def refusal(host, plugins, *, workers=1, config=None):
    """The log of a host that must not start."""
    path = host.write(host.config(plugins, config, workers))
    program = host.run("run", "-c", path)
    program.expected_exit = 1
    program.may_log(".")
    assert program.wait() == 1, program.text()
    assert "event=listening" not in program.text()
    program.stop()
    return "\n".join(program.lines(r"^jackfield: |level=error"))


@pytest.mark.parametrize(
    "name, reason",
    [
        ("no_symbol", r"jf_entry"),
        ("other_major", r"major|version|ABI"),
        ("newer_minor", r"minor|newer|version|ABI"),
        ("init_fails", r"init"),
    ],
)
def test_a_wrong_plugin_is_refused_by_name_and_reason(host, bad, name, reason):
    said = refusal(host, [bad(name)])
    assert f"{name}.so" in said
    assert re.search(reason, said), said


def test_a_worker_that_cannot_be_initialised_stops_the_start(host, bad):
    said = refusal(host, [bad("worker_init_fails_on_3")], workers=4)
    assert "worker_init_fails_on_3.so" in said
    assert "worker" in said


def test_the_same_plugin_is_fine_with_fewer_workers(host, bad):
    host([bad("worker_init_fails_on_3")], workers=2)


def test_a_failed_start_undoes_what_was_started(host, bad):
    """The probe was initialised before the other failed: nothing leaks (see the sanitizer)."""
    said = refusal(host, ["probe", bad("init_fails")])
    assert "init_fails.so" in said


def test_a_plugin_with_a_shorter_struct_is_accepted(host, bad):
    host([bad("short_struct")])


def test_a_plugin_that_is_no_library_is_refused(host, tmp_path):
    fake = tmp_path / "fake.so"
    fake.write_text("not a library\n")
    assert "fake.so" in refusal(host, [str(fake)])


def test_a_plugin_that_does_not_exist_is_refused(host, tmp_path):
    assert "nowhere.so" in refusal(host, [str(tmp_path / "nowhere.so")])


def test_two_plugins_that_claim_one_key_are_both_named(host):
    said = refusal(host, ["probe", {"file": "routes", "options": {"routes": ["echo"]}}])
    assert "probe.so" in said and "routes.so" in said and "echo" in said


def test_a_renamed_key_settles_the_quarrel(host):
    served = host(
        [
            {"file": "probe", "routes": {"say": "echo"}},
            {"file": "routes", "options": {"routes": ["echo"]}},
        ]
    )
    with served.client() as client:
        client.json(action="echo")
        assert client.recv_json()["route"] == "echo"
        client.json(action="say")
        assert client.recv() == '{"action": "say"}'


def test_a_rename_of_a_route_that_does_not_exist_is_refused(host):
    said = refusal(host, [{"file": "probe", "routes": {"say": "nonsense"}}])
    assert "probe.so" in said and "nonsense" in said


def test_finishing_twice_is_logged_and_survived(host, bad, workers):
    served = host([bad("finishes_twice")], workers=workers)
    served.may_log(r"finish")
    with served.client() as client:
        for _ in range(3):
            client.text("hello")
            client.text('{"action":"twice"}')
        served.wait_log(r"level=(warn|error).*finish")
        client.ping(b"alive")
        while client.read_frame().payload != b"alive":
            pass


@pytest.mark.parametrize("number", [2, 77, 12345, -12, -999, -2147483648])
def test_a_status_that_is_none_does_no_harm(host, number):
    served = host()
    served.may_log(r"status|fail|handler")
    with served.client() as client:
        client.json(action="return", number=number)
        if number < 0:
            assert client.recv().startswith('{"message": "Internal server error"')
        assert client.ask("whoami")["re"] == "whoami"


def test_options_reach_the_plugin(host):
    served = host([{"file": "routes", "options": {"routes": ["from options"]}}])
    with served.client() as client:
        client.json(action="from options")
        assert client.recv_json()["route"] == "from options"


def test_one_plugin_may_serve_two_stages(host):
    served = host(
        config={"stages": {"one": {"plugins": ["probe"]}, "two": {"plugins": ["probe"]}}}
    )
    with served.client("/one") as a, served.client("/two") as b:
        assert a.ask("whoami")["stage"] == "one"
        assert b.ask("whoami")["stage"] == "two"


def test_relative_files_are_looked_up_beside_the_configuration(host, plugin, tmp_path):
    (tmp_path / "plugins").mkdir()
    shutil.copy(plugin("probe"), tmp_path / "plugins" / "mine.so")
    config = host.config()
    config["plugins"] = [{"file": "plugins/mine.so"}]
    served = host.run("run", "-c", host.write(config), cwd="/").ready()
    with served.client() as client:
        assert client.ask("whoami")["re"] == "whoami"
