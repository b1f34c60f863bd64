"""What the management API has beside AWS's: groups, broadcasts, batches, lists, attributes."""

import base64
import struct
import urllib.parse

import aws
import pytest
from aws import MESSAGE_MAX, NOBODY, call, is_error, is_like_aws, quoted
from nodes import disconnects

STAGES = {"stages": {"prod": {"plugins": ["probe"]}, "test": {"plugins": ["probe"]}}}
BINARY = [("X-Jackfield-Opcode", "binary")]
# Of messages that are text as long as nobody looks.
NOT_UTF8 = [b"\xff", b"ok\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"]

pytestmark = pytest.mark.only("c", reason="it is about the host")


@pytest.fixture
def gateway(standing, workers):
    return standing(config=STAGES, workers=workers)


@pytest.fixture
def ask(gateway):
    with aws.Http(gateway.port) as http:
        yield lambda method, path, body=None, headers=(): http.ask(
            method, "/prod/" + path, body, headers
        )


@pytest.fixture
def crowd(gateway):
    """crowd(n, path): clients that have said hello."""
    clients = []

    def come(count, path="/prod"):
        new = [gateway.client(path) for _ in range(count)]
        for client in new:
            client.id  # noqa: B018
        clients.extend(new)
        return new

    yield come
    for client in clients:
        client.drop()


# ---- Messages ----------------------------------------------------------------------------


def test_a_post_may_be_binary(ask, crowd):
    (client,) = crowd(1)
    data = bytes(range(256))
    assert ask("POST", "@connections/" + quoted(client.id), data, BINARY).status == 200
    assert client.recv_binary() == data
    headers = [("X-Jackfield-Opcode", "Text")]
    assert ask("POST", "@connections/" + quoted(client.id), "text", headers).status == 200
    assert client.recv() == "text"


@pytest.mark.parametrize("opcode", ["9", "close", "binary, text", "texts"])
def test_another_opcode_is_refused(ask, crowd, opcode):
    (client,) = crowd(1)
    answer = ask(
        "POST", "@connections/" + quoted(client.id), "x", [("X-Jackfield-Opcode", opcode)]
    )
    assert is_error(answer, 400, "BadRequestException")
    client.silence(0.05)


@pytest.mark.parametrize("data", NOT_UTF8)
def test_text_that_is_none_is_refused(ask, crowd, data):
    (client,) = crowd(1, "/prod?group=utf8")
    for path in ("@connections/" + quoted(client.id), "@broadcast", "@groups/utf8"):
        answer = ask("POST", path, data)
        assert is_error(answer, 400, "BadRequestException")
        assert "UTF-8" in answer.json()["message"]
    assert ask("POST", "@connections/" + quoted(client.id), data, BINARY).status == 200
    assert client.recv_binary() == data


def test_a_group_hears_it_and_nobody_else(ask, crowd):
    inside, outside, elsewhere = (
        crowd(4, "/prod?group=g"),
        crowd(2),
        crowd(1, "/test?group=g"),
    )
    answer = ask("POST", "@groups/g", "hello")
    assert answer.status == 200 and is_like_aws(answer) and answer.body == b""
    for client in inside:
        assert client.recv() == "hello"
    assert ask("POST", "@groups/g", b"\x00\xff", BINARY).status == 200
    for client in inside:
        assert client.recv_binary() == b"\x00\xff"
    for client in outside + elsewhere:
        client.silence(0.05)
    assert ask("POST", "@groups/nobody-is-in-it", "hello").status == 200


@pytest.mark.parametrize("name", ["a/b", "@x", "\u00e9 b", "a=b&c?d#e", "%", "..", "x" * 256])
def test_a_group_may_have_any_name(ask, crowd, name):
    path = urllib.parse.quote(name, safe="")
    (client,) = crowd(1, "/prod?group=" + path)
    answer = ask("POST", "@groups/" + path, "hello")
    if name == "..":
        # Of a path a client may not go up, however it writes that.
        assert answer.status in (400, 403)
        return
    assert answer.status == 200
    assert client.recv() == "hello"
    got = ask("GET", "@connections?group=" + path).json()
    assert got == {"connections": [client.id]}


def test_a_name_that_is_too_long_is_refused(ask):
    assert is_error(ask("POST", "@groups/" + "x" * 257, "x"), 400, "BadRequestException")
    assert ask("GET", "@connections?group=" + "x" * 257).status == 400
    assert ask("GET", "@connections?group=").status == 400


