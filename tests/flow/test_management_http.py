"""HTTP under the management API: what clients may do, and what they do all the same."""

import socket
import struct
import time

import aws
import pytest
import raw
from aws import MESSAGE_MAX, NOBODY, call, is_error, quoted

pytestmark = pytest.mark.only("c", reason="it is about the host")

BODY_MAX = 1 << 20  # management.body_bytes
SWALLOWED = 16 << 20  # of what is too large anyway


@pytest.fixture
def gateway(standing, workers):
    gateway = standing(workers=workers)
    gateway.may_log("event=management_refused")
    return gateway


@pytest.fixture
def hasty(standing):
    return standing(config={"limits": {"head_ms": 400}})


@pytest.fixture
def http(gateway):
    with aws.Http(gateway.port) as http:
        yield http


@pytest.fixture
def client(gateway):
    with gateway.client() as client:
        client.id  # noqa: B018
        yield client


def well(gateway):
    """It answers somebody new."""
    assert call(gateway, "GET", "/@connections?count").status == 200


# ---- Keeping alive -----------------------------------------------------------------------


def test_a_connection_serves_many_requests(http, client):
    path = "/@connections/" + quoted(client.id)
    for i in range(300):
        assert http.ask("POST", path, str(i)).status == 200
        assert client.recv() == str(i)
    assert http.ask("GET", path).status == 200
    assert http.ask("POST", "/@connections/" + quoted(NOBODY), "x").status == 410
    assert http.ask("POST", path, "x" * (MESSAGE_MAX + 1)).status == 413
    assert http.ask("DELETE", path).status == 204
    client.expect_close(1000)


def test_requests_may_come_before_the_answers(http, client):
    path = "/@connections/" + quoted(client.id)
    for _ in range(20):
        http.say("GET", path)
        http.say("GET", "/@connections")
        http.say("DELETE", "/@connections/" + quoted(NOBODY))
    for _ in range(20):
        assert http.read_response().json()["identity"]
        assert http.read_response().json()["connections"]
        assert http.read_response().status == 410


@pytest.mark.parametrize("first", ["POST", "GET"])
@pytest.mark.parametrize("target", ["/@connections/{}", "/@broadcast", "/@batch", "/nowhere"])
def test_a_body_that_comes_before_the_last_answer_is_not_read(
    gateway, http, client, first, target
):
    """libwebsockets cannot; it would take the head for the body. The client may try again."""
    target = target.format(quoted(client.id))
    one = raw.request(first, "/@connections?count", [("Content-Length", "0")])
    two = raw.request("POST", target, [("Content-Length", "5")], body=b"hello")
    http.send(one + two + two)
    assert http.read_response().status in (200, 405)
    answer = http.read_response()
    assert answer.status == 503 and answer.json()["message"] == "Service Unavailable"
    http.expect_end()
    client.silence(0.05)
    well(gateway)


def test_a_request_may_come_octet_by_octet(http, client):
    request = raw.request(
        "POST",
        "/@connections/" + quoted(client.id),
        [("Content-Length", "5")],
        body=b"hello",
    )
    http.send_slowly(request)
    assert http.read_response().status == 200
    assert client.recv() == "hello"


def test_a_body_may_come_in_pieces(http, client):
    body = b"x" * MESSAGE_MAX
    head = raw.request(
        "POST", "/@connections/" + quoted(client.id), [("Content-Length", str(len(body)))]
    )
    http.send(head)
    for at in range(0, len(body), 10_000):
        http.send(body[at : at + 10_000])
        time.sleep(0.002)
    assert http.read_response().status == 200
    assert client.recv() == body.decode()


def test_who_wants_it_closed_gets_it_closed(gateway):
    with aws.Http(gateway.port) as http:
        assert http.ask("GET", "/@connections", headers=[("Connection", "close")]).status
        http.expect_end()


