"""The management API on one node: AWS's three operations with boto3, and ours beside them."""

import contextlib
import datetime
import importlib
import json
import re
import time
import types

import aws
import botocore.auth
import pytest
import raw
from aws import GUARDED, MESSAGE_MAX, NOBODY, bearer, boto, call, is_error, is_like_aws, quoted
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
def api(gateway):
    return boto(f"http://127.0.0.1:{gateway.port}/prod")


@pytest.fixture
def client(gateway):
    with gateway.client("/prod") as client:
        client.id  # noqa: B018 - asked now, so that nothing is in the way later
        yield client


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


# ---- Credentials -------------------------------------------------------------------------


def test_a_wrong_secret_is_a_bad_signature(gateway, client):
    api = boto(f"http://127.0.0.1:{gateway.port}/prod", secret="wrong" * 8)
    status, code, message = aws.refusal(
        api.post_to_connection, ConnectionId=client.id, Data=b"x"
    )
    assert (status, code) == (403, "InvalidSignatureException")
    assert message.startswith("The request signature we calculated does not match")
    assert "The Canonical String for this request should have been\n'POST\n/prod/" in message
    client.silence(0.1)


def test_an_unknown_key_is_not_recognized(gateway):
    api = boto(f"http://127.0.0.1:{gateway.port}/prod", key="AKIDNOBODY")
    said = aws.refusal(api.get_connection, ConnectionId=NOBODY)
    assert said == (
        403,
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


@pytest.mark.parametrize("minutes, verdict", [(-6, 403), (6, 403), (-4, 410), (4, 410)])
def test_a_clock_may_be_five_minutes_off(api, monkeypatch, minutes, verdict):
    class Shifted(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return super().utcnow() + datetime.timedelta(minutes=minutes)

    class Module(types.ModuleType):
        datetime, timezone = Shifted, datetime.timezone

    signers = [botocore.auth]
    with contextlib.suppress(ImportError):
        signers.append(importlib.import_module("botocore.crt.auth"))  # if there is awscrt
    for signer in signers:
        monkeypatch.setattr(signer, "datetime", Module("datetime"))
    status, code, message = aws.refusal(api.get_connection, ConnectionId=NOBODY)
    assert status == verdict
    if verdict == 403:
        assert code == "InvalidSignatureException"
        assert message.startswith(
            "Signature expired: " if minutes < 0 else "Signature not yet current: "
        )


def test_a_signature_is_for_one_body_path_and_method(gateway, client):
    target = "/prod/@connections/" + quoted(client.id)
    headers = aws.sign("POST", target, host="localhost", body=b"mine")
    other = "/prod/@connections/" + quoted(NOBODY)
    for method, where, body in (
        ("POST", target, b"yours"),
        ("POST", target + "?x=1", b"mine"),
        ("POST", other, b"mine"),
        ("DELETE", target, None),
    ):
        answer = call(gateway, method, where, body, headers)
        assert is_error(answer, 403, "InvalidSignatureException")
    assert call(gateway, "POST", target, b"mine", headers, host="elsewhere").status == 403
    assert call(gateway, "POST", target, b"mine", headers).status == 200
    assert client.recv() == "mine"


@pytest.mark.parametrize("region, expected", [("eu-west-1", 410), ("us-east-1", 403)])
def test_signatures_may_have_to_be_for_a_region(standing, region, expected):
    gateway = standing(config={"management": {**GUARDED["management"], "region": region}})
    gateway.may_log("event=management_refused")
    api = boto(f"http://127.0.0.1:{gateway.port}")
    assert aws.refusal(api.get_connection, ConnectionId=NOBODY)[0] == expected


@pytest.mark.parametrize(
    "headers, kind",
    [
        ([], "MissingAuthenticationTokenException"),
        (bearer("wrong-horse-battery-staple"), "UnrecognizedClientException"),
        (bearer(aws.TOKEN + "x"), "UnrecognizedClientException"),
        (bearer(""), None),
        (bearer() + bearer(), None),
        ([("Authorization", "Basic dXNlcjpwYXNz")], "IncompleteSignatureException"),
        ([("Authorization", "AWS4-HMAC-SHA256")], "IncompleteSignatureException"),
        ([("Authorization", "AWS4-HMAC-SHA256 " + "x" * 6000)], None),
        ([("Authorization", "")], None),
    ],
)
def test_what_is_no_credential_does_not_pass(gateway, headers, kind):
    answer = call(gateway, "GET", "/prod/@connections", headers=headers)
    assert answer.status == 403 and is_like_aws(answer)
    assert answer.json()["message"]
    assert kind is None or answer.header("x-amzn-errortype") == kind
    gateway.may_log("event=management_refused")


def test_the_door_is_before_everything_else(gateway):
    """Who may not ask does not learn which stages, paths and methods there are."""
    for method, target in (
        ("GET", "/nowhere/@connections"),
        ("PATCH", "/prod/@connections"),
        ("GET", "/prod/@connections/malformed"),
        ("POST", "/prod/@batch"),
    ):
        answer = call(gateway, method, target)
        assert is_error(answer, 403, "MissingAuthenticationTokenException")
    gateway.may_log("event=management_refused")


def test_credentials_change_with_a_reload(host, eventually):
    gateway = host(config=GUARDED)
    path = gateway.command[-1]
    whole = json.loads(open(path).read())
    second = "another-horse-battery-staple"
    whole["management"] = {"access_keys": {"AKIDSECOND": "s" * 40}, "tokens": [second]}

    def status(token):
        return call(gateway, "GET", "/@connections", headers=bearer(token)).status

    assert (status(aws.TOKEN), status(second)) == (200, 403)
    with open(path, "w") as file:
        json.dump(whole, file)
    eventually(lambda: status(second) == 200)
    assert status(aws.TOKEN) == 403
    old = boto(f"http://127.0.0.1:{gateway.port}")
    new = boto(f"http://127.0.0.1:{gateway.port}", key="AKIDSECOND", secret="s" * 40)
    assert aws.refusal(old.get_connection, ConnectionId=NOBODY)[0] == 403
    assert aws.refusal(new.get_connection, ConnectionId=NOBODY)[0] == 410
    gateway.may_log("event=management_refused")


def test_secrets_are_not_written_anywhere(host):
    gateway = host(config={**GUARDED, "log": {"level": "debug"}})
    call(gateway, "GET", "/@connections", headers=bearer())
    call(gateway, "GET", "/@connections", headers=bearer("wrong-horse-battery-staple"))
    gateway.may_log("event=management_refused")
    gateway.stop()
    for secret in (aws.SECRET, aws.TOKEN, "wrong-horse"):
        assert secret not in gateway.text()


def test_without_credentials_any_signature_passes_on_loopback(standing):
    gateway = standing()
    api = boto(f"http://127.0.0.1:{gateway.port}")
    with gateway.client() as client:
        api.post_to_connection(ConnectionId=client.id, Data=b"hello")
        assert client.recv() == "hello"


@pytest.mark.parametrize(
    "name, status",
    [
        ("localhost", 200),
        ("localhost:8080", 200),
        ("LOCALHOST", 200),
        ("app.localhost:8080", 200),
        ("127.0.0.1:8080", 200),
        ("[::1]:8080", 200),
        ("127.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example", 403),
        ("evillocalhost", 403),
        ("[::1].evil.example", 400),
        ("192.168.0.1", 403),
        ("", 400),
    ],
)
def test_without_credentials_no_name_from_elsewhere_passes(standing, name, status):
    gateway = standing()
    gateway.may_log("event=management_refused")
    assert call(gateway, "GET", "/@connections", host=name).status == status


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8080"])
def test_without_credentials_no_browser_passes(standing, origin):
    gateway = standing()
    headers = [("Origin", origin)]
    assert call(gateway, "POST", "/@broadcast", "x", headers).status == 403
    assert call(gateway, "POST", "/@broadcast", "x").status == 200
    gateway.may_log("event=management_refused")


def test_without_credentials_nobody_passes_where_others_can_reach(host):
    gateway = host(config={"listen": {"host": "0.0.0.0"}})
    assert gateway.wait_log("level=warn.*event=management_closed.*access_keys")
    answer = call(gateway, "POST", "/@broadcast", "x", bearer())
    assert is_error(answer, 403, "ForbiddenException")
    assert "management.tokens" in answer.json()["message"]
    gateway.may_log("event=management_closed", "event=management_refused")


def test_with_credentials_a_listener_may_be_reached_from_anywhere(host):
    gateway = host(config={"listen": {"host": "0.0.0.0"}, **GUARDED})
    assert call(gateway, "GET", "/@connections", headers=bearer()).status == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"tokens": ["short"]},
        {"tokens": ["with a blank in it"]},
        {"access_keys": {"AKID": ""}},
        {"access_keys": ["AKID"]},
        {"tokens": [1]},
        {"mode": "sometimes"},
    ],
)
def test_credentials_that_can_be_none_stop_the_start(host, wrong):
    config = host.config(config={"management": wrong})
    program = host.run("run", "-c", host.write(config))
    program.expected_exit = 1
    program.may_log(".")
    assert program.wait() == 1
    assert "management" in program.text()


