"""Routes that a Lambda function serves, behind the path of Invoke."""

import base64
import json
import time

import pytest
from backend import (  # noqa: F401: fixtures
    INTERNAL,
    behind,
    built,
    error_in,
    response,
    served,
)

pytestmark = pytest.mark.only("c", reason="the plugin is the same for all languages")


# ---- Lambda


def invoked(function):
    """A function behind the path of Invoke."""

    def answer(request):
        assert request.path == "/2015-03-31/functions/onMessage/invocations"
        return function(json.loads(request.body), request)

    return answer


def test_a_function_is_invoked_with_the_event_of_aws(served, behind):
    events = []

    def function(event, request):
        events.append(event)
        return response(200, json.dumps({"statusCode": 200, "body": "from lambda"}))

    back = behind(invoked(function))
    integration = {"type": "lambda", "url": back.url(), "function": "onMessage"}
    host = served(
        {
            "$connect": integration,
            "$default": {**integration, "two_way": True},
            "$disconnect": integration,
        }
    )
    with host.client("/?a=b") as client:
        client.text("hello")
        assert client.recv() == "from lambda"
        client.close(1000)
    deadline = time.monotonic() + 10
    while len(events) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    kinds = [e["requestContext"]["eventType"] for e in events]
    assert kinds == ["CONNECT", "MESSAGE", "DISCONNECT"]
    assert events[0]["queryStringParameters"] == {"a": "b"}
    assert events[1]["body"] == "hello"
    assert len({e["requestContext"]["connectionId"] for e in events}) == 1


@pytest.mark.parametrize(
    "result, told",
    [
        ({"statusCode": 200, "body": "text"}, "text"),
        ({"statusCode": 500, "body": "text"}, "text"),
        ({"statusCode": "201", "body": "text"}, "text"),
        ({"statusCode": 200}, ""),
        ({"statusCode": 200, "body": {"a": 1}}, '{"a":1}'),
        (
            {
                "statusCode": 200,
                "body": base64.b64encode(b"plain").decode(),
                "isBase64Encoded": True,
            },
            "plain",
        ),
        ({"statusCode": 200, "body": "!!!", "isBase64Encoded": True}, INTERNAL),
        (None, None),
        ("just text", INTERNAL),
        ([1], INTERNAL),
        ({"errorMessage": "boom", "errorType": "Error"}, INTERNAL),
    ],
)
def test_a_functions_result_is_understood(served, behind, result, told):
    back = behind(invoked(lambda event, request: response(200, json.dumps(result))))
    host = served(
        {
            "$default": {
                "type": "lambda",
                "url": back.url(),
                "function": "onMessage",
                "two_way": True,
            }
        },
        fails=True,
    )
    with host.client() as client:
        client.text("x")
        if told is None:
            client.silence(0.3)
        elif told == INTERNAL:
            assert error_in(client) == INTERNAL
        else:
            assert client.recv() == told


def test_a_functions_binary_answer_is_decoded(served, behind):
    result = {
        "statusCode": 200,
        "body": base64.b64encode(b"\xff\x00").decode(),
        "isBase64Encoded": True,
    }
    back = behind(invoked(lambda event, request: response(200, json.dumps(result))))
    integration = {"type": "lambda", "url": back.url(), "function": "onMessage"}
    host = served({"$default": {**integration, "two_way": True}})
    with host.client() as client:
        client.text("x")
        assert client.recv_binary() == b"\xff\x00"


@pytest.mark.parametrize(
    "octets",
    [
        response(200, '{"errorMessage":"x"}', [("X-Amz-Function-Error", "Unhandled")]),
        response(200, '{"statusCode":200}', [("x-amz-function-error", "Handled")]),
        response(404, '{"Type":"User","Message":"Function not found"}'),
        response(429, "{}"),
        response(502, ""),
        response(200, "Task timed out after 3.00 seconds"),
        response(200, '{"statusCode":'),
    ],
)
def test_a_function_that_fails_is_an_error_frame_even_one_way_and_502(
    served, behind, octets
):
    back = behind(invoked(lambda event, request: octets))
    integration = {"type": "lambda", "url": back.url(), "function": "onMessage"}
    host = served({"$default": integration}, fails=True)
    with host.client() as client:
        client.text("x")
        assert error_in(client) == INTERNAL
    refusing = served({"$connect": integration}, fails=True)
    host_says = 503 if b" 429 " in octets else 502
    refusing.client(expect=host_says).drop()


