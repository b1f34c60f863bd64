"""What belongs to a stage: its variables and its API's id. The configuration is read again
while clients stay."""

import json
import os
import pathlib

import pytest
import raw


def reconfigure(host, change):
    """Have `change` edit the configuration, and the host take it over."""
    path = pathlib.Path(host.command[-1])
    whole = json.loads(path.read_text())
    change(whole)
    before = len(host.lines("event=reloaded"))
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(whole))
    os.rename(fresh, path)
    host.wait_log("event=reloaded", count=before + 1)


# -- variables


VARIABLES = {
    "stages": {
        "prod": {
            "plugins": ["probe"],
            "api_id": "a1b2c3d4e5",
            "variables": {"table": "chat \u00e4\"", "Empty": ""},
        },
        "beta": {"plugins": ["probe"]},
    }
}


def test_a_stage_has_variables_of_its_own(host):
    served = host(config=VARIABLES)
    with served.client("/prod") as client:
        answer = client.ask("event", variable="table")
        assert answer["event"]["stageVariables"] == {"table": "chat \u00e4\"", "Empty": ""}
        assert answer["event"]["requestContext"]["apiId"] == "a1b2c3d4e5"
        assert answer["variable"] == "chat \u00c3\u00a4\""  # octets
        assert client.ask("event", variable="Empty")["variable"] == ""
        assert "variable" not in client.ask("event", variable="empty")
    with served.client("/beta") as client:
        answer = client.ask("event", variable="table")
        assert "stageVariables" not in answer["event"]
        assert "variable" not in answer
        assert answer["event"]["requestContext"]["apiId"] == "jackfield0"


def test_connect_and_disconnect_have_them_too(host):
    served = host(config=VARIABLES)
    with served.client("/prod") as watcher:
        assert watcher.ask("join", group="events")["status"] == "ok"
        with served.client("/prod?event") as client:
            event = client.recv_json()
            assert event["stageVariables"]["Empty"] == ""
            client.close()
        event = watcher.recv_json()
        assert event["requestContext"]["eventType"] == "DISCONNECT"
        assert event["requestContext"]["apiId"] == "a1b2c3d4e5"
        assert event["stageVariables"]["Empty"] == ""


def test_a_reload_changes_them_for_later_events(host):
    served = host(config=VARIABLES, workers=2)

    def change(whole):
        whole["stages"]["prod"]["variables"] = {"table": "new"}
        whole["stages"]["prod"]["api_id"] = "f6g7"

    with served.client("/prod") as client:
        assert client.ask("event", variable="Empty")["variable"] == ""
        reconfigure(served, change)
        answer = client.ask("event", variable="table")
        assert answer["variable"] == "new"
        assert answer["event"]["stageVariables"] == {"table": "new"}
        assert answer["event"]["requestContext"]["apiId"] == "f6g7"
    assert not served.lines("new_instances=[1-9]")


@pytest.mark.only("c", reason="an event asked for on another thread")
def test_an_event_under_way_keeps_those_it_began_with(host):
    served = host(config=VARIABLES)

    def change_to(table):
        def change(whole):
            whole["stages"]["prod"]["variables"] = {"table": table}

        reconfigure(served, change)

    with served.client("/prod") as waiting, served.client("/prod") as other:
        waiting.tell("hang", name="door")
        other.ask("whoami")
        for table in "newer", "newest", "new":  # its router is long gone
            change_to(table)
        event = other.ask("release", name="door", event=True)["event"]
        assert event["stageVariables"]["Empty"] == ""
        assert other.ask("event", variable="table")["variable"] == "new"


# -- domains


DOMAINS = {
    "stages": {
        "prod": {"plugins": ["probe"]},
        "beta": {"plugins": ["probe"]},
        "$default": {"plugins": ["probe"]},
    },
    "domains": {
        "chat.example.com": {"/": "prod", "/v2": "beta", "/v2/old": "prod"},
        "api.example.com": {"/v1": "beta"},
    },
}


