"""Routes that a backend over HTTP serves: what it is asked, what becomes of its answers, and
what becomes of a client when it misbehaves."""

import json
import threading
import time

import backend
import pytest
from backend import (  # noqa: F401: fixtures
    FAILURES,
    INTERNAL,
    TIMEOUT,
    answer_by_path,
    behind,
    built,
    error_in,
    response,
    said_once,
    served,
)

pytestmark = pytest.mark.only("c", reason="the plugin is the same for all languages")


# ---- What is asked, and what comes back


def test_a_message_is_the_body_and_the_answer_goes_back_on_a_two_way_route(served, behind):
    back = behind(lambda r: response(200, b"heard " + r.body))
    host = served({"$default": {"url": back.url("/say"), "two_way": True}})
    with host.client() as client:
        for n in range(20):
            client.text(f"hello {n}")
            assert client.recv() == f"heard hello {n}"
    assert back.accepted == 1  # kept alive
    assert {r.method for r in back.seen} == {"POST"}
    assert back.seen[0].path == "/say"
    assert back.seen[0].header("content-type") == "application/json"


def test_on_a_one_way_route_nothing_goes_back_whatever_the_backend_says(served, behind):
    back = behind(answer_by_path(ok=response(200, "x"), no=response(404, "y")))
    routes = {key: {"url": back.url("/" + key)} for key in ("ok", "no")}
    host = served(routes)
    with host.client() as client:
        client.json(action="ok")
        client.json(action="no")
        client.silence(0.3)
        assert back.paths() == ["/ok", "/no"]


def test_a_status_of_a_two_way_answer_does_not_matter_unless_it_is_5xx(served, behind):
    statuses = {
        "s200": 200,
        "s201": 201,
        "s301": 301,
        "s404": 404,
        "s500": 500,
        "s503": 503,
    }
    back = behind(answer_by_path(**{k: response(v, "body") for k, v in statuses.items()}))
    routes = {k: {"url": back.url("/" + k), "two_way": True} for k in statuses}
    host = served(routes, fails=True)
    with host.client() as client:
        for key, status in statuses.items():
            client.json(action=key)
            if status < 500:
                assert client.recv() == "body"
            else:
                assert error_in(client) == INTERNAL


def test_connect_is_decided_by_the_status(served, behind):
    def answer(request):
        status = int(request.path.rsplit("=", 1)[1])
        return response(status, "" if status < 300 else f"because {status}")

    back = behind(answer)
    url = back.url("/connect?s=${route.request.querystring.s}")
    host = served({"$connect": {"url": url}}, fails=True)
    for status in (200, 201, 204):
        host.client(f"/?s={status}").drop()
    for status in (301, 400, 401, 403, 404, 500, 501, 503):
        refused = host.client(f"/?s={status}", expect=status)
        assert refused.response.body == f"because {status}".encode()


def test_connect_chooses_a_subprotocol_that_was_offered(served, behind):
    back = behind(
        lambda r: response(200, "", [("Sec-WebSocket-Protocol", r.header("x-choose"))])
    )
    mapped = {"X-Choose": "route.request.querystring.choose"}
    host = served({"$connect": {"url": back.url(), "headers": mapped}})
    with host.client("/?choose=b", protocols="a, b") as client:
        assert client.response.header("sec-websocket-protocol") == "b"
    with host.client("/?choose=c", protocols="a, b") as client:
        assert client.response.header("sec-websocket-protocol") is None


def test_headers_and_url_are_mapped(served, behind):
    back = behind(lambda r: response(200, "ok"))
    host = served(
        {
            "$connect": {
                "url": back.url("/in/${context.connectionId}"),
                "method": "GET",
                "headers": {
                    "X-Token": "route.request.querystring.token",
                    "X-Agent": "route.request.header.user-agent",
                    "X-None": "route.request.querystring.none",
                    "X-Fixed": "'a fixed text'",
                    "X-Stage": "context.stage",
                    "X-Ip": "context.identity.sourceIp",
                },
            },
            "$default": {
                "url": back.url("/msg?to=${route.request.body.to.name}"),
                "method": "PUT",
                "two_way": True,
                "headers": {
                    "X-Id": "context.connectionId",
                    "X-N": "route.request.body.list[1]",
                    "X-Flag": "route.request.body.flag",
                    "X-Obj": "route.request.body.to",
                    "X-Route": "context.routeKey",
                    "X-Message": "context.messageId",
                },
            },
            "$disconnect": {
                "url": back.url("/out"),
                "headers": {
                    "X-Code": "context.disconnectStatusCode",
                    "X-Why": "context.disconnectReason",
                },
            },
        }
    )
    with host.client("/?token=t%20k", [("User-Agent", "tester")]) as client:
        asked = back.seen[0]
        assert asked.method == "GET" and asked.body == b""
        assert asked.header("x-token") == "t k"
        assert asked.header("x-agent") == "tester"
        assert asked.header("x-none") is None
        assert asked.header("x-fixed") == "a fixed text"
        assert asked.header("x-ip") == "127.0.0.1"
        client.text('{"to":{"name":"J\\u00f6rg & co/?#"},"list":[1,2.5],"flag":true}')
        assert client.recv() == "ok"
        said = back.seen[1]
        assert said.method == "PUT"
        assert said.path == "/msg?to=J%C3%B6rg%20%26%20co%2F%3F%23"
        assert said.header("x-n") == "2.5" and said.header("x-flag") == "true"
        assert said.header("x-route") == "$default"
        assert asked.path.endswith("/" + said.header("x-id").replace("=", "%3D"))
        assert len(said.header("x-message")) == 16
        client.close(4001, "enough")
    deadline = time.monotonic() + 10
    while len(back.seen) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    gone = back.seen[2]
    assert gone.header("x-code") == "4001" and gone.header("x-why") == "enough"