# ---- Where it is served ------------------------------------------------------------------


def ports(gateway, count):
    """So many that it is served on, as the log says."""
    if count:
        gateway.wait_log("event=management ", count=count)
    found = gateway.lines("event=management ")
    return [int(re.search(r"port=(\d+)", line)[1]) for line in found]


@pytest.mark.parametrize(
    "mode, shared, own",
    [("off", False, False), ("shared", True, False), ("separate", False, True),
     ("both", True, True)],
)  # fmt: skip
def test_it_is_served_where_the_configuration_says(host, workers, mode, shared, own):
    management = {**GUARDED["management"], "mode": mode, "port": 0}
    gateway = host(config={"management": management}, workers=workers)
    served = ports(gateway, shared + own)
    assert (gateway.port in served) == shared
    others = [port for port in served if port != gateway.port]
    assert len(others) == own
    answer = call(gateway, "GET", "/@connections", headers=bearer())
    assert answer.status == (200 if shared else 426)
    for port in others:
        there = types.SimpleNamespace(port=port)
        with gateway.client() as client:
            api = boto(f"http://127.0.0.1:{port}")
            api.post_to_connection(ConnectionId=client.id, Data=b"hello")
            assert client.recv() == "hello"
        assert call(there, "GET", "/").status == 403
        with raw.Socket(port) as sock:
            sock.send(raw.upgrade("/"))
            assert sock.read_response().status in (400, 403, 404)
        with raw.Socket(port) as sock:
            sock.send(raw.upgrade("/@connections", bearer()))
            assert sock.read_response().status in (400, 403, 404)


def test_over_tls(host, certificate, trust):
    config = {"tls": {"cert": str(certificate[0]), "key": str(certificate[1])}, **GUARDED}
    gateway = host(config=config)
    api = boto(f"https://localhost:{gateway.port}", verify=str(certificate[0]))
    with gateway.client(tls=trust) as client:
        for size in (5, 20_000, MESSAGE_MAX):
            api.post_to_connection(ConnectionId=client.id, Data=b"x" * size)
            assert client.recv() == "x" * size
        said = aws.refusal(
            api.post_to_connection, ConnectionId=client.id, Data=b"x" * (MESSAGE_MAX + 1)
        )
        assert said[0] == 413
        assert api.get_connection(ConnectionId=client.id)["Identity"]
        api.delete_connection(ConnectionId=client.id)
        client.expect_close(1000)
