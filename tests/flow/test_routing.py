"""From a message to its route: the table of the route selection expression, and the
answers when there is no route or it fails."""

import re

import pytest

ACTION = "$request.body.action"
EXAMPLE = (
    '{"service":"chat","action":"join","data":{"room":"room1234"},"list":[1,{"k":"deep"}]}'
)


def routes(*names):
    return {"file": "routes", "options": {"routes": list(names)}}


def served_with(standing, expression, *names):
    return standing(
        config={"stages": {"s": {"route": expression, "plugins": [routes(*names)]}}}
    )


def picked(host, body, path="/s"):
    with host.client(path) as client:
        client.text(body)
        return client.recv_json()["route"]


@pytest.mark.parametrize(
    "expression, route",
    [
        ("$request.body.action", "join"),
        ("${request.body.action}", "join"),
        ("request.body.action", "join"),
        ("${request.body.service}/${request.body.action}", "chat/join"),
        ("${request.body.action}-${request.body.invalidPath}", "join-"),
        ("pre-${request.body.action}-post", "pre-join-post"),
        ("action", "action"),
        ("$request.body.data.room", "room1234"),
        ("$request.body.list[0]", "1"),
        ("$request.body.list[1].k", "deep"),
        ("$request.body.list", "OTHERS"),
        ("$request.body.data", "OTHERS"),
        ("$request.body.list[7]", "OTHERS"),
    ],
)
def test_an_expression_picks_its_route(standing, expression, route):
    names = [
        "join",
        "chat/join",
        "join-",
        "pre-join-post",
        "action",
        "room1234",
        "1",
        "deep",
    ]
    host = served_with(standing, expression, *names, "$default")
    assert picked(host, EXAMPLE) == route.replace("OTHERS", "$default")


def test_an_escaped_dollar_is_static_text(standing):
    host = served_with(standing, "\\$default", "a", "$default")
    assert picked(host, '{"action":"a"}') == "$default"


@pytest.mark.parametrize(
    "body, route",
    [
        ('{"action":"a"}', "a"),
        ('  {"action" : "a"}\r\n ', "a"),
        ('{"action":5}', "5"),
        ('{"action":true}', "true"),
        ('{"action":false}', "$default"),
        ('{"action":null}', "$default"),
        ('{"action":["a","b"]}', "[a, b]"),
        ('{"action":{"a":1}}', "$default"),
        ('{"action":"A"}', "$default"),
        ('{"Action":"a"}', "$default"),
        ('{"action":"\\u0061"}', "a"),
        ('{"action":"b","action":"a"}', "a"),
        ('{"x":{"action":"b"},"action":"a"}', "a"),
        ('{"action":"unknown"}', "$default"),
        ('{"action":""}', "$default"),
        ('{"other":"a"}', "$default"),
        ("{}", "$default"),
        ("", "$default"),
        ("hello", "$default"),
        ("5", "$default"),
        ('"a"', "$default"),
        ('["a"]', "$default"),
        ("null", "$default"),
        ('{"action":"a"', "$default"),
        ('{"action":"a"} x', "$default"),
        ('{"action":"a",}', "$default"),
        ('{"action":"a","b":}', "$default"),
        ("{'action':'a'}", "$default"),
        ('{"action":"a","c":"\\ud83d\\ude00"}', "a"),
        ('{"action":"a ","z":1}', "$default"),
        ('{"action":"caf\u00e9"}', "caf\u00e9"),
    ],
)
def test_a_body_finds_its_route(standing, body, route):
    host = served_with(
        standing, ACTION, "a", "b", "5", "true", "[a, b]", "caf\u00e9", "$default"
    )
    assert picked(host, body) == route


@pytest.mark.parametrize("key", ["$connect", "$disconnect"])
def test_lifecycle_routes_cannot_be_reached_by_a_message(host, key):
    with host().client() as client:
        client.ask("join", group="watch")  # what $disconnect would tell
        client.json(action=key)
        answer = client.recv_json()
        assert answer["re"] == "$default"
        assert client.ask("whoami")["re"] == "whoami"
        assert not client.others


def test_the_default_route_gets_the_body_verbatim(standing):
    with standing().client() as client:
        for body in ("hello", "", '{"action":"nobody",  "x": 1 }'):
            client.text(body)
            assert client.recv_json() == {"re": "$default", "size": len(body), "body": body}