@pytest.mark.parametrize(
    "result, status",
    [
        ({"statusCode": 200}, 101),
        ({"statusCode": 204, "headers": {"sec-websocket-protocol": "b"}}, 101),
        ({"statusCode": 401, "body": "who are you"}, 401),
        ({"statusCode": 301}, 301),
        ({}, 502),
        (None, 502),
        ({"statusCode": "two hundred"}, 502),
    ],
)
def test_a_function_decides_a_connect(served, behind, result, status):
    back = behind(invoked(lambda event, request: response(200, json.dumps(result))))
    integration = {"type": "lambda", "url": back.url(), "function": "onMessage"}
    host = served({"$connect": integration}, fails=True)
    client = host.client(protocols="a, b", expect=status)
    if status == 101 and "headers" in result:
        assert client.response.header("sec-websocket-protocol") == "b"
    if status == 401:
        assert client.response.body == b"who are you"
    client.drop()


def test_calls_are_signed_when_that_is_asked_for(served, behind):
    back = behind(invoked(lambda event, request: response(200, '{"statusCode":200}')))
    keys = {"access_key": "AKIDEXAMPLE", "secret_key": "secret", "region": "eu-west-1"}
    host = served(
        {
            "$connect": {
                "type": "lambda",
                "url": back.url(),
                "function": "onMessage",
                "sigv4": keys,
            }
        }
    )
    host.client().drop()
    said = back.seen[0].header("authorization")
    assert said.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/lambda/aws4_request" in said
    assert back.seen[0].header("x-amz-date")


# ---- Lambda authorizers


def policy(effect, **more):
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": "ann", "policyDocument": document, **more}


def authorized_by(answer):
    """The plugin's options: an authorizer, and a function that says what it was told."""

    def respond(request):
        if "/authorizer/" in request.path:
            return answer(json.loads(request.body))
        event = json.loads(request.body)
        told = event["requestContext"].get("authorizer")
        return response(200, json.dumps({"statusCode": 200, "body": json.dumps(told)}))

    def options(back):
        function = {"type": "lambda", "url": back.url()}
        return {
            "$authorize": {**function, "function": "authorizer"},
            "$default": {**function, "function": "onMessage", "two_way": True},
        }

    return respond, options


def test_a_lambda_authorizer_lets_in_and_its_context_is_in_later_events(served, behind):
    events = []

    def answer(event):
        events.append(event)
        return response(200, json.dumps(policy("Allow", context={"team": "blue", "n": 5})))

    respond, options = authorized_by(answer)
    host = served(options(behind(respond)))
    with host.client("/?token=t") as client:
        client.text("who am I?")
        told = client.recv_json()
        assert told["principalId"] == "ann" and told["team"] == "blue" and told["n"] == "5"
    assert events[0]["type"] == "REQUEST"
    assert events[0]["methodArn"].endswith("/$connect")
    assert events[0]["queryStringParameters"] == {"token": "t"}


@pytest.mark.parametrize(
    "octets, status",
    [
        (response(200, json.dumps(policy("Deny"))), 403),
        (response(200, '{"errorMessage":"Unauthorized"}'), 401),
        (
            response(
                200,
                '{"errorMessage":"Unauthorized","errorType":"Error"}',
                [("X-Amz-Function-Error", "Unhandled")],
            ),
            401,
        ),
        (
            response(
                200, '{"errorMessage":"boom"}', [("X-Amz-Function-Error", "Unhandled")]
            ),
            500,
        ),
        (response(200, '{"statusCode":401}'), 500),
        (response(200, "null"), 500),
        (response(200, "junk"), 500),
        (response(502, ""), 500),
    ],
)
def test_a_lambda_authorizer_refuses_as_with_aws(served, behind, octets, status):
    respond, options = authorized_by(lambda event: octets)
    host = served(options(behind(respond)), fails=True)
    host.may_log("event=authorizer", "event=bad_authorizer", "level=warn")
    host.client(expect=status).drop()


@pytest.mark.parametrize(
    "octets, status",
    [
        (response(204), 101),
        (response(200, ""), 101),
        (response(200, json.dumps(policy("Allow"))), 101),
        (response(200, json.dumps(policy("Deny"))), 403),
        (response(401, "who are you"), 401),
        (response(403), 403),
        (response(500), 500),
    ],
)
def test_an_http_service_may_authorize(served, behind, octets, status):
    back = behind(lambda request: octets)
    mapped = {"X-Token": "route.request.querystring.token"}
    host = served({"$authorize": {"url": back.url(), "headers": mapped}}, fails=True)
    client = host.client("/?token=t", expect=status)
    assert back.seen[0].header("x-token") == "t"
    if status == 401:
        assert client.response.body == b"who are you"
    client.drop()