def test_a_broadcast_reaches_the_stage(ask, crowd):
    here, elsewhere = crowd(5), crowd(2, "/test")
    assert ask("POST", "@broadcast", "to all").status == 200
    for client in here:
        assert client.recv() == "to all"
    for client in elsewhere:
        client.silence(0.05)
    for path in ("@broadcast", "@groups/g"):
        big = ask("POST", path, "x" * (MESSAGE_MAX + 1))
        assert is_error(big, 413, "PayloadTooLargeException")


# ---- Batches -----------------------------------------------------------------------------


def test_a_batch_says_what_became_of_each(ask, crowd):
    a, b = crowd(2)
    (elsewhere,) = crowd(1, "/test")
    ids = [a.id, NOBODY, "malformed", b.id, elsewhere.id, a.id]
    answer = ask("POST", "@batch", {"connectionIds": ids, "data": "h\u00e9llo"})
    assert answer.status == 200 and is_like_aws(answer)
    assert answer.json() == {
        "results": [
            {"connectionId": a.id, "statusCode": 200},
            {"connectionId": NOBODY, "statusCode": 410, "error": "GoneException"},
            {
                "connectionId": "malformed",
                "statusCode": 400,
                "error": "BadRequestException",
            },
            {"connectionId": b.id, "statusCode": 200},
            {"connectionId": elsewhere.id, "statusCode": 410, "error": "GoneException"},
            {"connectionId": a.id, "statusCode": 200},
        ]
    }
    assert a.recv() == a.recv() == b.recv() == "h\u00e9llo"
    elsewhere.silence(0.05)


def test_a_batch_may_be_binary(ask, crowd):
    (client,) = crowd(1)
    for data in (b"", b"\xff", b"\x00\x01", bytes(range(256)) * 100):
        for padded in (True, False):
            text = base64.b64encode(data).decode()
            body = {
                "connectionIds": [client.id],
                "data": text if padded else text.rstrip("="),
                "isBase64Encoded": True,
            }
            assert ask("POST", "@batch", body).json()["results"][0]["statusCode"] == 200
            assert client.recv_binary() == data


def test_a_thousand_ids_are_a_batch_and_one_more_is_none(ask, crowd):
    clients = crowd(10)
    ids = [client.id for client in clients] + [NOBODY] * 990
    results = ask("POST", "@batch", {"connectionIds": ids, "data": "x"}).json()["results"]
    assert [r["connectionId"] for r in results] == ids
    assert [r["statusCode"] for r in results] == [200] * 10 + [410] * 990
    for client in clients:
        assert client.recv() == "x"
    answer = ask("POST", "@batch", {"connectionIds": [*ids, NOBODY], "data": "x"})
    assert is_error(answer, 400, "BadRequestException")
    assert ask("POST", "@batch", {"connectionIds": [], "data": "x"}).json() == {
        "results": []
    }


def test_a_batch_of_a_message_that_is_too_large(host):
    gateway = host(config={"limits": {"message_bytes": 1000}})
    with gateway.client() as client:
        body = {"connectionIds": [client.id], "data": "x" * 1001}
        got = call(gateway, "POST", "/@batch", body).json()
        assert got["results"] == [
            {
                "connectionId": client.id,
                "statusCode": 413,
                "error": "PayloadTooLargeException",
            }
        ]
        client.silence(0.05)


@pytest.mark.parametrize(
    "body",
    ["", "null", "[]", "{", '{"data":"x"}', '{"connectionIds":[]}', "\0", "{}",
     '{"connectionIds":"x","data":"x"}', '{"connectionIds":[1],"data":"x"}',
     '{"connectionIds":[],"data":1}', '{"connectionIds":[],"data":"x","isBase64Encoded":1}',
     '{"connectionIds":[],"data":"=x","isBase64Encoded":true}',
     '{"connectionIds":[],"data":"x y","isBase64Encoded":true}', "[" * 5000],
)  # fmt: skip
def test_what_is_no_batch_is_refused(ask, body):
    answer = ask("POST", "@batch", body)
    assert is_error(answer, 400, "BadRequestException")
    assert answer.json()["message"]


@pytest.mark.parametrize("data", NOT_UTF8)
def test_text_of_a_batch_must_be_text_too(ask, crowd, data):
    (client,) = crowd(1)
    body = b'{"connectionIds":["%s"],"data":"%s"}' % (client.id.encode(), data)
    assert is_error(ask("POST", "@batch", body), 400, "BadRequestException")
    client.silence(0.05)


def test_a_nul_in_the_text_of_a_batch_is_sent(ask, crowd):
    (client,) = crowd(1)
    body = {"connectionIds": [client.id], "data": "a\0b"}
    answer = ask("POST", "@batch", body)
    if answer.status == 400:
        client.silence(0.05)  # said, at least
    else:
        assert client.recv() == "a\0b"


