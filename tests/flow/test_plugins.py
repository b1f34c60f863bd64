"""Plugins that are wrong, each in its own way; what the host says of them, and that it says
it before it listens."""

import os
import re
import shutil
import time

import pytest
import raw
from conftest import LANGUAGES


descriptor = pytest.mark.only("c", reason="a script has no descriptor that could be wrong")
finishing = pytest.mark.only("c", reason="of a script, the engine finishes its events")


@pytest.fixture
def bad(plugin):
    return lambda name: plugin(name, like="abi_bad")


@pytest.fixture
def suffix(language):
    return LANGUAGES[language]


def test_the_log_names_the_file_that_was_loaded(host, plugin, suffix, tmp_path):
    there = tmp_path / "elsewhere"
    there.mkdir()
    shutil.copy(plugin("probe"), there)
    build = os.environ["JACKFIELD_PLUGIN_PATH"]  # where the engine of Lua is
    served = host([f"probe{suffix}"], extra_env={"JACKFIELD_PLUGIN_PATH": f"{there}:{build}"})
    assert f" file={there}/probe{suffix} " in served.wait_log("event=loaded")


def not_started(host, plugins, *, workers=1):
    """A host that must not start."""
    program = host.run("run", "-c", host.write(host.config(plugins, None, workers)))
    program.expected_exit = 1
    program.may_log(".")
    assert program.wait() == 1, program.text()
    assert "event=listening" not in program.text()
    program.stop()
    return program


def refusal(host, plugins, **options):
    """What it said of it."""
    return "\n".join(
        not_started(host, plugins, **options).lines(r"^jackfield: |level=error")
    )


@descriptor
@pytest.mark.parametrize(
    "name, reason",
    [
        ("no_symbol", r"jf_entry"),
        ("other_major", r"2\.\d.*1\.\d"),
        ("newer_minor", r"1\.[3-9].*1\.2"),
        ("init_fails", r"init.*unavailable"),
        ("no_name", r"name"),
        ("no_size", r"0"),
        ("null_handler", r"hollow"),
        ("empty_key", r"route|key"),
        ("duplicate_keys", r"twin"),
        ("unknown_lifecycle", r"\$conect"),
    ],
)
def test_a_wrong_plugin_is_refused_by_name_and_reason(host, bad, name, reason):
    said = refusal(host, [bad(name)])
    assert f"{name}.so" in said
    assert re.search(reason, said), said
    assert "init_ran" not in said


@descriptor
def test_a_worker_that_cannot_be_initialised_stops_the_start(host, bad):
    program = not_started(host, [bad("worker_init_fails_on_3")], workers=4)
    said = "\n".join(program.lines(r"^jackfield: |level=error"))
    assert "worker_init_fails_on_3.so" in said
    assert re.search(r"worker\D{0,3}3", said), said
    assert "nomem" in said
    # Each that was initialised is taken apart, no other, and then the plugin.
    began = re.findall(r"worker_init_ran index=(\d)", program.text())
    ended = re.findall(r"worker_fini_ran index=(\d)", program.text())
    assert set(began) <= set("012")
    assert sorted(began) == sorted(ended), program.text()
    assert len(program.lines("event=fini_ran")) == 1


@descriptor
def test_a_failed_start_undoes_what_was_started(host, bad):
    """The probe was initialised before the other failed: nothing leaks (see the sanitizer)."""
    said = refusal(host, ["probe", bad("init_fails")])
    assert "init_fails.so" in said


@descriptor
def test_a_plugin_with_a_shorter_struct_is_accepted(host, bad):
    with host([bad("short_struct")]).client() as client:
        client.json(action="short")
        client.recv()


def test_a_plugin_that_is_none_is_refused(host, tmp_path, suffix):
    fake = tmp_path / f"fake{suffix}"
    fake.write_text("neither a library nor a script\n")
    assert f"fake{suffix}" in refusal(host, [str(fake)])


