"""Who may use the management API, and where it is served."""

import contextlib
import datetime
import importlib
import json
import re
import types

import aws
import botocore.auth
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

pytestmark = pytest.mark.only("c", reason="it is about the host")

STAGES = {"stages": {"prod": {"plugins": ["probe"]}}}


@pytest.fixture
def gateway(standing, workers):
    gateway = standing(config={**GUARDED, **STAGES}, workers=workers)
    gateway.may_log("event=management_refused")
    return gateway


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