def test_http_1_0_is_answered_and_closed(gateway):
    with gateway.socket() as sock:
        sock.send(b"GET /@connections HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert sock.read_response().status in (200, 400, 505)
        sock.expect_end()


def test_many_idle_connections_are_kept(gateway):
    idle = [aws.Http(gateway.port) for _ in range(200)]
    for turn in range(2):
        for http in idle:
            assert http.ask("GET", "/@connections?count").status == 200
        if not turn:
            well(gateway)
    for http in idle:
        http.drop()
    well(gateway)


# ---- Before the body ---------------------------------------------------------------------

EXPECT = ("Expect", "100-continue")


def test_a_body_that_fits_is_invited(http, client):
    path = "/@connections/" + quoted(client.id)
    for _ in range(2):
        http.send(raw.request("POST", path, [EXPECT, ("Content-Length", "5")]))
        assert http.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        http.send(b"hello")
        assert http.read_response().status == 200
        assert client.recv() == "hello"


def test_a_body_that_is_too_large_is_not(http):
    size = str(BODY_MAX + 1)
    http.send(raw.request("POST", "/@broadcast", [EXPECT, ("Content-Length", size)]))
    assert is_error(http.read_response(), 413, "PayloadTooLargeException")
    http.expect_end()


def test_who_does_not_wait_for_the_invitation_is_served(http, client):
    path = "/@connections/" + quoted(client.id)
    http.send(
        raw.request("POST", path, [EXPECT, ("Content-Length", "5")], body=b"hello")
    )
    assert http.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert http.read_response().status == 200
    assert client.recv() == "hello"


def test_a_request_without_a_body_that_expects(http):
    http.send(raw.request("GET", "/@connections", [EXPECT]))
    assert http.read_response().status == 200


# ---- What is said of the body ------------------------------------------------------------


@pytest.mark.parametrize(
    "name, coding", [("chunked", "chunked"), ("two", "gzip, chunked"), ("other", "identity")]
)
def test_a_chunked_body_is_refused_and_not_read(http, gateway, name, coding):
    request = raw.request("POST", "/@broadcast", [("Transfer-Encoding", coding)])
    http.send(request + b"5\r\nhello\r\n0\r\n\r\n" + raw.request("POST", "/@broadcast"))
    answer = http.read_response()
    assert is_error(answer, 411, "LengthRequiredException")
    assert answer.header("connection") == "close"
    http.expect_end()
    well(gateway)


def test_two_framings_at_once_are_no_way_in(http, client):
    smuggled = raw.request("POST", "/@broadcast", [("Content-Length", "4")], body=b"evil")
    http.send(
        raw.request(
            "POST",
            "/@connections/" + quoted(client.id),
            [("Transfer-Encoding", "chunked"), ("Content-Length", "5")],
            body=b"0\r\n\r\n" + smuggled,
        )
    )
    assert http.read_response().status in (400, 411)
    http.expect_end()
    client.silence(0.1)


@pytest.mark.parametrize(
    "lengths",
    [["-1"], ["x"], ["5x"], ["0x5"], ["+5"], [""], ["5 5"], ["99999999999999999999"],
     ["18446744073709551621"], ["9223372036854775808"], ["5", "6"], ["5,5"], ["5", "5"]],
)  # fmt: skip
def test_a_length_that_is_none_is_refused(http, client, gateway, lengths):
    headers = [("Content-Length", length) for length in lengths]
    smuggled = raw.request("POST", "/@broadcast", [("Content-Length", "4")], body=b"evil")
    http.send(
        raw.request("POST", "/@broadcast", headers, body=b"hello" + smuggled)
    )
    try:
        answers = [http.read_response()]
    except raw.Closed:
        answers = []
    for answer in answers:
        assert answer.status in (400, 413), (answer.status, answer.body)
        http.expect_end()
    client.silence(0.05)
    well(gateway)


@pytest.mark.parametrize("size", [BODY_MAX + 1, 2 * BODY_MAX])
def test_a_body_that_is_too_large_is_read_and_refused(http, size):
    answer = http.ask("POST", "/@batch", b"x" * size)
    assert is_error(answer, 413, "PayloadTooLargeException")
    assert http.ask("GET", "/@connections").status == 200


def test_a_body_that_is_far_too_large_is_not_read(http):
    http.send(raw.request("POST", "/@batch", [("Content-Length", str(SWALLOWED + 1))]))
    assert is_error(http.read_response(), 413, "PayloadTooLargeException")
    http.expect_end()


def test_a_get_may_have_a_body(http):
    for _ in range(2):
        assert http.ask("GET", "/@connections?count", b"x" * 1000).status == 200


def test_a_body_of_nothing_is_an_empty_message(http, client):
    path = "/@connections/" + quoted(client.id)
    for _ in range(3):
        assert http.ask("POST", path, b"").status == 200
        assert client.recv() == ""
    answer = http.ask("POST", path)  # without a Content-Length
    assert (answer.status, answer.header("connection")) == (200, "close")
    assert client.recv() == ""
    http.expect_end()


def test_many_bodies_at_once_are_bounded(gateway):
    """Bodies that are announced take room; when there is none left, 503."""
    socks = []
    for _ in range(100):
        sock = gateway.socket()
        sock.send(raw.request("POST", "/@batch", [("Content-Length", str(BODY_MAX))]))
        socks.append(sock)
    time.sleep(0.2)
    statuses = set()
    for sock in socks:
        if sock.readable(0):
            statuses.add(sock.read_response().status)
        sock.drop()
    assert statuses <= {503}
    gateway.may_log("reason=http_bodies")
    well(gateway)


# ---- Slow, and gone ----------------------------------------------------------------------


def test_who_says_no_more_is_dropped(hasty):
    """Within libwebsockets' own 5 s for a body and 10 s for a head."""
    began = time.monotonic()
    with aws.Http(hasty.port) as mute, aws.Http(hasty.port) as short:
        mute.send(b"POST /@broadcast HTTP/1.1\r\nHost: localhost\r\n")
        short.send(
            raw.request("POST", "/@broadcast", [("Content-Length", "100")], body=b"x")
        )
        short.expect_end()
        mute.read_to_end()
    assert time.monotonic() - began < 15
    well(hasty)


def is_dropped_over_a_body_that_trickles(http):
    http.send(raw.request("POST", "/@broadcast", [("Content-Length", "100000")]))
    began = time.monotonic()
    with pytest.raises(OSError):
        while time.monotonic() - began < 10:
            http.send(b"x")
            time.sleep(0.05)
    assert time.monotonic() - began < 5


def test_who_trickles_is_dropped(hasty):
    with aws.Http(hasty.port) as http:
        is_dropped_over_a_body_that_trickles(http)
    well(hasty)


def test_a_second_request_that_trickles_is_dropped(hasty):
    with aws.Http(hasty.port) as http:
        assert http.ask("GET", "/@connections").status == 200
        is_dropped_over_a_body_that_trickles(http)


@pytest.mark.parametrize("how", ["reset", "drop"])
def test_who_goes_before_the_answer_harms_nobody(gateway, how):
    with gateway.client("/?group=here") as client:
        for what in (
            raw.request("GET", "/@connections?group=here"),
            raw.request("GET", "/@connections?limit=1000"),
            raw.request("GET", "/@connections/" + quoted(client.id)),
            raw.request("POST", "/@broadcast", [("Content-Length", "100")], body=b"x"),
            raw.request("POST", "/@broadcast", [EXPECT, ("Content-Length", "100")]),
            raw.request(
                "PUT",
                f"/@connections/{client.id}/attributes/a",
                [("Content-Length", "1")],
                body=b"x",
            ),
        ):
            for _ in range(5):
                sock = gateway.socket()
                sock.send(what)
                getattr(sock, how)()
        well(gateway)
        assert client.ask("whoami")["id"] == client.id


def test_who_does_not_read_answers_harms_nobody(gateway):
    with gateway.socket(receive_buffer=4096) as lazy:
        lazy.sock.settimeout(2)
        try:
            for _ in range(20_000):
                lazy.send(raw.request("GET", "/@connections?limit=1000"))
        except OSError:
            pass
        well(gateway)
        lazy.reset()
    well(gateway)


def test_a_half_closed_client_is_answered_or_dropped(gateway):
    with aws.Http(gateway.port) as http:
        http.send(raw.request("GET", "/@connections?count"))
        http.sock.shutdown(socket.SHUT_WR)
        rest = http.read_to_end()
        assert rest == b"" or rest.startswith(b"HTTP/1.1 200 ")
    well(gateway)


# ---- Paths, methods, heads ---------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    ["/@connections/%00", "/@groups/a%00b", "/@connections/" + "A" * 3000, "/@groups/%",
     "/@groups/%zz", "/@groups/%2", "/@groups/" + "%41" * 1000, "/@connections/../../x",
     "/..%2f@connections", "/@connections/%2e%2e/%2e%2e/etc/passwd", "//@connections",
     "/@connections//" + NOBODY, "/./@connections", "/@connections?" + "a=b&" * 40,
     "/@connections?" + "a" * 9000, "/@connections?=&=&&", "/@connections?%00=%00",
     "/@connections?limit=%", "/@connections?group=%00", "/@connections#x", "*", "/",
     "@connections", "http://localhost/@connections", "/%2540connections", "/@\x80",
     "/@connections?group=" + "x" * 8000, "/@connections/;/" + NOBODY, "/@connections/ x"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_whatever_the_path_says_it_is_answered_or_closed(gateway, client, method, target):
    with aws.Http(gateway.port) as http:
        http.say(method, target, b"x" if method == "POST" else None)
        try:
            answer = http.read_response(timeout=5)
        except raw.Closed:
            answer = None
        if answer and answer.body and answer.header("content-type") != "text/html":
            assert answer.header("content-type") == "application/json"
            answer.json()  # what is no URL at all is answered by libwebsockets, in HTML
        if answer and answer.status >= 400:
            # What it repeats of the path is bounded.
            assert len(answer.body) < 1000
    well(gateway)
    assert client.ask("whoami")["id"] == client.id


def test_an_id_is_repeated_as_json(gateway):
    for written, said in (("%22%5C%09", '"\\\t'), ("%3Cscript%3E", "<script>")):
        answer = call(gateway, "GET", "/@connections/" + written)
        assert answer.json()["message"] == "Invalid connectionId: " + said
    answer = call(gateway, "GET", "/@connections/%FF%C3")
    assert answer.status == 400
    answer.body.decode()  # whatever came, what goes is UTF-8


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [("@connections", "POST", "GET, DELETE"),
     ("@connections/" + NOBODY, "PUT", "POST, GET, DELETE"),
     ("@connections/" + NOBODY + "/attributes/name", "POST", "GET, PUT, DELETE"),
     ("@groups/blue", "GET", "POST, DELETE"),
     ("@broadcast", "GET", "POST"),
     ("@batch", "DELETE", "POST")],
)  # fmt: skip
def test_a_405_says_what_would_be_right(gateway, path, method, allowed):
    answer = call(gateway, method, "/" + path)
    assert answer.status == 405
    assert answer.header("allow") == allowed
    assert answer.header("x-amzn-errortype") == "MethodNotAllowedException"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "BREW", "PROPFIND", "x" * 300])
