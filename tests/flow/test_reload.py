"""Reloading: a new version takes the place of what runs, or nothing changes at all."""

import json
import os
import signal
import time

import hot
import pytest

INTERNAL = "Internal server error"


@pytest.fixture
def app(language, build, tmp_path):
    folder = tmp_path / "app"
    folder.mkdir()
    app = hot.APPS[language](build, folder)
    app.put("1")
    return app


@pytest.fixture
def serve(host, tmp_path):
    """serve(app) starts a host for it, with its control socket in `tmp_path`."""

    def start(app, config=None, workers=2, **reload):
        whole = host.config([], config, workers)
        whole["plugins"] = [{"file": str(app.main)}]
        whole.setdefault("reload", {}).update({"settle_ms": 50, **reload})
        env = {"XDG_RUNTIME_DIR": str(tmp_path)}
        served = host.run("run", "-c", host.write(whole), extra_env=env).ready()
        served.config_path = host.folder / f"host-{host.count}.json"
        return served

    return start


@pytest.fixture
def reload(tmp_path):
    return lambda served: hot.ask_control(tmp_path, served.process.pid)


def version_of(client):
    client.json(action="ask", n=1)
    return client.recv_json()["version"]


def reloads(served, count, timeout=20):
    served.wait_log(r"event=reloaded\b", count=count, timeout=timeout)


# ---- A file changes


def test_a_new_version_takes_over_when_its_file_changes(serve, app):
    served = serve(app)
    with served.client() as client:
        assert version_of(client) == "1"
        app.put("2")
        reloads(served, 1)
        assert version_of(client) == "2"


def test_several_saves_within_a_moment_are_one_reload(serve, app):
    served = serve(app, settle_ms=400)
    with served.client() as client:
        for version in "232323":
            app.put(version)
            time.sleep(0.02)
        reloads(served, 1)
        assert version_of(client) == "3"
        time.sleep(1)
        assert len(served.lines(r"event=reloaded\b")) == 1


def test_a_broken_file_leaves_the_old_version_serving(serve, app):
    served = serve(app)
    served.may_log("event=reload_failed")
    with served.client() as client:
        app.break_it()
        line = served.wait_log("event=reload_failed")
        assert served.lines(app.broken), line
        assert version_of(client) == "1"
        app.put("2")
        reloads(served, 1)
        assert version_of(client) == "2"


def test_a_half_written_file_waits_for_its_other_half(serve, app):
    served = serve(app)
    served.may_log("event=reload_failed")
    with served.client() as client:
        app.break_off()
        served.wait_log("event=reload_failed")
        assert served.lines(app.half), served.text()
        assert version_of(client) == "1"
        app.put("3")
        reloads(served, 1)
        assert version_of(client) == "3"


def test_a_failure_is_not_tried_again_until_something_changes(serve, app):
    served = serve(app)
    served.may_log("event=reload_failed")
    app.break_it()
    served.wait_log("event=reload_failed")
    for _ in range(5):
        (app.folder / "notes.txt").write_text("somebody else's file")
        time.sleep(0.15)
    assert len(served.lines("event=reload_failed")) == 1


def test_a_missing_file_may_come_back(serve, app):
    served = serve(app)
    with served.client() as client:
        app.main.unlink()
        time.sleep(0.5)
        assert version_of(client) == "1"
        app.put("2")
        reloads(served, 1)
        assert version_of(client) == "2"


def test_a_folder_may_be_replaced(serve, app):
    """As a deployment does it: the new folder is renamed into the place of the old one."""
    served = serve(app)
    with served.client() as client:
        os.rename(app.folder, app.folder.parent / "before")
        time.sleep(0.3)
        app.folder.mkdir()
        app.put("2")
        reloads(served, 1)
        assert version_of(client) == "2"
        app.put("3")
        reloads(served, 2)
        assert version_of(client) == "3"


def test_nothing_is_watched_when_that_is_switched_off(serve, app, reload):
    served = serve(app, watch="off")
    with served.client() as client:
        app.put("2")
        time.sleep(0.7)
        assert version_of(client) == "1"
        assert reload(served).startswith("ok")
        assert version_of(client) == "2"


# ---- Asked for


def test_sighup_reloads_all(serve, app):
    served = serve(app, watch="off")
    with served.client() as client:
        app.put("2")
        served.signal(signal.SIGHUP)
        reloads(served, 1)
        assert version_of(client) == "2"
        served.signal(signal.SIGHUP)
        reloads(served, 2)