def test_a_deeply_nested_body_does_no_harm(standing):
    with standing().client() as client:
        body = '{"a":' * 30000 + "1" + "}" * 30000
        client.text(body[:120000])
        assert client.recv_json()["re"] == "$default"
        assert client.ask("whoami")["re"] == "whoami"


# -- the host's own answers, byte for byte


def error_frame(message, client):
    return re.compile(
        r'\{"message": "%s", "connectionId":"%s", "requestId":"([A-Za-z0-9_-]{15}=)"\}'
        % (message, re.escape(client.id))
    )


def test_no_route_and_no_default_is_forbidden(host):
    served = host(["probe", routes("x")], config=None)
    # The probe has a $default, so this stage does without the probe.
    bare = host([routes("a")])
    with bare.client() as client:
        for body in (
            '{"action":"nobody"}',
            "hello",
            "",
            '{"action":"$connect"}',
            '{"action":"$default"}',
        ):
            client.text(body)
            text = client.recv()
            assert re.fullmatch(
                r'\{"message": "Forbidden", "connectionId":"[A-Za-z0-9_-]{15}=", '
                r'"requestId":"[A-Za-z0-9_-]{15}="\}',
                text,
            ), text
        client.json(action="a")
        assert client.recv_json()["route"] == "a"
    with served.client() as client:
        client.json(action="x")
        assert client.recv_json()["route"] == "x"


@pytest.mark.parametrize(
    "what",
    [
        {"action": "fail"},
        {"action": "deny"},
        {"action": "return", "status": "gone"},
    ],
    ids=str,
)
def test_a_failing_handler_is_an_internal_server_error(host, what):
    fails_twice(host, what)


@pytest.mark.only("c", reason="a script fails by a name, and has no numbers for it")
def test_a_status_nobody_knows_is_an_internal_server_error(host):
    fails_twice(host, {"action": "return", "number": -77})


def fails_twice(host, what):
    served = host()
    served.may_log(r"fail|status|handler|return")
    with served.client() as client:
        pattern = error_frame("Internal server error", client)
        seen = set()
        for _ in range(2):
            client.json(**what)
            match = pattern.fullmatch(client.recv())
            assert match
            seen.add(match.group(1))
        assert len(seen) == 2, "each request has an id of its own"
        assert client.ask("whoami")["re"] == "whoami"


def test_a_handler_over_its_time_is_answered_for(host):
    served = host(config={"limits": {"event_ms": 300}})
    served.may_log(r"overdue|timeout|time")
    with served.client() as client, served.client() as other:
        pattern = error_frame("Endpoint request timed out", client)
        client.json(action="hang", name="x")
        assert pattern.fullmatch(client.recv())
        # The event stays the plugin's; its late end is nobody's news.
        assert other.ask("release", name="x")["released"] == 1
        assert client.ask("whoami")["re"] == "whoami"
        client.silence()
        served.wait_log(r"hang")


def test_a_late_failure_is_an_internal_server_error(host):
    served = host()
    served.may_log(r"fail|status|handler")
    with served.client() as client, served.client() as other:
        pattern = error_frame("Internal server error", client)
        client.json(action="hang", name="x")
        while not other.ask("release", name="x", status="internal")["released"]:
            pass
        assert pattern.fullmatch(client.recv())


# -- renamed routes and bad expressions


def test_routes_can_be_renamed(host):
    served = host([{"file": "probe", "routes": {"say it back": "echo"}}])
    with served.client() as client:
        client.json(action="say it back")
        assert client.recv() == '{"action": "say it back"}'
        client.json(action="echo")
        assert client.recv_json()["re"] == "$default"


@pytest.mark.parametrize(
    "expression",
    ["${request.body.action", "$nonsense", "$request.body.", "$request.body.a[x]", ""],
)
def test_a_bad_expression_stops_the_start_and_is_pointed_at(host, expression):
    config = host.config(
        config={"stages": {"s": {"route": expression, "plugins": ["probe"]}}}
    )
    program = host.run("run", "-c", host.write(config))
    assert program.wait() == 1
    program.expected_exit = 1
    program.may_log(".")
    assert "route" in program.text()


def test_binary_messages_select_like_text(standing):
    with standing().client() as client:
        client.binary(b'{"action":"echo"}')
        assert client.recv_binary() == b'{"action":"echo"}'
        client.binary(b"\x00\xff")
        assert client.recv_binary() == b"\x00\xff"
