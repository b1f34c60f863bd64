"""Plugins may wait for descriptors of their own: jf_poll_start() and its two sisters."""

import os
import shutil
import time

import hot
import pytest

pytestmark = pytest.mark.only("c", reason="scripts have no descriptors")
ECONNRESET = 104


@pytest.fixture
def polls(host, build):
    """A host with a fresh copy of the plugin, and a client with an open line."""

    def start(**config):
        return host([str(build / "tests/flow/plugins/polls_1.so")], **config)

    return start


def opened(served, **how):
    client = served.client()
    client.json(action="open", **how)
    assert client.recv_json() == {"open": True}
    return client


def test_what_comes_is_told(polls, workers):
    served = polls(workers=workers)
    for _ in range(8):
        client = opened(served)
        for text in ("one", "two"):
            client.json(action="put", text=text)
            assert client.recv_json() == {"version": "1", "read": text}
        client.silence(0.1)
        client.drop()


def test_a_ready_descriptor_is_told_again_until_it_is_read(polls):
    with opened(polls()) as client:
        client.json(action="put", text="x" * 130)
        assert [len(client.recv_json()["read"]) for _ in range(3)] == [64, 64, 2]


def test_the_interest_changes_to_another_and_to_none(polls):
    with opened(polls()) as client:
        client.json(action="interest", n=3)
        assert client.recv_json() == {"ready": 2}
        client.json(action="interest", n=0)
        client.json(action="put", text="later")
        client.silence(0.2)
        client.json(action="interest", n=9)  # is none that there is: nothing changes
        client.silence(0.1)
        client.json(action="interest", n=1)
        assert client.recv_json()["read"] == "later"


def cpu_seconds(pid):
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_hang_up_and_an_error_are_told_once_and_do_not_spin(polls):
    served = polls()
    for action, told in (("hang_up", {"end": True}), ("reset", {"errno": ECONNRESET})):
        with opened(served) as client:
            client.json(action=action)
            assert client.recv_json() == told
            before = cpu_seconds(served.process.pid)
            client.silence(0.5)
            assert cpu_seconds(served.process.pid) - before < 0.3
            client.json(action="where")
            assert client.recv_json() == {"version": "1"}


def test_who_closes_too_early_does_no_harm(polls):
    served = polls()
    with opened(served) as early, opened(served) as other:
        early.json(action="close_early")
        early.json(action="put", text="x")
        assert early.recv_json() == {"errno": 9}  # its own read(2) fails
        early.json(action="stop", twice=True)
        assert early.recv_json() == {"stopped": True}
        other.json(action="put", text="fine")
        assert other.recv_json()["read"] == "fine"


def test_a_stopped_one_is_not_told(polls):
    with opened(polls()) as client:
        client.json(action="stop", twice=True)
        assert client.recv_json() == {"stopped": True}
        client.json(action="interest", n=1)
        client.json(action="where")
        client.recv_json()
        client.silence(0.2)


def test_what_cannot_be_waited_for_is_refused(polls):
    with polls().client() as client:
        client.json(action="wrong")
        assert client.recv_json() == {"wrong": [-1, -1, -1, -1]}


def test_many_come_and_go(polls):
    """Places are used again, and an old name does not reach the new tenant."""
    served = polls()
    clients = [opened(served) for _ in range(50)]
    for client in clients[::2]:
        client.json(action="stop")
        client.recv_json()
    late = [opened(served) for _ in range(25)]
    for client in clients[::2]:
        client.json(action="interest", n=0)
    for client in clients[1::2] + late:
        client.json(action="put", text="hi")
        assert client.recv_json()["read"] == "hi"
    for client in clients + late:
        client.drop()


# ---- Reload


@pytest.fixture
def reloaded(host, build, tmp_path):
    """A host whose plugin can be replaced, a FIFO, and a client that hears what the first
    version reads from it."""

    class Scene:
        main, fifo = tmp_path / "app.so", tmp_path / "fifo"

        def put(self, version):
            fresh = tmp_path / "app.so.new"
            shutil.copyfile(build / f"tests/flow/plugins/polls_{version}.so", fresh)
            os.rename(fresh, self.main)

        def reload(self):
            assert hot.ask_control(tmp_path, self.served.process.pid).startswith("ok")

        def write(self, text):
            end = os.open(self.fifo, os.O_WRONLY | os.O_NONBLOCK)
            os.write(end, text)
            os.close(end)

    scene = Scene()
    os.mkfifo(scene.fifo)
    scene.put("1")

    def start(**reload):
        whole = host.config([], {"reload": {"watch": "off", **reload}})
        whole["plugins"] = [{"file": str(scene.main)}]
        env = {"XDG_RUNTIME_DIR": str(tmp_path)}
        scene.served = host.run("run", "-c", host.write(whole), extra_env=env).ready()
        scene.client = opened(scene.served, path=str(scene.fifo))
        scene.write(b"before")
        assert scene.client.recv_json() == {"version": "1", "read": "before"}
        return scene

    return start


def test_a_replaced_instance_hears_nothing_more_and_its_descriptors_are_dropped(reloaded):
    scene = reloaded(trial_events=0)
    fds = f"/proc/{scene.served.process.pid}/fd"

    def waits():
        return [f for f in os.listdir(fds) if os.readlink(f"{fds}/{f}") == str(scene.fifo)]

    assert len(waits()) == 2  # the plugin's, and the host's own for it
    scene.put("2")
    scene.reload()
    scene.served.wait_log("event=released")
    assert waits() == []
    scene.client.silence(0.2)
    scene.client.json(action="where")
    assert scene.client.recv_json() == {"version": "2"}


def test_an_instance_on_standby_is_deaf_and_hears_again_after_a_rollback(reloaded):
    scene = reloaded(trial_failures=1, trial_events=10)
    scene.served.may_log("event=rolled_back", "event=handler_failed")
    scene.put("fails")
    scene.reload()
    time.sleep(0.3)
    before = cpu_seconds(scene.served.process.pid)
    scene.write(b"meanwhile")
    scene.client.silence(0.5)
    assert cpu_seconds(scene.served.process.pid) - before < 0.3
    scene.client.json(action="where")
    heard = {scene.client.recv(), scene.client.recv()}
    assert '{"version":"1","read":"meanwhile"}' in heard
    scene.served.wait_log("event=rolled_back")
    scene.write(b"after")
    assert scene.client.recv_json() == {"version": "1", "read": "after"}


def test_a_host_ends_well_while_descriptors_are_waited_for(polls):
    served = polls()
    clients = [opened(served) for _ in range(10)]
    clients[0].json(action="interest", n=0)
    served.stop()
    for client in clients:
        client.drop()
