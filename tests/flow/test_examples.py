"""Every example, from its own configuration, does what its README says."""

import json
import pathlib
import re
import time

import pytest
import raw
from conftest import ROOT


def configuration(name, build):
    """examples/NAME/NAME.json, with the plugins of the build under test."""
    path = ROOT / "examples" / name / f"{name}.json"
    text = re.sub(r"/\*.*?\*/|(?m:^[ \t]*//[^\n]*$)", "", path.read_text(), flags=re.S)
    config = json.loads(text)
    stages = config.get("stages", {"": config}).values()
    for stage in stages:
        for at, plugin in enumerate(stage["plugins"]):
            plugin = plugin if isinstance(plugin, dict) else {"file": plugin}
            found = list(build.rglob(pathlib.Path(plugin["file"]).name))
            assert len(found) == 1, found
            stage["plugins"][at] = dict(plugin, file=str(found[0]))
    for mount, folder in config.get("static", {}).items():
        config["static"][mount] = str((path.parent / folder).resolve())
    config.setdefault("listen", {})["port"] = 0
    config.setdefault("limits", {}).update(drain_s=5, drain_jitter_s=0)
    return config


@pytest.fixture
def example(host, build):
    def start(name):
        return host.run("run", "-c", host.write(configuration(name, build))).ready()

    return start


def test_echo_echoes(example):
    with example("echo").client() as client:
        for text in ("hello", '{"action":"x","p":1}', "\u20ac", ""):
            client.text(text)
            assert client.recv() == text


@pytest.mark.parametrize("action", ["later", "thread"])
def test_later_answers_later(example, action):
    text = '{"action":"%s","text":"at last"}' % action
    with example("later").client() as client:
        began = time.monotonic()
        client.text(text)
        assert client.recv() == text
        assert 0.25 < time.monotonic() - began < 5
        client.silence(0.2)


def test_later_holds_up_nobody(example):
    served = example("later")
    clients = [served.client() for _ in range(20)]
    began = time.monotonic()
    for i, client in enumerate(clients):
        client.json(action=("later", "thread")[i % 2], i=i)
    for i, client in enumerate(clients):
        assert client.recv_json()["i"] == i
        client.drop()
    assert time.monotonic() - began < 5


def test_later_may_be_left_alone(example):
    served = example("later")
    for i in range(10):
        with served.client() as client:
            client.json(action=("later", "thread")[i % 2])
            client.reset()
    time.sleep(0.5)
    with served.client() as client:
        client.json(action="later")
        assert client.recv_json()["action"] == "later"


def test_laters_verdict_is_the_clients_choice(example):
    served = example("later")
    began = time.monotonic()
    with served.client("/?wait=300&subprotocol=b", protocols="a, b") as client:
        assert time.monotonic() - began > 0.28
        assert client.response.header("sec-websocket-protocol") == "b"
    with pytest.raises(raw.Refused) as caught:
        served.client("/?wait=100&verdict=refuse&status=418&body=teapot")
    assert (caught.value.response.status, caught.value.response.body) == (418, b"teapot")


def test_chat_serves_its_page_and_its_room(example):
    served = example("chat")
    with served.socket() as sock:
        sock.send(raw.request("GET", "/"))
        response = sock.read_response()
        assert response.status == 200
        assert "text/html" in response.header("content-type")
    with served.client() as a, served.client() as b:
        a.json(action="onMessage", message="Hello everyone")
        while "Hello everyone" not in b.recv():
            pass