def stage_of(served, name, path):
    with served.client(path, name=name) as client:
        return client.ask("whoami")["stage"]


@pytest.mark.parametrize(
    "name, path, stage",
    [
        ("chat.example.com", "/", "prod"),
        ("chat.example.com", "/room/1", "prod"),
        ("Chat.Example.Com:8443", "/v2", "beta"),
        ("chat.example.com", "/v2/", "beta"),
        ("chat.example.com", "/v2/old?x=1", "prod"),
        ("chat.example.com", "/beta", "prod"),
        ("api.example.com", "/v1/x", "beta"),
        ("other.example.com", "/beta", "beta"),
        ("localhost", "/", "$default"),
    ],
)
def test_host_and_base_path_select_the_stage(standing, name, path, stage):
    assert stage_of(standing(config=DOMAINS), name, path) == stage


@pytest.mark.parametrize(
    "name, path",
    [
        ("api.example.com", "/"),
        ("api.example.com", "/beta"),
        ("api.example.com", "/v11"),
        ("other.example.com", "/v2"),
        ("chat.example.com", "/v2/@connections/x"),
        ("localhost", "/@connections/x"),
        ("localhost", "/prod/%40connections/x"),
    ],
)
def test_what_no_base_path_fits_is_forbidden(standing, name, path):
    served = standing(config=DOMAINS)
    with served.client(path, name=name, expect=403) as client:
        assert client.response.json() == {"message": "Forbidden"}


def plain(served, name, path):
    with served.socket() as client:
        client.send(raw.request("GET", path, host=name))
        return client.read_response().status


def test_a_plain_request_is_told_to_upgrade_where_a_stage_is(standing):
    served = standing(config=DOMAINS)
    assert plain(served, "chat.example.com", "/v2/x") == 426
    assert plain(served, "chat.example.com:80", "/anything") == 426
    assert plain(served, "api.example.com", "/v1") == 426
    assert plain(served, "API.example.com", "/beta") == 403
    assert plain(served, "localhost", "/beta") == 426
    assert plain(served, "h" * 400, "/beta") == 426
    assert plain(served, "h" * 400, "/v1") == 403


def test_an_event_tells_the_clients_host_and_the_real_stage(standing):
    served = standing(config=DOMAINS)
    with served.client("/v2", name="chat.example.com:443") as client:
        context = client.ask("event")["event"]["requestContext"]
        assert context["domainName"] == "chat.example.com:443"
        assert context["stage"] == "beta"


def test_a_reload_changes_domains_for_those_who_come_later(host):
    served = host(config=DOMAINS)

    def change(whole):
        whole["domains"] = {"chat.example.com": {"/v3": "prod"}}

    with served.client("/v2", name="chat.example.com") as client:
        reconfigure(served, change)
        assert client.ask("whoami")["stage"] == "beta"
        assert stage_of(served, "chat.example.com", "/v3") == "prod"
        assert plain(served, "chat.example.com", "/v2") == 403
        assert stage_of(served, "api.example.com", "/beta") == "beta"


@pytest.mark.only("c", reason="it is about the configuration")
def test_a_domain_without_its_stage_is_not_started(host, plugin):
    whole = host.config(config={**DOMAINS, "domains": {"a.example": {"/": "gone"}}})
    run = host.run("check", "-c", host.write(whole))
    run.wait()
    assert 'there is no stage "gone"' in run.text()
    run.stop(code=1)


# -- proxies


BEHIND = {"proxies": ["127.0.0.1", "10.0.0.0/8"]}
IN_THE_OPEN = {"proxies": ["10.0.0.0/8", "::1"]}


def seen(client):
    """The address that events tell, and the one that $connect saw."""
    context = client.ask("event")["event"]["requestContext"]
    return context["identity"]["sourceIp"], client.ask("describe")["seen"]["peer"]