def test_jackfield_reload_says_what_became_of_it(serve, app, host, tmp_path):
    served = serve(app, watch="off")
    served.may_log("event=reload_failed")
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}

    def ask(code, *arguments):
        program = host.run("reload", *arguments, extra_env=env)
        assert program.wait() == code, program.text()
        program.stop(code=code)
        return program.text()

    app.put("2")
    assert "reloaded" in ask(0)
    app.break_it()
    assert app.main.name in ask(1, "--pid", str(served.process.pid))
    assert "does not answer" in ask(1, "--pid", "1")


def test_one_of_several_hosts_must_be_named(serve, app, host, tmp_path):
    first, second = serve(app, watch="off"), serve(app, watch="off")
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}
    program = host.run("reload", extra_env=env)
    assert program.wait() == 1
    for served in (first, second):
        assert f"{served.process.pid}  {served.url}" in program.text()
    program.stop(code=1)


def test_a_host_that_was_killed_is_not_asked(serve, app, host, tmp_path):
    served = serve(app)
    served.process.kill()
    served.process.wait()
    served.checked = True
    program = host.run("reload", extra_env={"XDG_RUNTIME_DIR": str(tmp_path)})
    assert program.wait() == 1
    assert "no host" in program.text()
    program.stop(code=1)


@pytest.mark.parametrize(
    "line, answer",
    [("", "failed"), ("dance", "failed"), ("url", "ok http"), ("x" * 300, "")],
)
def test_the_control_socket_is_not_upset(serve, app, tmp_path, line, answer):
    served = serve(app)
    try:
        said = hot.ask_control(tmp_path, served.process.pid, line)
    except ConnectionError:
        said = ""
    assert said.startswith(answer)
    assert hot.ask_control(tmp_path, served.process.pid).startswith("ok")


# ---- Events in flight


def test_events_in_flight_finish_on_the_code_they_started_on(serve, app, reload):
    served = serve(app)
    with served.client() as old, served.client() as new:
        old.json(action="slow", n=7)
        time.sleep(0.1)
        app.put("2")
        assert reload(served).startswith("ok")
        assert version_of(new) == "2"
        assert old.recv_json() == {"n": 7, "version": "1", "again": "1"}
        assert version_of(old) == "2"


def test_an_old_version_is_released_when_its_last_event_is_finished(serve, app, reload):
    served = serve(app, watch="off", trial_events=0)
    with served.client() as client:
        client.json(action="slow", n=1)
        time.sleep(0.05)
        app.put("2")
        reload(served)
        assert not served.lines("event=released")
        client.recv()
        served.wait_log("event=released")


def test_timers_of_an_old_version_stop_when_it_has_left(serve, app, reload):
    served = serve(app)
    with served.client() as client:
        client.json(action="tick", n=3)
        assert client.recv_json()["version"] == "1"
        app.put("2")
        assert reload(served).startswith("ok")
        time.sleep(0.3)
        client.others.clear()
        while client.readable(0):
            client.recv()
        client.silence(0.3)
        assert version_of(client) == "2"


def test_reload_during_drain_is_refused(serve, app, reload):
    served = serve(app)
    served.may_log("event=reload_refused")
    with served.client() as client:
        client.json(action="slow", n=1)
        time.sleep(0.05)
        app.put("2")
        served.signal()
        served.wait_log("event=draining")
        assert reload(served).startswith("failed the host is draining")
        assert client.recv_json()["version"] == "1"
        client.expect_close(1001)
    assert served.wait() == 0
    assert not served.lines("event=reloaded")


def test_a_drain_may_overtake_a_reload(serve, app):
    """Whichever comes first: the host ends well."""
    for pause in (0, 0.001, 0.003, 0.01):
        served = serve(app)
        client = served.client()
        app.put("2")
        served.signal(signal.SIGHUP)
        time.sleep(pause)
        served.signal()
        client.expect_close(1001)
        client.drop()
        assert served.wait() == 0
        served.may_log("event=reload_refused")
        served.stop()


# ---- Versions that are no good