# ---- Lists -------------------------------------------------------------------------------


def pages(ask, query, limit):
    """All ids, page by page."""
    found, cursor = [], ""
    while True:
        more = f"&cursor={urllib.parse.quote(cursor)}" if cursor else ""
        got = ask("GET", f"@connections?{query}limit={limit}{more}").json()
        assert set(got) <= {"connections", "cursor"}
        assert len(got["connections"]) <= limit
        found += got["connections"]
        cursor = got.get("cursor")
        if not cursor:
            return found


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_a_list_is_complete_and_has_everybody_once(ask, crowd, limit):
    mine, members = crowd(9), crowd(5, "/prod?group=some")
    elsewhere = crowd(3, "/test?group=some")
    everybody = {client.id for client in mine + members}
    found = pages(ask, "", limit)
    assert len(found) == len(set(found)) and set(found) >= everybody
    assert not set(found) & {client.id for client in elsewhere}
    found = pages(ask, "group=some&", limit)
    assert len(found) == len(set(found))
    assert set(found) == {client.id for client in members}
    assert ask("GET", "@connections?group=some&count").json() == {"count": 5}
    assert ask("GET", "@connections?group=some&count=true").json() == {"count": 5}
    assert ask("GET", "@connections?group=none&count=true").json() == {"count": 0}
    assert ask("GET", "@connections?group=none").json() == {"connections": []}


def test_a_list_counts_without_saying_who(host, workers):
    gateway = host(workers=workers)
    assert call(gateway, "GET", "/@connections").json() == {"connections": []}
    clients = [gateway.client() for _ in range(250)]
    assert call(gateway, "GET", "/@connections?count=true").json() == {"count": 250}
    page = call(gateway, "GET", "/@connections").json()
    assert len(page["connections"]) == 100 and page["cursor"]
    for client in clients:
        client.drop()


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=1001", "limit=-1", "limit=x", "limit=", "limit=1e2", "cursor=x",
     "cursor=1", "cursor=0.0", "cursor=0.0.0.0", "cursor=0.999.0", "cursor=99999999.0.0",
     "cursor=0.0.99999999999", "cursor=", "group=g&cursor=0.0.0", "group=g&cursor=x",
     "group=g&limit=0"],
)  # fmt: skip
def test_a_list_that_cannot_be_is_refused(ask, query):
    assert is_error(ask("GET", "@connections?" + query), 400, "BadRequestException")


def test_a_list_goes_on_after_who_has_left(ask, crowd):
    clients = crowd(6)
    got = ask("GET", "@connections?limit=3").json()
    for client in clients:
        if client.id in got["connections"]:
            client.close()
    rest = ask("GET", "@connections?limit=1000&cursor=" + got["cursor"]).json()
    left = {client.id for client in clients} - set(got["connections"])
    assert left <= set(rest["connections"])


# ---- Attributes --------------------------------------------------------------------------


@pytest.mark.only("c", "lua", reason="both read and write them")
def test_attributes_are_those_of_the_handler(standing, workers):
    gateway = standing(config=STAGES, workers=workers)
    with gateway.client("/prod") as client:
        path = f"/prod/@connections/{quoted(client.id)}/attributes/name"
        assert is_error(call(gateway, "GET", path), 404, "NotFoundException")
        answer = call(gateway, "PUT", path, "Bob")
        assert answer.status == 204 and is_like_aws(answer)
        assert client.ask("get", key="name")["value"] == "Bob"
        assert client.ask("set", key="name", value="Eve")["status"] == "ok"
        answer = call(gateway, "GET", path)
        assert (answer.status, answer.body) == (200, b"Eve") and is_like_aws(answer)
        assert answer.header("content-type") == "application/octet-stream"
        assert call(gateway, "DELETE", path).status == 204
        assert client.ask("get", key="name")["status"] == "not_found"
        assert call(gateway, "GET", path).status == 404
        assert call(gateway, "DELETE", path).status == 204


def test_an_attribute_holds_any_octets_under_any_name(ask, crowd):
    (client,) = crowd(1)
    value = bytes(range(256))
    for name in ("a", "a%2Fb", "a/b", "%C3%A9", "%20", "@connections", "k" * 200):
        path = f"@connections/{quoted(client.id)}/attributes/{name}"
        assert ask("PUT", path, value).status == 204
        assert ask("GET", path).body == value
        assert ask("DELETE", path).status == 204


