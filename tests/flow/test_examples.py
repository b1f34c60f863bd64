"""Every example, from its own configuration, does what its README says."""

import json
import pathlib
import re
import time

import pytest
from conftest import ROOT


def configuration(name, build):
    """examples/NAME/NAME.json, with the plugins of the build under test."""
    path = ROOT / "examples" / name / f"{name}.json"
    text = re.sub(r"/\*.*?\*/|(?m:^\s*//.*$)", "", path.read_text(), flags=re.S)
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


def test_later_answers_later(example):
    with example("later").client() as client:
        began = time.monotonic()
        client.text('{"action":"later","ms":200,"text":"at last"}')
        client.recv(15)
        assert time.monotonic() - began > 0.05
        client.silence(0.2)


def test_later_holds_up_nobody(example):
    served = example("later")
    with served.client() as a, served.client() as b:
        for client in (a, b):
            client.text('{"action":"later","ms":200,"text":"at last"}')
        for client in (a, b):
            client.recv(15)


def test_later_may_be_left_alone(example):
    served = example("later")
    for _ in range(10):
        with served.client() as client:
            client.text('{"action":"later","ms":200,"text":"at last"}')
            client.reset()
    time.sleep(0.5)
    with served.client() as client:
        client.text('{"action":"later","ms":1,"text":"at last"}')
        client.recv(15)


def test_chat_serves_its_page_and_its_room(example):
    import raw

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