def test_a_version_that_fails_is_rolled_back(serve, app, reload):
    served = serve(app, trial_failures=3, trial_events=10)
    served.may_log("event=rolled_back", "event=handler_failed", "event=says", "this version")
    with served.client() as client:
        assert version_of(client) == "1"
        app.put("fails")
        reloads(served, 1)
        for n in range(3):
            client.json(action="ask", n=n)
            assert INTERNAL in client.recv()
        line = served.wait_log("event=rolled_back")
        assert "level=error" in line and "failed=3" in line
        reloads(served, 2)
        assert version_of(client) == "1"
        time.sleep(0.5)  # the bad file is still there, and known
        assert version_of(client) == "1"
        app.put("2")
        reloads(served, 3)
        assert version_of(client) == "2"


def test_timers_go_on_after_a_rollback(serve, app, reload):
    served = serve(app, trial_failures=1, trial_events=10)
    served.may_log("event=rolled_back", "event=handler_failed", "event=says", "this version")
    with served.client() as ticking, served.client() as client:
        ticking.json(action="tick", n=3)
        ticking.recv()
        app.put("fails")
        reload(served)
        time.sleep(0.3)
        while ticking.readable(0):
            ticking.recv()
        ticking.silence(0.2)
        client.json(action="ask", n=1)
        assert INTERNAL in client.recv()
        served.wait_log("event=rolled_back")
        assert ticking.recv_json() == {"n": 3, "version": "1", "again": "1"}
        assert ticking.recv_json()["version"] == "1"


def test_failures_after_the_trial_change_nothing(serve, app, reload):
    served = serve(app, trial_failures=2, trial_events=4)
    served.may_log("event=handler_failed", "event=says", "nil")
    with served.client() as client:
        app.put("2")
        reload(served)
        for _ in range(5):
            assert version_of(client) == "2"
        served.wait_log("event=released")
        assert not served.lines("event=rolled_back")


@pytest.mark.only("c", reason="these flaws are a shared object's")
@pytest.mark.parametrize(
    "flaw, reason",
    [
        ("abi", r"built for ABI 9\.\d"),
        ("init", r"this version cannot begin"),
        ("routes", r"route .*ask.* is not acceptable"),
        ("take_over", r"cannot take over"),
        ("worker_init", r"worker_init failed on worker 1"),
    ],
)
def test_a_flawed_plugin_is_refused_with_the_old_one_serving(
    serve, build, tmp_path, reload, flaw, reason
):
    (tmp_path / "app").mkdir()
    app = hot.CApp(build, tmp_path / "app")
    app.put("1")
    served = serve(app)
    served.may_log("event=reload_failed", "event=worker_init_failed")
    with served.client() as client:
        app.put(flaw)
        served.wait_log(f"event=reload_failed.*{reason}")
        assert version_of(client) == "1"
        app.put("2")
        reloads(served, 1)
        assert version_of(client) == "2"


@pytest.mark.only("c", reason="what a script must keep, it keeps in the store")
def test_state_is_handed_over(serve, build, tmp_path, reload):
    (tmp_path / "app").mkdir()
    app = hot.CApp(build, tmp_path / "app")
    app.put("1")
    served = serve(app, watch="off")
    with served.client() as client:
        for expected in range(1, 31):
            client.json(action="count")
            assert client.recv_json() == {"count": expected}
            if expected % 10 == 0:
                app.put("123"[expected % 3])
                assert reload(served).startswith("ok")


# ---- The configuration


def change(served, **keys):
    """Write the configuration anew, whole, with other values."""
    config = json.loads(served.config_path.read_text())
    for key, value in keys.items():
        if isinstance(value, dict):
            config.setdefault(key, {}).update(value)
        else:
            config[key] = value
    fresh = served.config_path.with_suffix(".new")
    fresh.write_text(json.dumps(config))
    os.rename(fresh, served.config_path)
    return config


def test_limits_change_for_connections_that_are_there(serve, app):
    served = serve(app)
    with served.client() as client, served.client() as other:
        client.json(action="ask", n=1, pad="x" * 2000)
        client.recv()
        change(served, limits={"message_bytes": 1000, "frame_bytes": 1000})
        reloads(served, 1)
        client.json(action="ask", n=2)
        assert client.recv_json()["n"] == 2
        client.json(action="ask", n=3, pad="x" * 2000)
        client.expect_close(1009)
        assert version_of(other) == "1"


def test_the_log_level_changes(serve, app):
    served = serve(app)
    change(served, log={"level": "error"})
    served.wait_log("event=files_changed")
    time.sleep(0.5)
    app.put("2")
    with served.client() as client:
        for _ in range(100):
            if version_of(client) == "2":
                break
            time.sleep(0.05)
        assert version_of(client) == "2"
    assert len(served.lines("event=reloaded")) == 0  # below the new level


