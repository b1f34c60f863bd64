"""What came with ABI 1.1: counting a group, from a $disconnect too, and the event as the
JSON of API Gateway."""

import base64
import json
import re
import time

import pytest


@pytest.fixture
def served(standing, workers):
    return standing(workers=workers)


def watcher(host):
    """A client that hears what the probe's $disconnect has to say."""
    client = host.client()
    assert client.ask("join", group="events")["status"] == "ok"
    return client


def heard(client, wanted):
    """The next thing it hears that `wanted` accepts."""
    while True:
        news = json.loads(client.recv() or "null")
        if news and wanted(news):
            return news


# -- groups


def test_a_count_is_of_all_members_on_all_workers(served):
    clients = [served.client() for _ in range(9)]
    asks = [c.ask("join", group="many")["status"] for c in clients]
    assert asks == ["ok"] * 9
    assert clients[0].ask("join", group="many")["status"] == "ok"
    for client in clients:
        assert client.ask("count", group="many")["count"] == 9
    assert clients[0].ask("leave", group="many")["status"] == "ok"
    answer = clients[1].ask("count", group="many")
    assert (answer["status"], answer["count"]) == ("ok", 8)
    for client in clients:
        client.close()


def test_a_group_nobody_joined_has_no_members(served):
    with served.client() as client:
        answer = client.ask("count", group="nobody")
        assert (answer["status"], answer["count"]) == ("ok", 0)
        assert client.ask("count", group="")["status"] == "invalid"
        assert client.ask("count", group="n" * 257)["status"] == "invalid"


def test_who_disconnects_can_leave_and_count_those_who_stay(served):
    with watcher(served) as ann, served.client() as bob:
        for client in ann, bob:
            assert client.ask("join", group="room")["status"] == "ok"
        bob.close()
        news = heard(ann, lambda n: n.get("left") == "room")
        assert (news["status"], news["count"]) == ("ok", 1)
        assert ann.ask("count", group="room")["count"] == 1
        assert ann.ask("leave", group="room")["status"] == "ok"


def test_who_is_gone_for_good_can_not_be_made_to_leave(served):
    with watcher(served) as ann, served.client() as bob:
        gone = bob.id
        bob.close()
        heard(ann, lambda n: n.get("left") == "room")
        deadline = 50
        while ann.ask("leave", group="room", to=gone)["status"] != "gone":
            deadline -= 1
            assert deadline, "its $disconnect does not end"


# -- the event as JSON

ID = re.compile(r"[A-Za-z0-9_-]{14}[AEIMQUYcgkosw048]=")
AGENT = "cat/1.0 \"quoted\" \\ \u00e9".encode().decode("latin-1")


