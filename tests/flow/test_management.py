"""The management API on one node: AWS's three operations with boto3, and ours beside them."""

import datetime
import json
import re
import time

import aws
import pytest
import raw
from aws import (  # noqa: F401: fixtures
    GUARDED,
    MESSAGE_MAX,
    NOBODY,
    api,
    bearer,
    boto,
    call,
    client,
    is_error,
    is_like_aws,
    quoted,
)
from nodes import disconnects

pytestmark = pytest.mark.only("c", reason="it is about the host")

STAGES = {"stages": {"prod": {"plugins": ["probe"]}, "test": {"plugins": ["probe"]}}}
SMALL = {"limits": {"outbox_bytes": 200_000}}


@pytest.fixture
def gateway(standing, workers):
    gateway = standing(config={**GUARDED, **STAGES, **SMALL}, workers=workers)
    gateway.may_log("event=management_refused", "event=slow")
    return gateway


@pytest.fixture
def ask(gateway):
    """ask(method, path below the stage, body) with a token."""
    with aws.Http(gateway.port) as http:

        def ask(method, path, body=None, headers=()):
            return http.ask(method, "/prod/" + path, body, [*bearer(), *headers])

        yield ask


# ---- AWS's three -------------------------------------------------------------------------


def test_a_post_arrives_as_text(api, client):
    for text in ("hello", "", "\u00e9\U0001f600", json.dumps({"a": 1}), "\0"):
        answer = api.post_to_connection(ConnectionId=client.id, Data=text.encode())
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert client.recv() == text