def test_the_bounds_of_an_attribute(ask, crowd):
    (client,) = crowd(1)
    path = f"@connections/{quoted(client.id)}/attributes/"
    assert ask("PUT", path + "k" * 256, "v" * 1024).status in (204, 400)
    assert is_error(ask("PUT", path + "k" * 4000, "v"), 400, "BadRequestException")
    assert ask("GET", path).status == 426  # it has no name, so it is no path of these
    answer = ask("PUT", path + "big", "v" * 100_000)
    assert answer.status in (204, 413)


def test_an_attribute_of_nobody_is_gone(ask, crowd, eventually):
    for method in ("GET", "PUT", "DELETE"):
        answer = ask(method, f"@connections/{quoted(NOBODY)}/attributes/a", "x")
        assert is_error(answer, 410, "GoneException") and answer.body == b""
        answer = ask(method, "@connections/malformed/attributes/a", "x")
        assert is_error(answer, 400, "BadRequestException", "Invalid connectionId: malformed")


def test_an_attribute_is_that_of_its_stage(ask, crowd):
    (elsewhere,) = crowd(1, "/test")
    assert elsewhere.ask("set", key="secret", value="s3cret")["status"] == "ok"
    path = f"@connections/{quoted(elsewhere.id)}/attributes/secret"
    for method in ("GET", "PUT", "DELETE"):
        assert is_error(ask(method, path, "x"), 410, "GoneException")
    assert elsewhere.ask("get", key="secret")["value"] == "s3cret"


# ---- Closing -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query, code, reason",
    [
        ("code=4001&reason=enough", 4001, "enough"),
        ("code=1011", 1011, ""),
        ("code=3000&reason=", 3000, ""),
        ("reason=caf%C3%A9%20closed", 1000, "caf\u00e9 closed"),
        ("code=4999&reason=" + "x" * 123, 4999, "x" * 123),
        ("reason=a+b%26c%3Dd", 1000, None),
    ],
)
def test_a_delete_may_say_why(gateway, ask, crowd, eventually, query, code, reason):
    (client,) = crowd(1)
    assert ask("DELETE", f"@connections/{quoted(client.id)}?{query}").status == 204
    said = client.expect_close(code, reason)
    if reason is None:
        assert said in ("a+b&c=d", "a b&c=d")
    eventually(
        lambda: any(
            (who, number) == (client.id, code) for who, number, _ in disconnects([gateway])
        )
    )


@pytest.mark.parametrize(
    "query",
    ["code=0", "code=999", "code=1005", "code=1006", "code=1015", "code=2999", "code=5000",
     "code=65536", "code=x", "code=", "code=-1", "code=1000.5", "reason=" + "x" * 124,
     "reason=%FF", "code=4000&reason=%C3"],
)  # fmt: skip
def test_a_close_that_cannot_be_is_refused(ask, crowd, query):
    (client,) = crowd(1)
    answer = ask("DELETE", f"@connections/{quoted(client.id)}?{query}")
    assert is_error(answer, 400, "BadRequestException")
    assert client.ask("whoami")["id"] == client.id


def test_a_message_before_the_close_arrives(ask, crowd):
    (client,) = crowd(1)
    for i in range(20):
        ask("POST", "@connections/" + quoted(client.id), str(i))
    ask("DELETE", "@connections/" + quoted(client.id))
    got = [client.read_message() for _ in range(21)]
    assert [payload for _, payload in got[:20]] == [str(i).encode() for i in range(20)]
    assert got[20] == (8, struct.pack("!H", 1000) + b"Connection Closed Normally")


# ---- Methods and paths -------------------------------------------------------------------


@pytest.mark.parametrize(
    "path, methods",
    [
        ("@connections", "POST PUT PATCH OPTIONS"),
        ("@connections/" + NOBODY, "PUT PATCH OPTIONS"),
        ("@connections/" + NOBODY + "/attributes/a", "POST PATCH OPTIONS"),
        ("@groups/g", "GET PUT PATCH OPTIONS"),
        ("@broadcast", "GET PUT PATCH DELETE OPTIONS"),
        ("@batch", "GET PUT PATCH DELETE OPTIONS"),
    ],
)
def test_a_method_that_a_path_does_not_have(ask, path, methods):
    for method in methods.split():
        answer = ask(method, path, "x")
        assert is_error(answer, 405, "MethodNotAllowedException")


@pytest.mark.parametrize(
    "path",
    ["@", "@nothing", "@connections/", "@connections/" + NOBODY + "/", "@groups", "@groups/",
     "@connections/" + NOBODY + "/attributes", "@connections/" + NOBODY + "/other/a",
     "@broadcast/x", "@batch/x", "@Connections", "connections", "@connections@"],
)  # fmt: skip
def test_a_path_that_is_none(ask, path):
    answer = ask("POST", path, "x")
    assert answer.status in (403, 405, 410)
    assert "json" in answer.header("content-type")