@pytest.mark.parametrize(
    "headers, address, peer",
    [
        ({"X-Forwarded-For": "198.51.100.7"}, "198.51.100.7", "198.51.100.7:0"),
        ({"X-Forwarded-For": "6.6.6.6, 198.51.100.7, 10.0.0.1"},)
        + ("198.51.100.7", "198.51.100.7:0"),
        ({"X-Forwarded-For": "2001:db8::7"}, "2001:db8::7", "[2001:db8::7]:0"),
        ({"Forwarded": 'for="[2001:db8::7]:80";proto=https'},)
        + ("2001:db8::7", "[2001:db8::7]:0"),
    ],
)
def test_a_proxy_is_believed(standing, headers, address, peer):
    served = standing(config=BEHIND)
    with served.client("/", headers.items()) as client:
        assert seen(client) == (address, peer)


@pytest.mark.parametrize("value", ["unknown", "198.51.100.7, rubbish", "", "\xff" * 500])
def test_of_a_proxy_that_names_nobody_its_own_address_is_told(standing, value):
    served = standing(config=BEHIND)
    with served.client("/", [("X-Forwarded-For", value)]) as client:
        address, peer = seen(client)
        assert address == "127.0.0.1"
        assert peer.startswith("127.0.0.1:") and not peer.endswith(":0")


def test_a_stranger_is_not_believed(standing):
    headers = {
        "X-Forwarded-For": "198.51.100.7",
        "Forwarded": "for=198.51.100.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "443",
    }
    served = standing(config=IN_THE_OPEN)
    with served.client("/?event", headers.items()) as client:
        event = client.recv_json()
        assert event["headers"]["X-Forwarded-Proto"] == "http"
        assert event["headers"]["X-Forwarded-Port"] == "80"
        assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
        assert event["multiValueHeaders"]["X-Forwarded-For"] == ["198.51.100.7", "127.0.0.1"]
        address, peer = seen(client)
        assert address == "127.0.0.1" and peer.startswith("127.0.0.1:")


def test_scheme_and_port_are_those_a_proxy_tells(standing):
    headers = {
        "X-Forwarded-For": "198.51.100.7",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Port": "443",
    }
    with standing(config=BEHIND).client("/?event", headers.items()) as client:
        event = client.recv_json()
        assert event["headers"]["X-Forwarded-Proto"] == "https"
        assert event["headers"]["X-Forwarded-Port"] == "443"
        assert event["headers"]["X-Forwarded-For"] == "198.51.100.7"


def test_the_log_names_the_client_behind_a_proxy(host):
    served = host(config={**BEHIND, "log": {"level": "debug"}})
    with served.client("/", [("X-Forwarded-For", "198.51.100.7")]) as client:
        client.send(raw.frame(raw.TEXT, b"unmasked", mask=None))
        client.expect_close(1002)
    served.wait_log(r"event=failed peer=198\.51\.100\.7:0 ")


def test_a_reload_changes_who_is_believed(host):
    served = host(config=IN_THE_OPEN)
    headers = [("X-Forwarded-For", "198.51.100.7")]

    def change(whole):
        whole["proxies"] = ["127.0.0.0/8"]

    with served.client("/", headers) as before:
        reconfigure(served, change)
        with served.client("/", headers) as after:
            assert seen(after)[0] == "198.51.100.7"
        assert seen(before)[0] == "127.0.0.1"


# -- limits


def limited(**limits):
    return {
        "limits": {"message_bytes": 5000, "ping_s": 0, "event_ms": 20000},
        "stages": {
            "small": {"plugins": ["probe"], "limits": limits},
            "usual": {"plugins": ["probe"]},
        },
    }


def test_a_stage_has_limits_of_its_own_for_messages(host):
    served = host(config=limited(message_bytes=1000))
    with served.client("/small") as small, served.client("/usual") as usual:
        assert small.ask("whoami", pad="x" * 800)["stage"] == "small"
        small.json(action="whoami", pad="x" * 1000)
        small.expect_close(1009)
        assert usual.ask("whoami", pad="x" * 4000)["stage"] == "usual"
        usual.json(action="whoami", pad="x" * 5000)
        usual.expect_close(1009)


