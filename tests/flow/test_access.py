"""What a stage allows: origins, what must be brought to be asked who one is, the form of
messages, and how much of everything."""

import json
import time

import pytest
import raw


def stage(**access):
    return {"stages": {"$default": {"plugins": ["probe"], **access}}}


def answer(served, path="/", headers=()):
    with served.socket() as sock:
        sock.send(raw.upgrade(path, headers))
        return sock.read_response()


# -- origins


def test_pages_of_other_origins_are_refused(host):
    served = host(config=stage(origins=["https://app.example", "https://*.good.example"]))
    for origin, status in (
        ("https://app.example", 101),
        ("https://app.example:443", 101),
        ("https://a.b.good.example", 101),
        ("https://good.example", 403),
        ("http://app.example", 403),
        ("https://app.example.evil", 403),
        ("null", 403),
        ("", 403),
    ):
        response = answer(served, headers=[("Origin", origin)])
        assert response.status == status, origin
    assert response.body == b'{"message":"Forbidden"}'
    assert answer(served).status == 101  # no browser
    served.stop()
    assert any("origins=5" in line for line in served.lines("event=limited"))


# -- identity


def test_without_what_identifies_it_a_client_is_not_asked(host):
    served = host(
        config={
            "stages": {
                "$default": {
                    "plugins": ["gate", "probe"],
                    "identity": [
                        "route.request.header.X-Token",
                        "route.request.querystring.as",
                    ],
                }
            }
        }
    )
    for path, headers, status in (
        ("/?as=x", [("x-token", "t")], 101),
        ("/?as=x", [], 401),
        ("/?as=x", [("X-Token", "")], 401),
        ("/?as=", [("X-Token", "t")], 401),
        ("/?As=x", [("X-Token", "t")], 401),
        ("/", [("X-Token", "t")], 401),
    ):
        response = answer(served, path, headers)
        assert response.status == status, (path, headers)
    assert response.body == b'{"message":"Unauthorized"}'


# -- models

MODELS = {
    "echo": {
        "type": "object",
        "required": ["text"],
        "properties": {"text": {"type": "string", "maxLength": 5}, "action": {}},
        "additionalProperties": False,
    }
}


def test_a_message_that_does_not_fit_reaches_no_handler(host):
    served = host(config=stage(models=MODELS))
    with served.client("/") as client:
        for message in (
            {"action": "echo"},
            {"action": "echo", "text": 1},
            {"action": "echo", "text": "longer"},
            {"action": "echo", "text": "a", "more": 1},
        ):
            client.json(**message)
            text = client.recv()
            assert text.startswith('{"message" : "Bad request body", "connectionId": "')
            told = json.loads(text)
            assert told["connectionId"] == client.id
            assert len(told["messageId"]) == 16
        client.json(action="echo", text="fits")
        assert json.loads(client.recv())["text"] == "fits"
        client.ask("whoami")  # has no model


def test_a_model_that_is_none_is_told_at_the_start(host):
    path = host.write(host.config(config=stage(models={"a": {"pattern": "x"}})))
    wrong = host.run("check", "-c", path)
    assert wrong.wait() == 1
    assert "pattern" in wrong.text() and "models.a" in wrong.text()
    wrong.expected_exit = 1


# -- rates


def burst(client, count):
    """How many of so many messages at once were let through."""
    for _ in range(count):
        client.json(action="whoami")
    told = [json.loads(client.recv()) for _ in range(count)]
    refused = [frame for frame in told if frame.get("message") == "Too Many Requests"]
    for frame in refused:
        assert frame["connectionId"] and frame["requestId"]
    return count - len(refused)


def test_a_connection_may_say_so_much(host):
    served = host(config=stage(rates={"messages": {"connection": "2/5"}}))
    with served.client("/") as one, served.client("/") as other:
        assert burst(one, 12) in (5, 6)
        assert burst(other, 5) == 5
        time.sleep(1.1)
        assert burst(one, 5) in (2, 3)