def test_a_plugin_that_does_not_exist_is_refused(host, tmp_path, suffix):
    assert f"nowhere{suffix}" in refusal(host, [str(tmp_path / f"nowhere{suffix}")])


def test_two_plugins_that_claim_one_key_are_both_named(host, suffix):
    said = refusal(host, ["probe", {"file": "routes", "options": {"routes": ["echo"]}}])
    assert f"probe{suffix}" in said and f"routes{suffix}" in said and "echo" in said


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


def test_a_rename_of_a_route_that_does_not_exist_is_refused(host, suffix):
    said = refusal(host, [{"file": "probe", "routes": {"say": "nonsense"}}])
    assert f"probe{suffix}" in said and "nonsense" in said


INTERNAL = '{"message": "Internal server error"'


@finishing
@pytest.mark.parametrize("route", ["at_once", "later"])
def test_finishing_twice_is_logged_and_survived(host, bad, workers, route):
    served = host([bad("finishes_twice")], workers=workers)
    served.may_log(r"finish")
    with served.client() as client:
        client.json(action=route)
        assert client.recv() == route
        # The second one must not finish the event that now is in its place.
        for _ in range(20):
            client.json(action="ok")
            assert client.recv() == "ok"
            time.sleep(0.005)
        served.wait_log(r"level=(warn|error).*finish")
        client.silence(0.1)


@finishing
@pytest.mark.parametrize("route", ["ok", "differ"])
def test_finishing_and_returning_counts_once(host, bad, route):
    served = host([bad("sync_finish")])
    served.may_log(r"finish")
    with served.client() as client:
        for _ in range(3):
            client.json(action=route)
            assert client.recv() == route
        served.wait_log(r"level=(warn|error).*finish")
        client.silence(0.1)


@finishing
@pytest.mark.parametrize("route", ["big", "small", "finish", "later"])
def test_a_status_that_is_none_is_a_failure(host, bad, route):
    served = host([bad("crashes_not")])
    served.may_log(r"status|fail|finish")
    with served.client() as client:
        for _ in range(3):
            client.json(action=route)
            assert client.recv().startswith(INTERNAL)


@finishing
def test_an_event_that_is_never_finished_is_answered_for(host, bad):
    limits = {"event_ms": 300, "drain_s": 1}
    served = host([bad("never_finishes")], {"limits": limits}, unfinished=True)
    served.may_log(r"overdue")
    with served.client() as client, served.client() as other:
        client.json(action="never")
        other.json(action="ok")
        assert other.recv() == "ok"
        assert client.recv().startswith('{"message": "Endpoint request timed out"')
        served.wait_log("never")
        with pytest.raises(raw.Refused) as refused:
            served.client("/?never")
        assert refused.value.response.status == 504
        served.signal()
        assert served.wait() == 3


@pytest.mark.only("c", reason="it keeps the ids of all for all workers")
def test_names_of_the_gone_reach_nobody(host, bad, workers):
    served = host([bad("sends_to_gone")], workers=workers)
    with served.client() as first:
        first.json(action="ask")
        first.recv()
        for _ in range(10):
            with served.client() as leaver:
                leaver.close()
            with served.client() as heir, served.client() as asker:
                time.sleep(0.05)
                asker.json(action="ask")
                said = asker.recv()
                # Of another worker's the host only knows once it has asked there.
                assert set(said.split()) <= {"gone", "ok", "invalid"}, said
                if workers == 1:
                    assert said == "gone gone gone gone gone gone"
                heir.silence(0.02)


@pytest.mark.only("c", reason="a script fails by a name, and has no numbers for it")
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


def test_relative_files_are_looked_up_beside_the_configuration(
    host, plugin, tmp_path, suffix
):
    (tmp_path / "plugins").mkdir()
    shutil.copy(plugin("probe"), tmp_path / "plugins" / f"mine{suffix}")
    config = host.config()
    config["plugins"] = [{"file": f"plugins/mine{suffix}"}]
    served = host.run("run", "-c", host.write(config), cwd="/").ready()
    with served.client() as client:
        assert client.ask("whoami")["re"] == "whoami"