def test_a_stage_may_take_more_than_the_others(host):
    served = host(config=limited(message_bytes=100000), workers=2)
    with served.client("/small") as client, served.client("/small") as other:
        text = "x" * 90000
        assert client.ask("sendto", to=other.id, text=text)["status"] == "ok"
        assert other.recv() == text
        assert client.ask("all", text=text)["status"] == "ok"
        assert other.recv() == text


def in_pieces(client, size, **message):
    """Send it in fragments of so many octets."""
    text = json.dumps(message).encode()
    for at in range(0, len(text), size):
        opcode = raw.CONTINUATION if at else raw.TEXT
        client.send(raw.frame(opcode, text[at : at + size], fin=at + size >= len(text)))


@pytest.mark.parametrize("verb", ["sendto", "many", "all", "gsend", "then"])
def test_frames_are_as_long_as_the_stage_says(host, verb):
    served = host(config=limited(frame_bytes=1000))
    with served.client("/small") as client:
        assert client.ask("join", group="g")["status"] == "ok"
        what = {"text": "x" * 2500, "group": "g", "quiet": True}
        if verb == "many":
            what["to"] = [client.id]
        in_pieces(client, 900, action=verb, **what)
        sizes = []
        while sum(sizes) < 2500:
            sizes.append(len(client.read_frame().payload))
        assert sizes == [1000, 1000, 500]
    with served.client("/usual") as client:
        client.tell("all", text="x" * 2500, quiet=True)
        assert len(client.read_frame().payload) == 2500


def test_a_stage_has_its_own_patience(host):
    served = host(config=limited(event_ms=300))
    served.may_log("event=overdue", "event=handler_failed")
    with served.client("/small") as small, served.client("/usual") as usual:
        usual.tell("sleepy", ms=1000)
        small.tell("sleepy", ms=1000)
        assert json.loads(small.read_message()[1])["message"] == "Endpoint request timed out"
        assert json.loads(usual.read_message()[1])["status"] == "ok"


def test_a_stage_has_its_own_idle_time_and_pings(host):
    served = host(config=limited(idle_s=1, ping_s=0))
    with served.client("/small") as small, served.client("/usual") as usual:
        small.expect_close(1001, "Going away", timeout=5)
        assert usual.ask("whoami")["stage"] == "usual"


def test_a_stage_has_its_own_lifetime(host):
    served = host(config=limited(lifetime_s=1))
    with served.client("/small") as small, served.client("/usual") as usual:
        small.expect_close(1001, "Going away", timeout=5)
        assert usual.ask("whoami")["stage"] == "usual"


def test_a_stage_has_its_own_outbox(host):
    served = host(config=limited(outbox_bytes=6000))
    with served.client("/small", receive_buffer=4096) as small:
        answer = small.ask("burst", n=2000, size=4000)
        assert answer["full"] > 0
    with served.client("/usual", receive_buffer=4096) as usual:
        assert usual.ask("burst", n=200, size=4000)["full"] == 0


def test_a_reload_changes_them_for_connections_that_are_there(host):
    served = host(config=limited(message_bytes=1000))

    def change(whole):
        whole["limits"]["message_bytes"] = 1000
        whole["stages"]["small"]["limits"] = {"message_bytes": 3000, "idle_s": 1}

    with served.client("/small") as small, served.client("/usual") as usual:
        assert small.ask("whoami")["stage"] == "small"
        reconfigure(served, change)
        assert small.ask("whoami", pad="x" * 2500)["stage"] == "small"
        usual.json(action="whoami", pad="x" * 2500)
        usual.expect_close(1009)


@pytest.mark.only("c", reason="it is about the configuration")
def test_limits_of_a_stage_that_disagree_are_not_started(host):
    whole = host.config(config=limited(message_bytes=2000000))
    run = host.run("check", "-c", host.write(whole))
    run.wait()
    assert "stages.small.limits.outbox_bytes: must hold" in run.text()
    run.stop(code=1)