@pytest.mark.parametrize("profile, frames", [("jackfield", 1), ("aws", 4)])
def test_a_large_post_comes_in_frames_of_the_limit(standing, profile, frames):
    gateway = standing(config={"profile": profile})
    data = bytes(97 + i % 26 for i in range(MESSAGE_MAX))
    with gateway.client() as client:
        assert call(gateway, "POST", "/@connections/" + client.id, data).status == 200
        got = [client.read_frame()]
        while not got[-1].fin:
            got.append(client.read_frame())
    assert [len(frame.payload) for frame in got] == [MESSAGE_MAX // frames] * frames
    assert b"".join(frame.payload for frame in got) == data


def test_one_octet_more_is_too_large(api, client):
    said = aws.refusal(
        api.post_to_connection, ConnectionId=client.id, Data=b"x" * (MESSAGE_MAX + 1)
    )
    assert said == (413, "PayloadTooLargeException", "Request Too Long")
    with pytest.raises(api.exceptions.PayloadTooLargeException):
        api.post_to_connection(ConnectionId=client.id, Data=b"x" * (MESSAGE_MAX + 1))
    client.silence(0.1)


def test_get_says_who_and_since_when(api, gateway):
    before = datetime.datetime.now(datetime.timezone.utc)
    with gateway.client("/prod", headers=[("User-Agent", "tests/1.0")]) as client:
        client.id  # noqa: B018
        time.sleep(0.05)
        client.ask("whoami")
        got = api.get_connection(ConnectionId=client.id)
    assert got["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "tests/1.0"}
    least = datetime.timedelta(milliseconds=40)
    assert before - least <= got["ConnectedAt"] <= got["LastActiveAt"] - least
    assert got["LastActiveAt"] <= datetime.datetime.now(datetime.timezone.utc) + least


def test_get_of_a_client_without_user_agent_has_null(api, client, ask):
    assert api.get_connection(ConnectionId=client.id)["Identity"]["SourceIp"] == "127.0.0.1"
    body = ask("GET", "@connections/" + quoted(client.id)).body.decode()
    when = r'"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"'
    assert re.fullmatch(
        r'\{"identity":\{"sourceIp":"127.0.0.1","userAgent":null\},'
        rf'"connectedAt":{when},"lastActiveAt":{when}\}}',
        body,
    ), body


def test_delete_closes_with_1000_and_disconnect_hears_the_same(
    api, gateway, client, eventually
):
    answer = api.delete_connection(ConnectionId=client.id)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 204
    client.expect_close(1000, "Connection Closed Normally")
    said = (client.id, 1000, "Connection Closed Normally")
    eventually(lambda: said in disconnects([gateway]))
    assert disconnects([gateway]).count(said) == 1


@pytest.mark.parametrize(
    "operation", ["post_to_connection", "get_connection", "delete_connection"]
)
def test_who_has_left_or_never_was_is_gone(api, gateway, operation, eventually):
    with gateway.client("/prod") as client:
        left = client.id
        client.close()
    more = {"Data": b"x"} if operation == "post_to_connection" else {}

    def is_gone(connection):
        try:
            got = aws.refusal(getattr(api, operation), ConnectionId=connection, **more)
        except AssertionError:
            return False
        return got[:2] == (410, "GoneException")

    eventually(lambda: is_gone(left))
    assert is_gone(NOBODY)
    with pytest.raises(api.exceptions.GoneException):
        getattr(api, operation)(ConnectionId=NOBODY, **more)


@pytest.mark.parametrize(
    "malformed",
    ["WDGT8fY4joECJrQ=test", "cjld2cjxh0000qzrmn831i7rn", "x", "AAAAAAAAAAAAAAAA", "=" * 16],
)
@pytest.mark.parametrize(
    "operation", ["post_to_connection", "get_connection", "delete_connection"]
)
def test_a_malformed_id_is_named(api, operation, malformed):
    more = {"Data": b"x"} if operation == "post_to_connection" else {}
    said = aws.refusal(getattr(api, operation), ConnectionId=malformed, **more)
    assert said == (400, "BadRequestException", f"Invalid connectionId: {malformed}")


def test_who_does_not_read_is_throttled(api, gateway):
    with gateway.client("/prod", receive_buffer=4096) as lazy:
        lazy.id  # noqa: B018
        with pytest.raises(api.exceptions.LimitExceededException) as caught:
            for _ in range(200):
                api.post_to_connection(ConnectionId=lazy.id, Data=b"x" * 100_000)
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        assert caught.value.response["Error"]["Message"] == "Too Many Requests"
    gateway.may_log("event=slow")


def test_who_is_still_connecting_is_gone_until_it_is_there(host, eventually):
    gateway = host(config=GUARDED)
    api = boto(f"http://127.0.0.1:{gateway.port}")
    with gateway.client() as helper, gateway.socket() as sock:
        sock.send(raw.upgrade("/?event=1&hang=me&group=g"))
        # Its event tells the id; it is sent to it, and waits until it is there.
        members = []

        def joined():
            members[:] = helper.ask("members", group="g").get("members", [])
            return members

        eventually(joined)
        (pending,) = members
        for operation, more in (
            (api.post_to_connection, {"Data": b"x"}),
            (api.get_connection, {}),
            (api.delete_connection, {}),
        ):
            assert aws.refusal(operation, ConnectionId=pending, **more)[:2] == (
                410,
                "GoneException",
            )
        helper.ask("release", name="me")
        assert sock.read_response().status == 101
        assert (
            api.post_to_connection(ConnectionId=pending, Data=b"now")["ResponseMetadata"][
                "HTTPStatusCode"
            ]
            == 200
        )
        assert b"now" in sock.read_until(b"now")


def test_another_stage_does_not_have_it(gateway, client):
    other = boto(f"http://127.0.0.1:{gateway.port}/test")
    for operation, more in (
        (other.post_to_connection, {"Data": b"x"}),
        (other.get_connection, {}),
        (other.delete_connection, {}),
    ):
        assert aws.refusal(operation, ConnectionId=client.id, **more)[0] == 410


@pytest.mark.parametrize("stage", ["", "/nowhere", "/Prod", "/pro"])
def test_a_wrong_stage_is_forbidden(gateway, client, stage):
    api = boto(f"http://127.0.0.1:{gateway.port}{stage}")
    said = aws.refusal(api.post_to_connection, ConnectionId=client.id, Data=b"x")
    assert said == (403, "ForbiddenException", "Forbidden")


# ---- The bytes of it ---------------------------------------------------------------------


def test_the_answers_have_the_bytes_of_aws(ask, client):
    path = "@connections/" + quoted(client.id)
    posted = ask("POST", path, "x")
    assert (posted.status, posted.reason, posted.body) == (200, "OK", b"")
    assert is_like_aws(posted) and posted.header("x-amzn-errortype") is None
    assert posted.header("content-type") == "application/json"
    assert posted.header("content-length") == "0"

    got = ask("GET", path)
    assert got.status == 200 and is_like_aws(got)
    assert got.header("content-type") == "application/json"

    gone = ask("POST", "@connections/" + quoted(NOBODY), "x")
    assert is_error(gone, 410, "GoneException") and gone.body == b""
    assert gone.header("content-length") == "0"

    bad = ask("POST", "@connections/x%3Dtest", "x")
    assert is_error(bad, 400, "BadRequestException")
    assert bad.body == b'{"message":"Invalid connectionId: x=test"}'

    deleted = ask("DELETE", path)
    assert (deleted.status, deleted.reason) == (204, "No Content")
    assert is_like_aws(deleted)
    assert deleted.header("content-type") is None
    assert deleted.header("content-length") is None


def test_every_answer_has_ids_of_its_own(ask):
    answers = [ask("GET", "@connections/x") for _ in range(5)]
    for name in ("x-amzn-requestid", "x-amz-apigw-id"):
        assert len({answer.header(name) for answer in answers}) == 5


SPELLINGS = [
    "/prod/@connections/{quoted}",
    "/prod/%40connections/{quoted}",
    "/prod/@connections/{id}",
    "/prod/%40connections/{id}",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
@pytest.mark.parametrize("how", ["signed", "token"])
def test_all_spellings_of_a_path_are_one(gateway, client, spelling, method, how):
    target = spelling.format(id=client.id, quoted=quoted(client.id))
    body = b"hello" if method == "POST" else None
    headers = (
        aws.sign(method, target, host="localhost", body=body or b"")
        if how == "signed"
        else bearer()
    )
    assert call(gateway, method, target, body, headers).status in (200, 204)


@pytest.mark.parametrize(
    "target", ["/@connections/{quoted}", "/%40connections/{quoted}", "//@connections/{id}"]
)
def test_a_stage_at_the_root_needs_no_name(standing, target):
    gateway = standing(config=GUARDED)
    with gateway.client() as client:
        target = target.format(id=client.id, quoted=quoted(client.id))
        assert call(gateway, "POST", target, "hello", bearer()).status == 200
        assert client.recv() == "hello"


DOMAINS = {
    **GUARDED,
    **STAGES,
    "domains": {"chat.example.com": {"/": "prod", "/v2": "test"}},
}


@pytest.mark.parametrize(
    "stage, name, base",
    [
        ("prod", "chat.example.com", ""),
        ("prod", "CHAT.example.com:443", ""),
        ("test", "chat.example.com", "/v2"),
        ("test", "localhost", "/test"),
    ],
)
def test_host_and_base_path_select_the_stage(standing, stage, name, base):
    gateway = standing(config=DOMAINS)
    gateway.may_log("event=management_refused")
    with gateway.client(f"/{stage}") as client:
        target = f"{base}/@connections/{quoted(client.id)}"
        signed = aws.sign("POST", target, host=name, body=b"hello")
        for headers in (bearer(), signed):
            assert call(gateway, "POST", target, "hello", headers, host=name).status == 200
            assert client.recv() == "hello"


@pytest.mark.parametrize(
    "name, base", [("other.example.com", "/v2"), ("x", ""), ("x", "/chat.example.com")]
)
def test_what_no_base_path_fits_is_forbidden(standing, name, base):
    gateway = standing(config=DOMAINS)
    target = f"{base}/@connections/{quoted(NOBODY)}"
    answer = call(gateway, "POST", target, "x", bearer(), host=name)
    assert is_error(answer, 403, "ForbiddenException", "Forbidden")


def test_an_upgrade_to_a_path_of_it_is_forbidden(gateway):
    for path in ("/prod/@connections", "/prod/%40connections/x", "/prod/@broadcast"):
        with gateway.socket() as sock:
            sock.send(raw.upgrade(path, bearer()))
            assert sock.read_response().status == 403


@pytest.mark.parametrize(
    "kind",
    ["application/octet-stream", "binary/octet-stream", "text/plain", "application/json",
     "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None],
)  # fmt: skip
def test_the_type_of_a_body_is_not_looked_at(ask, client, kind):
    headers = [("Content-Type", kind)] if kind else []
    said = "a=1&b=2\r\n--x\r\n"
    assert ask("POST", "@connections/" + quoted(client.id), said, headers).status == 200
    assert client.recv() == said