def test_stage_variables_may_say_where_the_backend_is(host, behind, build):
    back = behind(lambda r: response(200, r.path))
    url = "http://127.0.0.1:${stageVariables.port}/${stageVariables.path}?v=${stageVariables.v}"
    plugin = {
        "file": str(build / "plugins/http.so"),
        "options": {
            "$default": {"url": url, "two_way": True},
            "none": {"url": "http://${stageVariables.nowhere}/", "two_way": True},
        },
    }
    variables = {"port": str(back.port), "path": "a b/c", "v": "x/y"}
    stages = {
        "prod": {"variables": variables, "plugins": [plugin]},
        "evil": {"variables": {"port": "1@evil:80", "nowhere": ""}, "plugins": [plugin]},
    }
    running = host([], {"stages": stages})
    running.may_log(*FAILURES)
    with running.client("/prod") as client:
        client.text("x")
        assert client.recv() == "/a%20b/c?v=x%2Fy"
        client.json(action="none")
        assert error_in(client) == INTERNAL
    with running.client("/evil") as client:
        client.text("x")
        assert error_in(client) == INTERNAL


def test_hostile_values_neither_make_headers_nor_other_urls(served, behind):
    back = behind(lambda r: response(200, r.path))
    host = served(
        {
            "head": {
                "url": back.url("/head"),
                "two_way": True,
                "headers": {"X-Value": "route.request.body.v"},
            },
            "path": {"url": back.url("/p/${route.request.body.v}/end"), "two_way": True},
            "$connect": {
                "url": back.url("/c"),
                "headers": {"X-Q": "route.request.querystring.q"},
            },
        },
        fails=True,
    )
    with host.client() as client:
        for value in ("a\r\nX-Evil: 1", "a\nb", "\x01", "\x7f"):
            client.json(action="head", v=value)
            assert error_in(client) == INTERNAL
        for value in ("..", "."):
            client.json(action="path", v=value)
            assert error_in(client) == INTERNAL
        for value, coded in (
            ("a/../../b", "a%2F..%2F..%2Fb"),
            ("?x=1#y", "%3Fx%3D1%23y"),
            ("@evil.example:80/", "%40evil.example%3A80%2F"),
            ("\r\nHost: evil", "%0D%0AHost%3A%20evil"),
            ("%2e%2e", "%252e%252e"),
        ):
            client.json(action="path", v=value)
            assert client.recv() == f"/p/{coded}/end"
        assert not [r for r in back.seen if r.header("x-evil")]
    refused = host.client("/?q=a%0d%0aX-Evil:%201", expect=400)
    assert refused.response.json()["message"] == "Bad Request"
    assert len(host.lines("failure=value")) <= 3


def test_a_binary_answer_is_a_binary_frame(served, behind):
    back = behind(lambda r: response(200, b"\xff\x00\xfe"))
    host = served({"$default": {"url": back.url(), "two_way": True}})
    with host.client() as client:
        client.binary(b"\x01\x02")
        assert client.recv_binary() == b"\xff\x00\xfe"
        assert back.seen[0].header("content-type") == "application/octet-stream"
        assert back.seen[0].body == b"\x01\x02"


# ---- A backend that misbehaves


def test_a_backend_that_is_down_is_an_error_frame_and_502(served, behind):
    back = behind()
    back.stop()
    host = served({"$default": {"url": back.url(), "two_way": True}}, fails=True)
    with host.client() as client:
        for _ in range(5):
            client.text("x")
            assert error_in(client) == INTERNAL
    said_once(host, "failure=away")
    refusing = served({"$connect": {"url": back.url()}}, fails=True)
    refused = refusing.client(expect=502)
    assert refused.response.json()["message"] == INTERNAL


