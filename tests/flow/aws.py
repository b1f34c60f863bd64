"""What stands between a test and the management API: boto3, a signer, and bare HTTP."""

import datetime
import hashlib
import hmac
import json
import re
import urllib.parse

import boto3
import botocore.config
import botocore.exceptions
import pytest
import raw

KEY, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "eu-west-1"
TOKEN = "correct-horse-battery-staple"
GUARDED = {"management": {"access_keys": {KEY: SECRET}, "tokens": [TOKEN]}}
NOBODY = "AAAAAAAAAAAAAAA="  # an id like any other, of no connection
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
ID = re.compile(r"[A-Za-z0-9_-]{15}=")
MESSAGE_MAX = 131072


def boto(url, *, key=KEY, secret=SECRET, verify=None):
    """The client of boto3, of which every answer is the first: it does not try again."""
    return boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        verify=verify,
        config=botocore.config.Config(
            retries={"total_max_attempts": 1}, read_timeout=30, proxies={}
        ),
    )


def refusal(call, **arguments):
    """(status, code, message) with which boto3 says that it was refused."""
    try:
        got = call(**arguments)
    except botocore.exceptions.ClientError as error:
        answer = error.response
        return (
            answer["ResponseMetadata"]["HTTPStatusCode"],
            answer["Error"]["Code"],
            answer["Error"].get("Message", ""),
        )
    raise AssertionError(f"it was not refused: {got}")


def sign(method, target, *, host, body=b"", key=KEY, secret=SECRET, at=None, headers=()):
    """The headers of a signed request, as AWS reads them: each octet of the path as it is
    sent is encoded once more."""
    at = at or datetime.datetime.now(datetime.timezone.utc)
    path, _, query = target.partition("?")
    stamp, day = at.strftime("%Y%m%dT%H%M%SZ"), at.strftime("%Y%m%d")
    signed = sorted([("host", host), ("x-amz-date", stamp), *headers])
    names = ";".join(name for name, _ in signed)
    canonical = "\n".join(
        [method, urllib.parse.quote(path, safe="/-._~"), "&".join(sorted(query.split("&")))]
        + [f"{name}:{value}" for name, value in signed]
        + ["", names, hashlib.sha256(body).hexdigest()]
    )
    scope = f"{day}/{REGION}/execute-api/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n" + hashlib.sha256(
        canonical.encode()
    ).hexdigest()
    digest = ("AWS4" + secret).encode()
    for part in (*scope.split("/"), text):
        digest = hmac.new(digest, part.encode(), hashlib.sha256).digest()
    return [
        ("X-Amz-Date", stamp),
        *headers,
        (
            "Authorization",
            f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, "
            f"Signature={digest.hex()}",
        ),
    ]


def bearer(token=TOKEN):
    return [("Authorization", f"Bearer {token}")]


class Http(raw.Socket):
    """A connection kept alive, for requests one after the other."""

    def ask(self, method, target, body=None, headers=(), *, host="localhost", timeout=20):
        self.say(method, target, body, headers, host=host)
        return self.read_response(method=method, timeout=timeout)

    def say(self, method, target, body=None, headers=(), *, host="localhost"):
        headers = list(headers)
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None:
            headers.append(("Content-Length", str(len(body))))
        self.send(raw.request(method, target, headers, host=host, body=body or b""))


def call(gateway, method, target, body=None, headers=(), **options):
    """One request on a connection of its own."""
    with Http(gateway.port) as http:
        return http.ask(method, target, body, headers, **options)


def knows_the_dead(gateway, path="/@connections/" + urllib.parse.quote(NOBODY)):
    """As long as its Redis is new, a node that is not heard of may still come: 503."""
    return call(gateway, "GET", path, headers=bearer()).status == 410


def quoted(connection):
    """An id as SDKs write it into a path."""
    return urllib.parse.quote(connection, safe="")


def is_like_aws(response):
    """What each answer carries, whatever it says."""
    assert UUID.fullmatch(response.header("x-amzn-requestid"))
    assert ID.fullmatch(response.header("x-amz-apigw-id"))
    return True


def is_error(response, status, kind, message=None):
    """An error as SDKs read it: status, x-amzn-ErrorType, and JSON or nothing."""
    assert is_like_aws(response)
    assert (response.status, response.header("x-amzn-errortype")) == (status, kind)
    assert response.header("content-type") == "application/json"
    if response.body:
        assert list(response.json()) == ["message"]
    if message is not None:
        assert response.json()["message"] == message
    return True


# ---- Of a `gateway` with a stage "prod" ----------------------------------------------------


@pytest.fixture
def api(gateway):
    return boto(f"http://127.0.0.1:{gateway.port}/prod")


@pytest.fixture
def client(gateway):
    with gateway.client("/prod") as client:
        client.id  # noqa: B018 - asked now, so that nothing is in the way later
        yield client