def check_context(event, host, kind, route, *, agent=None, stage="$default"):
    """What every event says, and that what another kind has is not there."""
    context = event["requestContext"]
    now = time.time() * 1000
    assert context["eventType"] == kind
    assert context["routeKey"] == route
    assert context["stage"] == stage
    assert context["messageDirection"] == "IN"
    assert context["domainName"] == "localhost"
    assert re.fullmatch("[a-z0-9]{10}", context["apiId"])
    for name in ("connectionId", "requestId", "extendedRequestId"):
        assert ID.fullmatch(context[name]), context[name]
    assert context["requestId"] == context["extendedRequestId"]
    assert now - 60000 < context["connectedAt"] <= context["requestTimeEpoch"] <= now + 1
    at = time.gmtime(context["requestTimeEpoch"] // 1000)
    month = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()[at.tm_mon - 1]
    assert context["requestTime"] == time.strftime(f"%d/{month}/%Y:%H:%M:%S +0000", at)
    identity = {"sourceIp": "127.0.0.1"}
    if agent:
        identity["userAgent"] = agent
    assert context["identity"] == identity
    assert ("messageId" in context) == (kind == "MESSAGE")
    assert ("disconnectStatusCode" in context) == (kind == "DISCONNECT")
    assert ("disconnectReason" in context) == (kind == "DISCONNECT")
    assert ("body" in event) == (kind == "MESSAGE")
    assert ("headers" in event) == (kind != "MESSAGE")
    return context


def test_a_connect_is_written_down_with_headers_and_query(served):
    headers = [("User-Agent", AGENT), ("Cookie", "a=1"), ("cookie", "b=2")]
    with served.client("/?event&a=1&a=%C3%A4%22&b=", headers) as client:
        event = client.recv_json()
        text = AGENT.encode("latin-1").decode()
        context = check_context(event, served, "CONNECT", "$connect", agent=text)
        assert context["connectionId"] == client.id
        assert event["headers"]["Host"] == "localhost"
        assert event["headers"]["User-Agent"] == text
        assert event["headers"]["Cookie"] == "b=2"
        assert event["multiValueHeaders"]["Cookie"] == ["a=1", "b=2"]
        assert event["headers"]["Sec-WebSocket-Version"] == "13"
        assert event["headers"]["X-Forwarded-For"] == "127.0.0.1"
        assert event["headers"]["X-Forwarded-Proto"] == "http"
        names = [name.lower() for name in event["headers"]]
        assert "connection" not in names and "upgrade" not in names
        assert event["queryStringParameters"] == {"event": "", "a": "\u00e4\"", "b": ""}
        assert event["multiValueQueryStringParameters"]["a"] == ["1", "\u00e4\""]
        assert event["isBase64Encoded"] is False


def test_a_message_is_written_down_with_its_body(served):
    with served.client("/", [("User-Agent", "cat")]) as client:
        body = json.dumps({"action": "event", "tag": 1, "say": "\u00e9\n\"\\"})
        client.text(body)
        answer = client.answer(1)
        assert answer["once"] is True
        first = check_context(
            answer["event"], served, "MESSAGE", "event", agent="cat"
        )
        assert answer["event"]["body"] == body
        assert first["connectionId"] == client.id
        second = client.ask("event")["event"]["requestContext"]
        assert second["connectedAt"] == first["connectedAt"]
        for name in ("requestId", "messageId"):
            assert second[name] != first[name]


def test_any_text_comes_back_as_it_was(served):
    with served.client() as client:
        text = "EVENT \x01\x1f\x7f \u00e4\u20ac\U0001f600 \"}],{[\" " + "\\" * 9 + "x" * 5000
        client.text(text)
        event = client.recv_json()
        check_context(event, served, "MESSAGE", "$default")
        assert event["body"] == text
        assert event["isBase64Encoded"] is False


@pytest.mark.parametrize("rest", [1, 2, 3, 80000])
def test_a_binary_message_is_base64(served, rest):
    with served.client() as client:
        data = b"EVENT" + bytes(n % 256 for n in range(rest))
        client.binary(data)
        event = client.recv_json()
        check_context(event, served, "MESSAGE", "$default")
        assert base64.b64decode(event["body"], validate=True) == data
        assert event["isBase64Encoded"] is True


def test_a_disconnect_is_written_down_for_others(served):
    with watcher(served) as ann:
        bob = served.client("/", [("User-Agent", "cat")])
        gone = bob.id
        bob.close(4001, "enough \"of\" it")
        event = heard(
            ann, lambda n: n.get("requestContext", {}).get("connectionId") == gone
        )
        context = check_context(event, served, "DISCONNECT", "$disconnect", agent="cat")
        assert context["disconnectStatusCode"] == 4001
        assert context["disconnectReason"] == "enough \"of\" it"
        assert event["headers"] == {
            "Host": "localhost",
            "x-api-key": "",
            "X-Forwarded-For": "",
            "x-restapi": "",
        }
        assert event["isBase64Encoded"] is False


@pytest.mark.only("c", reason="a script stays on its thread")
def test_another_thread_may_ask_for_it(served):
    with served.client() as client:
        answer = client.ask("event", elsewhere=True)
        check_context(answer["event"], served, "MESSAGE", "event")
        assert answer["once"] is True


def test_an_error_frame_names_the_request_it_was_for(served):
    served.may_log("event=handler_failed")
    with watcher(served) as ann, served.client() as bob:
        bob.tell("hang", name="failing")
        released = {}
        while not released.get("released"):
            released = ann.ask("release", name="failing", event=True, status="internal")
        frame = bob.recv_json()
        assert frame["message"] == "Internal server error"
        assert frame["requestId"] == released["event"]["requestContext"]["requestId"]


@pytest.mark.parametrize("kind", ["CONNECT", "MESSAGE"])
def test_an_overdue_event_can_still_be_written_down(host, kind):
    """Its connection has gone on, and is gone even, when it is asked for."""
    served = host(config={"limits": {"event_ms": 200}}, workers=2)
    served.may_log("event=overdue", "event=handler_failed")
    with served.client() as ann:
        if kind == "CONNECT":
            bob = served.client("/?hang=late&x=y", [("User-Agent", "cat")], expect=504)
            bob.drop()
        else:
            bob = served.client("/", [("User-Agent", "cat")])
            gone = bob.id
            bob.tell("hang", name="late")
            assert bob.recv_json()["message"] == "Endpoint request timed out"
            bob.close()
            # Others in its place, with facts of their own.
            for _ in range(20):
                served.client("/", [("User-Agent", "dog" * 20)]).close()
        answer = ann.ask("release", name="late", event=True)
        assert answer["released"] == 1
        route = "$connect" if kind == "CONNECT" else "hang"
        context = check_context(answer["event"], served, kind, route, agent="cat")
        if kind == "CONNECT":
            assert answer["event"]["queryStringParameters"]["x"] == "y"
        else:
            assert context["connectionId"] == gone


def test_over_tls_the_scheme_is_https(host, certificate, trust):
    cert, key = certificate
    served = host(config={"tls": {"cert": str(cert), "key": str(key)}})
    with served.client("/?event", tls=trust) as client:
        event = client.recv_json()
        assert event["headers"]["X-Forwarded-Proto"] == "https"
        assert event["headers"]["X-Forwarded-Port"] == "443"