def test_a_slow_backend_is_a_timeout_and_504(served, behind):
    back = behind(lambda r: backend.hang(r, 3))
    slow = {"url": back.url(), "timeout_ms": 300, "two_way": True}
    host = served({"$default": slow}, fails=True)
    with host.client() as client:
        began = time.monotonic()
        client.text("x")
        assert error_in(client) == TIMEOUT
        assert 0.25 < time.monotonic() - began < 2
    refusing = served(
        {"$connect": {k: v for k, v in slow.items() if k != "two_way"}}, fails=True
    )
    refused = refusing.client(expect=504)
    assert refused.response.json()["message"] == TIMEOUT


def trouble(**how):
    return [
        pytest.param(lambda r: backend.reset(r), id="resets"),
        pytest.param(lambda r: None, id="closes_without_an_answer"),
        pytest.param(lambda r: b"SSH-2.0-OpenSSH_9.2\r\n", id="speaks_another_protocol"),
        pytest.param(lambda r: b"\x00\xff" * 100 + b"\r\n\r\n", id="sends_junk"),
        pytest.param(lambda r: b"HTTP/1.1 abc\r\n\r\n", id="has_no_status"),
        pytest.param(
            lambda r: (
                r.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
                None,
            )[1],
            id="ends_mid_body",
        ),
        pytest.param(
            lambda r: backend.hang(
                r, 3, b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
            ),
            id="hangs_mid_body",
        ),
        pytest.param(
            lambda r: b"HTTP/1.1 200 OK\r\n" + b"X-Pad: " + b"a" * 70000 + b"\r\n\r\n",
            id="has_an_endless_head",
        ),
        pytest.param(
            lambda r: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
            id="sends_a_broken_chunk",
        ),
        pytest.param(lambda r: response(200, b"x" * 5000), id="says_too_much"),
        pytest.param(
            lambda r: b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
            + b"x" * 9000,
            id="promises_too_much",
        ),
    ]


@pytest.mark.parametrize("answer", trouble())
def test_trouble_is_an_error_frame_and_the_client_stays(served, behind, answer):
    back = behind(lambda r: response(200, "fine") if b"fine" in r.body else answer(r))
    host = served(
        {
            "$default": {
                "url": back.url(),
                "two_way": True,
                "timeout_ms": 1000,
                "max_response_bytes": 4000,
            }
        },
        fails=True,
    )
    with host.client() as client:
        for _ in range(3):
            client.text("x")
            assert error_in(client) in (INTERNAL, TIMEOUT)
            client.text("fine")
            assert client.recv() == "fine"
    said_once(host, "failure=")


def test_a_backend_that_restarts_loses_no_client_and_no_message_goes_unanswered(
    served, behind
):
    """1,000 connections; each message is answered, by the backend or by an error frame."""
    count = 1000
    back = behind(lambda r: response(200, r.body))
    host = served(
        {"$default": {"url": back.url(), "two_way": True, "queue": 2000}},
        {"limits": {"connections": 2000}},
        workers=2,
        fails=True,
    )
    clients = [host.client() for _ in range(count)]
    answered, failed = 0, 0
    try:
        for round_ in range(4):
            restart = threading.Timer(
                0.05, lambda: (back.stop(), time.sleep(0.3), back.start())
            )
            if round_ == 1:
                restart.start()
            for n, client in enumerate(clients):
                client.text(f"{round_}-{n}")
            for n, client in enumerate(clients):
                got = client.recv(60)
                if got == f"{round_}-{n}":
                    answered += 1
                else:
                    assert json.loads(got)["message"] in (INTERNAL, TIMEOUT), got
                    failed += 1
            if round_ == 1:
                restart.join()
        assert answered + failed == 4 * count
        assert answered >= 3 * count
        for client in clients:
            client.silence(0.0001)
    finally:
        for client in clients:
            client.drop()


def test_a_stage_may_say_which_routes_are_two_way(host, behind, build):
    back = behind(lambda r: response(200, "welcome" if r.path == "/in" else "answer"))
    integrations = {
        "$defaults": {"url": back.url("/say")},
        "$connect": {"url": back.url("/in")},
        "quiet": {},
        "loud": {},
        "never": {"two_way": False},
        "always": {"two_way": True},
    }
    plugin = {"file": str(build / "plugins/http.so"), "options": integrations}
    stage = {"two_way": ["$connect", "loud", "never"], "plugins": [plugin]}
    running = host([], {"stages": {"$default": stage}})
    with running.client() as client:
        assert client.recv() == "welcome"
        for action in ("quiet", "never", "loud", "always"):
            client.json(action=action)
        assert client.recv() == "answer"
        assert client.recv() == "answer"
        client.silence(0.2)
        assert back.paths() == ["/in"] + ["/say"] * 4
