"""The upgrade request: what is refused, with which status, and what $connect is told."""

import re
import time

import pytest
import raw


def answer(host, data):
    with host.socket() as sock:
        sock.send(data)
        return sock.read_response()


@pytest.fixture
def served(standing):
    return standing()


@pytest.fixture
def staged(standing):
    return standing(
        config={"stages": {"prod": {"plugins": ["probe"]}, "beta": {"plugins": ["probe"]}}}
    )


def test_a_good_request_is_upgraded_with_the_right_accept_key(served):
    response = answer(served, raw.upgrade(key="dGhlIHNhbXBsZSBub25jZQ=="))
    assert response.status == 101
    assert response.reason == "Switching Protocols"
    assert response.header("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert response.header("upgrade").lower() == "websocket"
    assert response.header("connection").lower() == "upgrade"


def test_no_extension_and_no_subprotocol_is_chosen_unasked(served):
    response = answer(
        served,
        raw.upgrade(
            headers=[
                ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
                ("Sec-WebSocket-Protocol", "chat, superchat"),
            ]
        ),
    )
    assert response.status == 101
    assert response.header("sec-websocket-extensions") is None
    assert response.header("sec-websocket-protocol") is None


@pytest.mark.parametrize(
    "headers",
    [
        {"connection": "keep-alive, Upgrade"},
        {"connection": "upgrade"},
        {"upgrade": "WebSocket"},
        {"upgrade": "h2c, websocket"},
    ],
    ids=str,
)
def test_tokens_ignore_case_and_may_stand_in_lists(served, headers):
    assert answer(served, raw.upgrade(**headers)).status == 101


REFUSED = {
    "a POST": raw.upgrade().replace(b"GET", b"POST", 1),
    "an unknown method": raw.upgrade().replace(b"GET", b"BREW", 1),
    "HTTP/1.0": raw.upgrade().replace(b"HTTP/1.1", b"HTTP/1.0", 1),
    "no host": raw.upgrade().replace(b"Host: localhost\r\n", b"", 1),
    "two hosts": raw.upgrade(headers=[("Host", "elsewhere")]),
    "no connection header": raw.upgrade(without=["Connection"]),
    "another connection header": raw.upgrade(connection="close"),
    "no key": raw.upgrade(without=["Sec-WebSocket-Key"]),
    "a short key": raw.upgrade(key="c2hvcnQ="),
    "a long key": raw.upgrade(key="dGhpcyBrZXkgaXMgbXVjaCB0b28gbG9uZw=="),
    "a key that is no base64": raw.upgrade(key="!!!!!!!!!!!!!!!!!!!!!!=="),
    "an empty key": raw.upgrade(key=""),
    "two keys": raw.upgrade(headers=[("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]),
    "two versions": raw.upgrade(headers=[("Sec-WebSocket-Version", "13")]),
    "a blank before the colon": raw.upgrade(headers=[("X-Odd ", "1")]),
    "a folded line": raw.upgrade(headers=[("X-Folded", "1\r\n 2")]),
    "a bare line feed": raw.upgrade().replace(b"\r\nUpgrade", b"\nUpgrade", 1),
    "nothing but bare line feeds": raw.upgrade().replace(b"\r\n", b"\n"),
    "an empty line in front": b"\r\n" + raw.upgrade(),
    "a host that is none": raw.upgrade().replace(b"Host: ", b"Host: user@", 1),
    "a user in the target": raw.upgrade().replace(b"GET /", b"GET ws://user@h/", 1),
    "an asterisk": raw.upgrade().replace(b"GET / ", b"GET * ", 1),
    "a length twice in one": raw.upgrade(headers=[("Content-Length", "0, 0")]),
    "a length and a coding": raw.upgrade(
        headers=[("Content-Length", "0"), ("Transfer-Encoding", "chunked")]
    ),
    "a NUL in a value": raw.upgrade(headers=[("X-Odd", "a\0b")]),
    "a control octet in a value": raw.upgrade(headers=[("X-Odd", "a\x01b")]),
    "an empty name": raw.upgrade(headers=[("", "value")]),
    "a line without a colon": raw.upgrade().replace(
        b"\r\n\r\n", b"\r\nnonsense\r\n\r\n", 1
    ),
    "a target without a slash": raw.upgrade().replace(b"GET /", b"GET x", 1),
    "junk instead of a request": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a request line of one word": b"GET\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize(
    "data", REFUSED.values(), ids=[k.replace(" ", "_") for k in REFUSED]
)
def test_junk_is_refused_with_400(served, data):
    assert answer(served, data).status == 400


def test_another_http_version_is_refused(served):
    data = raw.upgrade().replace(b"HTTP/1.1", b"HTTP/2.0", 1)
    assert answer(served, data).status in (400, 505)


@pytest.mark.parametrize("version", ["8", "14", "13, 8", "x", ""])
def test_another_websocket_version_gets_426_and_the_right_one(served, version):
    response = answer(served, raw.upgrade(sec_websocket_version=version))
    assert response.status in ((426,) if version in ("8", "14") else (400, 426))
    if response.status == 426:
        assert response.header("sec-websocket-version") == "13"


def test_no_websocket_version_is_refused(served):
    response = answer(served, raw.upgrade(without=["Sec-WebSocket-Version"]))
    assert response.status in (400, 426)
    if response.status == 426:
        assert response.header("sec-websocket-version") == "13"


# -- stages


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/prod2", "/PROD", "/pro", "//prod", "/%70rod2"]
)
def test_an_unknown_stage_is_forbidden(staged, path):
    response = answer(staged, raw.upgrade(path))
    assert response.status == 403
    assert response.body == b'{"message":"Forbidden"}'
    assert response.header("content-type") == "application/json"


@pytest.mark.parametrize("path", ["/prod", "/prod/", "/prod?x=1", "/prod/?x=1"])
def test_a_stage_is_the_first_part_of_the_path(staged, path):
    with staged.client(path) as client:
        assert client.ask("whoami")["stage"] == "prod"


def test_each_stage_has_its_own_plugins_and_its_own_everybody(staged):
    with staged.client("/prod") as a, staged.client("/beta") as b:
        assert b.ask("whoami")["stage"] == "beta"
        a.ask("all", text="only prod")
        assert a.recv() == "only prod"
        b.silence()


def test_the_default_stage_lives_at_the_root(served):
    with served.client("/") as client:
        assert client.ask("whoami")["stage"] == "$default"


@pytest.mark.parametrize("path", ["/prod", "/prod/anything", "/prod?x=1"])
def test_a_plain_get_on_a_stage_is_told_to_upgrade(staged, path):
    response = answer(staged, raw.request("GET", path))
    assert response.status == 426


def test_a_plain_get_on_the_default_stage_is_told_to_upgrade(served):
    assert answer(served, raw.request("GET", "/")).status == 426


def test_a_plain_get_elsewhere_is_forbidden(staged):
    response = answer(staged, raw.request("GET", "/nowhere"))
    assert response.status in (403, 404)


# -- bounds


def test_a_head_of_nearly_16_kib_is_read(served):
    with served.client("/", [("X-Long", "x" * 15000)]) as client:
        seen = dict(client.ask("describe")["seen"]["headers"])
        assert seen["X-Long"] == "x" * 15000


@pytest.mark.parametrize("terminated", [True, False], ids=["complete", "endless"])
def test_a_head_over_16_kib_gets_431(served, terminated):
    data = raw.upgrade(headers=[("X-Long", "x" * 17000)])
    with served.socket() as sock:
        sock.send(data if terminated else data[:-4])
        response = sock.read_response()
        assert response.status == 431
        sock.read_to_end()


def test_too_many_headers_get_431(served):
    assert (
        answer(served, raw.upgrade(headers=[(f"X-{i}", "1") for i in range(200)])).status
        == 431
    )


def test_a_slow_head_is_dropped(host):
    served = host(config={"limits": {"head_ms": 500}})
    with served.socket() as sock, served.socket() as mute, served.client() as other:
        began = time.monotonic()
        with pytest.raises((raw.Closed, OSError)):
            for octet in raw.upgrade(headers=[("X-Slow", "x" * 1000)]):
                sock.send(bytes([octet]))
                if sock.readable(0.02):
                    # It may say 408 before it hangs up; it may not go on.
                    assert b" 101 " not in sock.read_to_end()
                    raise raw.Closed
        assert 0.4 < time.monotonic() - began < 8
        mute.read_to_end(10)
        assert other.ask("whoami")["re"] == "whoami"


def test_a_head_may_come_octet_by_octet(served):
    with served.socket() as sock:
        sock.send_slowly(raw.upgrade())
        assert sock.read_response().status == 101


# -- what $connect is told


def test_headers_reach_connect_as_the_client_wrote_them(served):
    headers = [
        ("X-Case-Kept", "One"),
        ("x-case-kept", "Two"),
        ("X-Empty", ""),
        ("X-Latin", "\xe9"),
    ]
    with served.client("/", headers) as client:
        seen = client.ask("describe")["seen"]["headers"]
        assert ["Host", "localhost"] in seen
        assert [pair for pair in seen if pair[0].lower().startswith("x-")] == [
            list(h) for h in headers
        ]


def test_the_query_reaches_connect_decoded(served):
    path = "/?token=a%20b%2Bc&token=second&empty=&flag&plus=a+b&utf=%C3%A9&%6eame=v&eq=a=b"
    with served.client(path) as client:
        assert client.ask("describe")["seen"]["query"] == [
            ["token", "a b+c"],
            ["token", "second"],
            ["empty", ""],
            ["flag", ""],
            ["plus", "a b"],
            ["utf", "\xc3\xa9"],
            ["name", "v"],
            ["eq", "a=b"],
        ]


def test_path_peer_and_stage_reach_connect(served):
    with served.client("/?a=1") as client:
        seen = client.ask("describe")["seen"]
        assert seen["path"] == "/"
        assert seen["peer"].startswith("127.0.0.1")
        assert seen["stage"] == "$default"
        assert seen["route"] == "$connect"


def test_offered_subprotocols_reach_connect(served, language):
    """In C as they were written, in Lua as a list of names."""
    expected = {"c": "a,b, c", "lua": "a,b,c"}[language]
    with served.client("/", protocols="a,b, c") as client:
        assert client.ask("describe")["seen"]["subprotocols"] == expected


def test_ids_are_sixteen_characters_and_differ(served):
    with served.client() as a, served.client() as b:
        assert a.id != b.id
        for text in (a.id, b.id):
            assert re.fullmatch(r"[A-Za-z0-9_-]{15}=", text), text
