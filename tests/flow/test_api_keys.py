"""API keys: who is let in with one, and how much its usage plan allows."""

import hashlib
import json
import time

import aws
import pytest
import raw
from test_stages import reconfigure

ANN, BOB, EVE = "ann-0123456789abcdef", "bob-0123456789abcdef", "eve-0123456789abcdef"
BOTH = ("gate", "probe")


def keyed(plan=None, *, plugins=("probe",), keys=None, **access):
    """Ann and Bob have keys of the plan "free", Eve one of "other", that is for no stage."""
    return {
        "usage_plans": {"free": plan or {}, "other": {}},
        "api_keys": keys
        or {
            "ann": {"value": ANN, "plan": "free"},
            "bob": {"sha256": hashlib.sha256(BOB.encode()).hexdigest(), "plan": "free"},
            "eve": {"value": EVE, "plan": "other"},
        },
        "stages": {
            "$default": {"plugins": list(plugins), "usage_plans": ["free"], **access}
        },
    }


def with_key(value):
    return [("x-api-key", value)] if value is not None else []


def answer(served, key=None, path="/"):
    with served.socket() as sock:
        sock.send(raw.upgrade(path, with_key(key)))
        return sock.read_response()


def enter(stack, served, key, path="/"):
    client = stack.enter_context(served.client(path, headers=with_key(key)))
    client.id  # noqa: B018
    return client


def say(client, count=1):
    """What came of so many messages at once."""
    for _ in range(count):
        client.json(action="whoami")
    told = [json.loads(client.recv()) for _ in range(count)]
    return [frame.get("message", "passed") for frame in told]


# -- Who is let in


def test_only_who_has_a_key_comes_in(host):
    served = host(config=keyed())
    for key, status in (
        (ANN, 101),
        (BOB, 101),
        (EVE, 403),  # its plan is for another stage
        (None, 403),
        ("", 403),
        (ANN[:-1], 403),
        (ANN + "x", 403),
        (ANN.upper(), 403),
        ("ann", 403),
        ("x" * 4000, 403),
    ):
        response = answer(served, key)
        assert response.status == status, key
    assert response.body == b'{"message":"Forbidden"}'
    served.stop()
    assert any("keys=8 " in line for line in served.lines("event=limited"))
    assert ANN not in served.text() and BOB not in served.text()


def test_it_comes_after_rates_and_before_identity(host):
    access = {
        "identity": ["route.request.header.X-Token"],
        "rates": {"connects": {"stage": "0.001/2"}},
    }
    served = host(config=keyed(plugins=BOTH, **access))
    assert answer(served).status == 403
    assert answer(served, ANN).status == 401
    assert answer(served).status == 429


def test_a_key_may_be_disabled_or_gone(host, stack):
    served = host(config=keyed())
    ann, bob = (enter(stack, served, key) for key in (ANN, BOB))

    def change(whole):
        whole["api_keys"]["ann"]["enabled"] = False
        del whole["api_keys"]["bob"]

    assert say(ann) == say(bob) == ["passed"]
    reconfigure(served, change)
    assert say(ann) == say(bob) == ["Forbidden"]
    assert answer(served, ANN).status == answer(served, BOB).status == 403