@pytest.mark.parametrize("scope", ["address", "stage"])
def test_all_together_may_say_so_much(host, scope):
    served = host(config=stage(rates={"messages": {scope: "1/6"}}), workers=4)
    clients = [served.client("/") for _ in range(4)]
    assert sum(burst(client, 4) for client in clients) in (6, 7)
    for client in clients:
        client.drop()


def test_octets_and_routes_count_too(host):
    served = host(
        config=stage(
            rates={"bytes": {"connection": "100/1000"}, "messages": {"routes": {"echo": "1/1"}}}
        )
    )
    with served.client("/") as client:
        client.json(action="whoami", pad="x" * 700)
        assert json.loads(client.recv())["id"]
        client.json(action="whoami", pad="x" * 700)
        assert json.loads(client.recv())["message"] == "Too Many Requests"
    with served.client("/") as client:
        client.json(action="echo", text="a")
        assert json.loads(client.recv())["text"] == "a"
        client.json(action="echo", text="b")
        assert json.loads(client.recv())["message"] == "Too Many Requests"
        client.json(action="whoami")
        assert json.loads(client.recv())["id"]


def test_who_persists_is_closed(host):
    served = host(
        config=stage(rates={"messages": {"connection": "0.001/1"}, "close_after": 3})
    )
    with served.client("/") as client:
        assert burst(client, 3) == 1
        client.json(action="whoami")
        assert json.loads(client.recv())["message"] == "Too Many Requests"
        client.expect_close(1008, "Too Many Requests")


def test_connects_are_refused_with_429(host):
    served = host(config=stage(rates={"connects": {"address": "0.01/3"}}), workers=4)
    statuses = [answer(served).status for _ in range(5)]
    assert statuses == [101, 101, 101, 429, 429]
    response = answer(served)
    assert response.body == b'{"message":"Too Many Requests"}'
    assert 90 <= int(response.header("Retry-After")) <= 101


def test_an_address_has_so_many_connections(host, eventually):
    served = host(config=stage(rates={"connections": {"address": 2}}), workers=2)
    with served.client("/"), served.client("/") as second:
        response = answer(served)
        assert (response.status, response.header("Retry-After")) == (429, "1")
        second.drop()
        eventually(lambda: answer(served).status == 101)


def test_a_reload_changes_rates_for_those_who_are_there(host):
    from test_stages import reconfigure

    served = host(config=stage(rates={"messages": {"connection": "0.001/1"}}))

    def change(whole):
        whole["stages"]["$default"]["rates"] = {}

    with served.client("/") as client:
        assert burst(client, 3) == 1
        reconfigure(served, change)
        assert burst(client, 3) == 3


@pytest.mark.only("c", reason="it is about the configuration")
@pytest.mark.parametrize(
    "access, where",
    [
        ({"origins": ["app.example"]}, "origins[0]"),
        ({"origins": ["https://a", "https://a"]}, "origins[1]: given twice"),
        ({"identity": ["header:X"]}, "identity[0]: must be route.request.header"),
        ({"models": {"$connect": {}}}, "models.$connect: only messages"),
        ({"rates": {"messages": {"connection": "10"}}}, "rates.messages.connection: must be"),
        ({"rates": {"messages": {"who": "1/1"}}}, "rates.messages.who: unknown key"),
        ({"rates": {"connects": {"connection": "1/1"}}}, "rates.connects.connection"),
        ({"rates": {"speed": {}}}, "rates.speed: unknown key"),
        ({"rates": {"connections": {"address": 0}}}, "rates.connections.address"),
    ],
)
def test_what_is_wrong_is_told(host, access, where):
    path = host.write(host.config(config=stage(**access)))
    wrong = host.run("check", "-c", path)
    assert wrong.wait() == 1
    assert where in wrong.text()
    wrong.expected_exit = 1