# -- one-way and two-way routes


ANSWERS = """\
local jf = require "jackfield"
local routes = {
    text = function() return "text" end,
    body = function() return { statusCode = 200, body = "body" } end,
    failed = function() return { statusCode = 501, body = "failed" } end,
    empty = function() return { statusCode = 200, body = "" } end,
    none = function() return { statusCode = 200 } end,
    nothing = function() end,
    throws = function() error("boom") end,
    sends = function(ev) jf.send(ev.conn, "sent") return "returned" end,
    waits = function() jf.sleep(10) return "waited" end,
    mark = function(ev) return jf.send(ev.conn, "mark") end,
}
routes["$connect"] = function() return { statusCode = 200, body = "welcome" } end
return { routes = routes }
"""
MESSAGES = ["text", "body", "failed", "empty", "none", "nothing", "sends", "waits"]
ALL = ["text", "body", "failed", "", "", "sent", "returned", "waited"]
NOT_EMPTY = [text for text in ALL if text]


def heard(client):
    """What was heard until now."""
    client.json(action="mark")
    texts = []
    while (text := client.recv()) != "mark":
        texts.append(text)
    return texts


@pytest.fixture
def answers(host, tmp_path):
    script = tmp_path / "answers.lua"
    script.write_text(ANSWERS)

    def start(profile, two_way=None):
        stage = {"plugins": [{"file": str(script)}]}
        if two_way is not None:
            stage["two_way"] = two_way
        config = {"profile": profile, "stages": {"$default": stage}}
        served = host(config=config)
        served.may_log("says plugin=answers", "event=handler_failed")
        return served

    return start


@pytest.mark.only("lua", reason="its handlers return what is sent back")
@pytest.mark.parametrize(
    "profile, two_way, welcome, expected",
    [
        ("jackfield", None, [], NOT_EMPTY),
        ("jackfield", True, ["welcome"], ALL),
        ("jackfield", False, [], ["sent"]),
        ("aws", None, [], ["sent"]),
        ("aws", True, ["welcome"], ALL),
        ("aws", [], [], ["sent"]),
        ("aws", ["body", "none", "$connect"], ["welcome"], ["body", "", "sent"]),
    ],
)
def test_bodies_go_back_where_routes_are_two_way(
    answers, profile, two_way, welcome, expected
):
    served = answers(profile, two_way)
    with served.client() as client:
        assert heard(client) == welcome
        for action in MESSAGES:
            client.json(action=action)
        assert heard(client) == expected


@pytest.mark.only("lua", reason="its handlers return what is sent back")
def test_error_frames_are_sent_on_one_way_routes_too(answers):
    with answers("aws").client() as client:
        client.json(action="throws")
        client.json(action="unknown")
        texts = [json.loads(text)["message"] for text in heard(client)]
        assert texts == ["Internal server error", "Forbidden"]


@pytest.mark.only("lua", reason="its handlers return what is sent back")
def test_a_reload_changes_which_routes_are_two_way(answers):
    served = answers("aws")

    def change(whole):
        whole["stages"]["$default"]["two_way"] = ["text"]

    with served.client() as client:
        client.json(action="text")
        assert heard(client) == []
        reconfigure(served, change)
        client.json(action="text")
        client.json(action="body")
        assert heard(client) == ["text"]


@pytest.mark.only("c", reason="jf_way(), which scripts need not ask")
def test_a_plugin_can_ask_which_way_its_route_is(host):
    stages = {
        "some": {"plugins": ["probe"], "two_way": ["event"]},
        "none": {"plugins": ["probe"], "two_way": ["whoami"]},
        "unsaid": {"plugins": ["probe"]},
    }
    served = host(config={"stages": stages}, workers=2)
    for stage, way in ("some", "two"), ("none", "one"), ("unsaid", "any"):
        with served.client(f"/{stage}") as client:
            assert client.ask("event")["way"] == way
            assert client.ask("event", elsewhere=True)["way"] == way