def test_a_plugin_is_added_and_taken_away(serve, app, plugin):
    served = serve(app)
    more = {"file": plugin("routes"), "options": {"routes": ["more"]}}
    with served.client() as client:
        client.json(action="more")
        assert "Forbidden" in client.recv()
        change(served, plugins=[{"file": str(app.main)}, more])
        reloads(served, 1)
        client.json(action="more")
        assert client.recv_json()["route"] == "more"
        assert version_of(client) == "1"
        change(served, plugins=[{"file": str(app.main)}])
        reloads(served, 2)
        client.json(action="more")
        assert "Forbidden" in client.recv()
        served.wait_log("event=released plugin=routes")


def test_a_stage_is_added(serve, app, plugin):
    served = serve(app)
    config = json.loads(served.config_path.read_text())
    plugins = config.pop("plugins")
    config["stages"] = {"$default": {"plugins": plugins}, "two": {"plugins": plugins}}
    with served.client() as client:
        served.config_path.write_text(json.dumps(config))
        reloads(served, 1)
        with served.client("/two") as other:
            assert version_of(other) == version_of(client) == "1"


@pytest.mark.parametrize(
    "keys, named",
    [
        ({"listen": {"port": 1}}, "listen.port"),
        ({"workers": 3}, "workers"),
        ({"store": {"kind": "memory"}, "limits": {"mailbox_bytes": 1000000}}, "mailbox_bytes"),
        ({"log": {"format": "json"}}, "log.format"),
        ({"static": {"/": "."}}, "static"),
    ],
)
def test_what_cannot_change_is_refused_by_name(serve, app, keys, named):
    served = serve(app)
    served.may_log("event=reload_failed")
    change(served, **keys)
    line = served.wait_log("event=reload_failed")
    assert f"{named} cannot change while the host runs" in line
    with served.client() as client:
        assert version_of(client) == "1"


def test_a_stage_with_connections_cannot_go(serve, app, host):
    served = serve(app)
    served.may_log("event=reload_failed")
    config = json.loads(served.config_path.read_text())
    config["stages"] = {"other": {"plugins": config.pop("plugins")}}
    served.config_path.write_text(json.dumps(config))
    line = served.wait_log("event=reload_failed")
    assert "stages.$default cannot change" in line


def test_a_broken_configuration_changes_nothing(serve, app):
    served = serve(app)
    served.may_log("event=reload_failed")
    was = served.config_path.read_text()
    served.config_path.write_text(was.replace('"limits"', '"limts"'))
    assert "limts" in served.wait_log("event=reload_failed")
    served.config_path.write_text('{ "plugins": [')
    served.wait_log("event=reload_failed", count=2)
    with served.client() as client:
        assert version_of(client) == "1"


# ---- Under load


def test_many_reloads_lose_nothing(serve, app, reload, workers):
    """200 clients talk while the application is replaced, a script a thousand times and a
    shared object two hundred times: no socket is lost, no message lost or answered twice,
    every answer comes from a whole version, and memory does not grow."""
    served = serve(app, watch="off", workers=workers, trial_events=5)
    times = {"c": 200, "lua": 1000}[app.language]
    if app.language == "lua" and served.sanitizer == "tsan":
        times = 60  # it keeps something for every longjmp of Lua, and ends beyond all memory
    done = 0

    def replace():
        nonlocal done
        done += 1
        app.put(str(1 + done % 3) if app.language == "c" else str(done))
        assert reload(served).startswith("ok")

    with hot.Crowd(served.port, 200, slow=100) as crowd:
        # Warm: pools have grown to what the crowd needs, a few hundred events per worker.
        warm = time.monotonic() + (0 if served.sanitizer else 10)
        while (time.monotonic() < warm or done < times // 5) and not crowd.mistakes:
            replace()
        before, first = hot.resident_kib(served.process.pid), done
        while done < first + times and not crowd.mistakes:
            replace()
        crowd.finish()
        after = hot.resident_kib(served.process.pid)
    assert not crowd.mistakes
    assert len(crowd.versions) >= (3 if app.language == "c" else times // 2)
    assert len(served.lines(r"event=reloaded\b")) == done
    print(f"reloads={done} answers={crowd.answers} rss_kib={before}..{after}")
    if not served.sanitizer:
        assert after <= before * 1.05, f"{before} KiB became {after} KiB"