def test_an_unknown_method_is_refused(gateway, method):
    with aws.Http(gateway.port) as http:
        http.say(method, "/@connections")
        try:
            assert http.read_response(timeout=5).status in (400, 403, 405, 501)
        except raw.Closed:
            pass
    well(gateway)


@pytest.mark.parametrize("target", ["/@connections", "/@connections/x", "/nowhere"])
def test_head_has_no_body(http, target):
    """The next answer begins right behind it."""
    for _ in range(3):
        http.say("HEAD", target)
        head = http.read_until(b"\r\n\r\n")
        assert head.startswith((b"HTTP/1.1 403 ", b"HTTP/1.1 405 "))
        assert http.ask("GET", "/@connections").status == 200


def test_connect_is_closed(http, gateway):
    http.say("CONNECT", "/@connections")
    assert http.read_to_end() == b""
    well(gateway)


def test_a_head_that_is_too_large_is_refused(gateway):
    for headers in ([("X-Long", "x" * 17_000)], [(f"X-{i}", "x" * 50) for i in range(2000)]):
        with aws.Http(gateway.port) as http:
            try:
                http.say("GET", "/@connections", headers=headers)
                assert http.read_response().status in (400, 413, 431)
            except (raw.Closed, OSError):
                pass
    well(gateway)


