"""Every example, from its own configuration, does what its README says, in C as in Lua."""

import json
import pathlib
import re
import time

import pytest
import raw
from conftest import ROOT


def configuration(name, plugin):
    """examples/NAME/NAME.json, with the plugins of the build and language under test."""
    path = ROOT / "examples" / name / f"{name}.json"
    text = re.sub(r"/\*.*?\*/|(?m:^[ \t]*//[^\n]*$)", "", path.read_text(), flags=re.S)
    config = json.loads(text)
    stages = config.get("stages", {"": config}).values()
    for stage in stages:
        for at, one in enumerate(stage["plugins"]):
            one = one if isinstance(one, dict) else {"file": one}
            stage["plugins"][at] = dict(one, file=plugin(pathlib.Path(one["file"]).stem))
    for mount, folder in config.get("static", {}).items():
        config["static"][mount] = str((path.parent / folder).resolve())
    config.setdefault("listen", {})["port"] = 0
    config.setdefault("limits", {}).update(drain_s=5, drain_jitter_s=0)
    return config


@pytest.fixture
def example(host, plugin):
    def start(name, change=None):
        config = configuration(name, plugin)
        if change:
            change(config)
        return host.run("run", "-c", host.write(config)).ready()

    return start


def test_echo_echoes(example):
    with example("echo").client() as client:
        for text in ("hello", '{"action":"x","p":1}', "\u20ac", ""):
            client.text(text)
            assert client.recv() == text


def test_echo_echoes_binary_as_binary(example):
    with example("echo").client() as client:
        client.binary(b"\x00\xff")
        assert client.recv_binary() == b"\x00\xff"


# -- greet


def talk(client, **message):
    client.json(**message)
    return client.recv()


def test_greet_knows_a_name_once_it_is_told(example):
    with example("greet", one_worker).client() as ann:
        assert talk(ann, action="greet") == "Hello stranger, greeting 1 of worker 0"
        assert talk(ann, action="name", name="Ann") == "Nice to meet you"
        assert talk(ann, action="greet") == "Hello Ann, greeting 2 of worker 0"
        assert talk(ann, action="name", name="B\xe9a") == "Nice to meet you"
        assert talk(ann, action="greet") == "Hello B\xe9a, greeting 3 of worker 0"


@pytest.mark.parametrize("name", ["", "x" * 65, 5, None, {"name": "Ann"}], ids=repr)
def test_greet_takes_no_name_that_is_none(example, name):
    with example("greet", one_worker).client() as client:
        said = talk(client, action="name", name=name)
        assert said == '"name" is a string of 1 to 64 bytes'
        assert talk(client, action="name") == said
        assert "stranger" in talk(client, action="greet")


def test_greets_count_is_its_workers_own_and_the_name_its_connections(example):
    served = example("greet", four_workers)
    counts = {}
    for i in range(24):
        with served.client() as client:
            talk(client, action="name", name=f"No. {i}")
            match = re.fullmatch(
                rf"Hello No\. {i}, greeting (\d+) of worker (\d)",
                talk(client, action="greet"),
            )
            counts.setdefault(match.group(2), []).append(int(match.group(1)))
    assert len(counts) == 4
    for seen in counts.values():
        assert seen == list(range(1, len(seen) + 1))


def one_worker(config):
    config["workers"] = 1


def four_workers(config):
    config["workers"] = 4


# -- auth


@pytest.mark.parametrize(
    "path, headers, who",
    [
        ("/?token=secret", [], "Ann"),
        ("/?token=hush", [], "Bob"),
        ("/", [("Authorization", "Bearer secret")], "Ann"),
        ("/", [("authorization", "bearer   hush")], "Bob"),
        ("/?token=wrong", [("Authorization", "Bearer secret")], "Ann"),
    ],
)
def test_auth_admits_whose_token_it_knows(example, path, headers, who):
    with example("auth").client(path, headers) as client:
        for _ in range(2):
            assert talk(client, action="whoami", name="Eve") == who


@pytest.mark.parametrize(
    "path, headers",
    [
        ("/", []),
        ("/?token=", []),
        ("/?token=secre", []),
        ("/?token=secrets", []),
        ("/?token=Secret", []),
        ("/?token=secret%00", []),
        ("/?token=Ann", []),
        ("/", [("Authorization", "secret")]),
        ("/", [("Authorization", "Basic secret")]),
        ("/", [("Authorization", "Bearer")]),
        ("/", [("Authorization", "Bearersecret")]),
        ("/?token=secret", [("Authorization", "Bearer wrong")]),
        ("/?token=secret", [("Authorization", "")]),
    ],
)
def test_auth_refuses_all_others(example, path, headers):
    with pytest.raises(raw.Refused) as caught:
        example("auth").client(path, headers)
    response = caught.value.response
    assert (response.status, response.body) == (
        401,
        b"a token is needed, and this is none\n",
    )


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"tokens": {}},
        {"tokens": ["secret"]},
        {"tokens": "secret"},
        {"tokens": {"": "Ann"}},
        {"tokens": {"secret": ""}},
        {"tokens": {"secret": True}},
        {"tokens": {"secret": "Ann"}, "realm": "x"},
    ],
    ids=str,
)
def test_auth_does_not_start_without_tokens(host, options):
    program = host.run(
        "run", "-c", host.write(host.config([{"file": "auth", "options": options}]))
    )
    program.expected_exit = 1
    program.may_log(".")
    assert program.wait() == 1
    assert ("realm" if "realm" in options else "tokens") in program.text()


# -- later


@pytest.fixture
def ways(language):
    """What answers late: the thread is C's alone, a script has none."""
    return {"c": ("later", "thread"), "lua": ("later",)}[language]


def test_later_answers_later(example, ways):
    served = example("later")
    for action in ways:
        text = '{"action":"%s","text":"at last"}' % action
        with served.client() as client:
            began = time.monotonic()
            client.text(text)
            assert client.recv() == text
            assert 0.25 < time.monotonic() - began < 5
            client.silence(0.2)


def test_later_holds_up_nobody(example, ways):
    served = example("later")
    clients = [served.client() for _ in range(20)]
    began = time.monotonic()
    for i, client in enumerate(clients):
        client.json(action=ways[i % len(ways)], i=i)
    for i, client in enumerate(clients):
        assert client.recv_json()["i"] == i
        client.drop()
    assert time.monotonic() - began < 5


def test_later_may_be_left_alone(example, ways):
    served = example("later")
    for i in range(10):
        with served.client() as client:
            client.json(action=ways[i % len(ways)])
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


@pytest.mark.parametrize("wait", ["", "x", "-1", "1.5", "60001", "9" * 40, "1e3"])
def test_later_waits_for_a_number_of_milliseconds_only(example, wait):
    with pytest.raises(raw.Refused) as caught:
        example("later").client(f"/?wait={wait}")
    response = caught.value.response
    assert (response.status, response.body) == (
        400,
        b"wait is a number of milliseconds up to 60000\n",
    )


def test_laters_verdict_may_be_a_failure(example):
    served = example("later")
    served.may_log(r"\$connect")
    for path in ("/?verdict=fail", "/?verdict=refuse&status=x", "/?subprotocol=unoffered"):
        with pytest.raises(raw.Refused) as caught:
            served.client(path)
        assert caught.value.response.status == 502, path


# -- chat; more in test_chat.py


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