def test_the_event_tells_which(host, stack):
    served = host(config=keyed())
    ann = enter(stack, served, ANN)
    identity = ann.ask("event")["event"]["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == (ANN, "ann")
    assert ann.ask("get", key="apiKeyId")["value"] == "ann"
    with host(config={"stages": {"$default": {"plugins": ["probe"]}}}).client("/") as client:
        identity = client.ask("event")["event"]["requestContext"]["identity"]
        assert "apiKey" not in identity and "apiKeyId" not in identity


def test_a_key_of_which_only_the_digest_is_known_may_be_long(host, stack):
    long = "k" * 300
    digest = hashlib.sha256(long.encode()).hexdigest()
    served = host(config=keyed(keys={"long": {"sha256": digest, "plan": "free"}}))
    client = enter(stack, served, long)
    identity = client.ask("event")["event"]["requestContext"]["identity"]
    assert (identity["apiKey"], identity["apiKeyId"]) == (long, "long")
    assert client.ask("get", key="apiKeyId")["value"] == "long"


@pytest.mark.only("c", reason="it is about the host")
def test_who_has_a_key_can_be_closed(host, stack):
    served = host(config={**keyed(), **aws.GUARDED}, workers=2)
    anns = [enter(stack, served, ANN) for _ in range(3)]
    bob = enter(stack, served, BOB)
    target = "/@connections?attribute=apiKeyId&value=ann&code=4001"
    assert aws.call(served, "DELETE", target, headers=aws.bearer()).status == 204
    for ann in anns:
        ann.expect_close(4001)
    assert say(bob) == ["passed"]


@pytest.mark.parametrize("how", ["", "&policy=Allow"])
def test_the_authorizer_may_say_it(host, how):
    where = "$context.authorizer.usageIdentifierKey"
    served = host(config=keyed(plugins=BOTH, api_key=where))
    for key, status in ((ANN, 101), (EVE, 403), ("", 403)):
        assert answer(served, path=f"/?key={key}{how}").status == status, key
    assert answer(served, ANN).status == 403  # the header does not count
    with served.client(f"/?key={BOB}{how}") as client:
        assert client.ask("get", key="apiKeyId")["value"] == "bob"
        assert client.ask("get", key="authorizer.usageIdentifierKey")["status"] == "not_found"


@pytest.mark.only("c", reason="it is about the configuration")
def test_without_an_authorizer_nobody_can_say_it(host):
    where = "$context.authorizer.usageIdentifierKey"
    path = host.write(host.config(config=keyed(api_key=where)))
    wrong = host.run("run", "-c", path)
    assert wrong.wait() == 1
    assert "no plugin of the stage has that route" in wrong.text()
    wrong.expected_exit = 1
    wrong.may_log("event=start_failed")


# -- How much it may


def test_connects_of_a_key(host):
    served = host(config=keyed({"connects": "0.01/3"}), workers=4)
    assert [answer(served, ANN).status for _ in range(5)] == [101, 101, 101, 429, 429]
    assert answer(served, BOB).status == 101
    response = answer(served, ANN)
    assert response.body == b'{"message":"Too Many Requests"}'
    assert 90 <= int(response.header("Retry-After")) <= 101


def test_messages_and_octets_of_a_key(host, stack):
    served = host(config=keyed({"messages": "0.01/5", "bytes": "1/100000"}), workers=4)
    anns = [enter(stack, served, ANN) for _ in range(3)]
    bob = enter(stack, served, BOB)
    told = sum((say(ann, 3) for ann in anns), [])
    # client.id has taken one each
    assert (told.count("passed"), told.count("Too Many Requests")) == (2, 7)
    assert say(bob, 3) == ["passed"] * 3
    bob.json(action="whoami", pad="x" * 100_000)
    assert json.loads(bob.recv())["message"] == "Too Many Requests"


def test_connections_of_a_key(host, eventually, stack):
    served = host(config=keyed({"connections": 2}), workers=2)
    enter(stack, served, ANN)
    with served.client("/", headers=with_key(ANN)) as second:
        second.id  # noqa: B018
        response = answer(served, ANN)
        assert (response.status, response.header("Retry-After")) == (429, "1")
        assert answer(served, BOB).status == 101
        second.drop()
        eventually(lambda: answer(served, ANN).status == 101)


def test_a_quota_counts_connects_and_messages(host, stack):
    served = host(config=keyed({"quota": 6}, rates={"close_after": 3}), workers=2)
    ann = enter(stack, served, ANN)  # takes two
    assert say(ann, 2) == ["passed"] * 2
    other = enter(stack, served, ANN)
    assert say(ann, 2) == ["Limit Exceeded"] * 2
    response = answer(served, ANN)
    assert response.status == 429
    assert response.body == b'{"message":"Limit Exceeded"}'
    left = 86400 - time.time() % 86400
    assert int(response.header("Retry-After")) == pytest.approx(min(left, 3600), abs=5)
    ann.json(action="whoami")
    assert json.loads(ann.recv())["message"] == "Limit Exceeded"
    ann.expect_close(1008, "Limit Exceeded")
    assert say(enter(stack, served, BOB), 2) == ["passed"] * 2
    assert say(other) == ["Limit Exceeded"]
    served.stop()
    assert any("quotas=" in line for line in served.lines("event=limited"))


def test_a_reload_changes_the_plan_for_those_who_are_there(host, stack):
    served = host(config=keyed({"messages": "0.001/1"}))
    ann = enter(stack, served, ANN)
    assert say(ann) == ["Too Many Requests"]

    def change(whole):
        whole["usage_plans"]["free"] = {}

    reconfigure(served, change)
    assert say(ann, 3) == ["passed"] * 3


# -- Ceilings by what the authorizer said


def test_a_user_has_so_many_connections(host, eventually, stack):
    ceilings = {"connections": {"authorizer.principalId": 2, "authorizer.team": 3}}
    served = host(
        config={"stages": {"$default": {"plugins": list(BOTH), "rates": ceilings}}}, workers=3
    )
    anns = [enter(stack, served, None, "/?as=ann&team=red") for _ in range(2)]
    response = answer(served, path="/?as=ann&team=blue")
    assert (response.status, response.header("Retry-After")) == (429, "1")
    enter(stack, served, None, "/?as=bob&team=red")
    assert answer(served, path="/?as=cid&team=red").status == 429
    assert answer(served, path="/").status == 101  # nobody in particular
    anns[0].drop()
    eventually(lambda: answer(served, path="/?as=ann&team=red").status == 101)
    assert answer(served, path=f"/?as={'x' * 300}1").status == 101


# -- What is wrong


@pytest.mark.only("c", reason="it is about the configuration")
@pytest.mark.parametrize(
    "change, where",
    [
        (lambda whole: whole["api_keys"]["ann"].update(plan="none"), "api_keys.ann.plan"),
        (lambda whole: whole["api_keys"]["ann"].update(value="short"), "api_keys.ann.value"),
        (lambda whole: whole["api_keys"]["ann"].update(sha256="00" * 32), "api_keys.ann"),
        (lambda whole: whole["api_keys"]["bob"].update(sha256="00"), "api_keys.bob.sha256"),
        (lambda whole: whole["api_keys"]["eve"].update(value=ANN), "ann"),
        (lambda whole: whole["usage_plans"]["free"].update(quota=0), "usage_plans.free.quota"),
        (lambda whole: whole["usage_plans"]["free"].update(speed=1), "usage_plans.free.speed"),
        (lambda whole: whole["stages"]["$default"].update(usage_plans=["x"]), "usage_plans"),
        (lambda whole: whole["stages"]["$default"].update(api_key="$x"), "api_key"),
    ],
)
def test_what_is_wrong_is_told(host, change, where):
    config = keyed()
    change(config)
    path = host.write(host.config(config=config))
    wrong = host.run("check", "-c", path)
    assert wrong.wait() == 1
    assert where in wrong.text()
    assert ANN not in wrong.text()
    wrong.expected_exit = 1