@pytest.mark.parametrize(
    "line",
    [b" X-Folded: x", b"X\0: y", b"No-Colon", b": empty", b"X : y", b"X: a\rb", b"\xff: \xff"],
)
def test_a_head_that_is_none_harms_nobody(gateway, line):
    with gateway.socket() as sock:
        sock.send(
            b"GET /@connections HTTP/1.1\r\nHost: localhost\r\n" + line + b"\r\n\r\n"
        )
        try:
            assert sock.read_response(timeout=5).status in (200, 400, 403, 431)
        except raw.Closed:
            pass
    well(gateway)


def test_a_new_line_in_a_path_writes_no_header(gateway):
    for target in ("/@groups/a%0d%0aX-Evil:%20y", "/@connections/a%0d%0aX-Evil:%20y"):
        answer = call(gateway, "GET", target)
        assert answer.header("x-evil") is None


def test_masks_and_frames_are_no_requests(gateway):
    with gateway.socket() as sock:
        sock.send(struct.pack("!BB", 0x81, 0x80) + bytes(200))
        sock.read_to_end()
    well(gateway)


# ---- TLS ---------------------------------------------------------------------------------


def test_over_tls_it_is_the_same(standing, certificate, trust):
    config = {"tls": {"cert": str(certificate[0]), "key": str(certificate[1])}}
    gateway = standing(config=config)
    with gateway.client(tls=trust) as client, aws.Http(gateway.port, tls=trust) as http:
        path = "/@connections/" + quoted(client.id)
        for i in range(50):
            assert http.ask("POST", path, f"message {i}").status == 200
            assert client.recv() == f"message {i}"
        for _ in range(10):
            http.say("GET", path)
        for _ in range(10):
            assert http.read_response().status == 200
        assert http.ask("POST", path, "x" * MESSAGE_MAX).status == 200
        assert len(client.recv()) == MESSAGE_MAX
        http.send(raw.request("POST", path, [EXPECT, ("Content-Length", "5")]))
        assert http.read_until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        http.send(b"hello")
        assert http.read_response().status == 200
        assert http.ask("POST", "/@batch", b"x" * (BODY_MAX + 1)).status == 413
        assert http.ask("GET", "/@connections").json() == {"connections": [client.id]}
        http.send(raw.request("POST", path, [("Transfer-Encoding", "chunked")]))
        assert http.read_response().status == 411
