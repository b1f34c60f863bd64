"""Closing many: a group, or whoever has an attribute; by handlers and by the management API,
on one node and on three."""

import struct
import time

import aws
import pytest
import raw
from aws import boto, call
from conftest import eventually
from nodes import TROUBLE, disconnects, shared, store  # noqa: F401: a fixture

BOTH = ("gate", "probe")
TOKEN = aws.bearer()


def enter(stack, served, path):
    client = stack.enter_context(served.client(path))
    client.id  # noqa: B018
    return client


def ended(hosts):
    return sorted(code for _, code, _ in disconnects(hosts))


# ---- One node ----------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 3])
def test_a_group_is_closed(host, stack, workers):
    served = host(workers=workers)
    operator = enter(stack, served, "/")
    members = [enter(stack, served, "/?group=red") for _ in range(12)]
    other = enter(stack, served, "/?group=blue")
    assert operator.ask("kick", group="red", code=4001, reason="out")["status"] == "ok"
    for member in members:
        member.expect_close(4001, "out")
    eventually(lambda: ended([served]) == [4001] * 12)
    assert other.ask("whoami") and operator.ask("whoami")
    assert operator.ask("count", group="red")["count"] == 0
    assert operator.ask("kick", group="red", code=4001)["status"] == "ok"  # nobody


@pytest.mark.parametrize("workers", [1, 3])
def test_whoever_has_an_attribute_is_closed(host, stack, workers):
    served = host(workers=workers)
    operator = enter(stack, served, "/")
    clients = [enter(stack, served, "/") for _ in range(9)]
    for i, client in enumerate(clients):
        client.ask("set", key="color", value="red" if i % 3 else "reddish")
    kicked = operator.ask("kick", key="color", value="red", code=4002, reason="é")
    assert kicked["status"] == "ok"
    for i, client in enumerate(clients):
        if i % 3:
            client.expect_close(4002, "é")
        else:
            assert client.ask("whoami")
    eventually(lambda: ended([served]) == [4002] * 6)


def test_a_user_is_locked_out(host, stack):
    served = host(BOTH, workers=2)
    operator = enter(stack, served, "/?as=root")
    anns = [enter(stack, served, "/?as=ann&team=red") for _ in range(4)]
    bob = enter(stack, served, "/?as=bob&team=red")
    who = {"key": "authorizer.principalId", "value": "ann"}
    assert operator.ask("kick", **who, code=4001, reason="revoked")["status"] == "ok"
    for ann in anns:
        ann.expect_close(4001, "revoked")
    assert bob.ask("whoami")


def test_who_waits_for_its_connect_is_closed_too(host, stack):
    """Its verdict is awaited, but its authorizer has said who it is."""
    served = host(BOTH)
    operator = enter(stack, served, "/?as=root")
    waiting = stack.enter_context(served.socket())
    waiting.send(raw.upgrade("/?as=ann&wait=400"))
    time.sleep(0.15)
    who = {"key": "authorizer.principalId", "value": "ann"}
    assert operator.ask("kick", **who, code=4001)["status"] == "ok"
    assert waiting.read_response().status == 101
    eventually(lambda: ended([served]) == [4001])


def test_what_was_sent_before_arrives(host, stack):
    served = host()
    operator = enter(stack, served, "/")
    members = [enter(stack, served, "/?group=g") for _ in range(3)]
    operator.json(action="kick", group="g", say="bye", code=4000, quiet=True)
    for member in members:
        assert member.recv() == "bye"
        member.expect_close(4000)


def test_one_may_be_among_them(host, stack):
    served = host()
    client = enter(stack, served, "/?group=g")
    client.json(action="kick", group="g", code=4003, quiet=True)
    client.expect_close(4003)
    eventually(lambda: ended([served]) == [4003])


def test_what_may_not_be_sent_is_refused(host, stack):
    served = host()
    client = enter(stack, served, "/?group=g")
    client.ask("set", key="k", value="v")
    for where in ({"group": "g"}, {"key": "k", "value": "v"}):
        for wrong in ({"code": 1005}, {"code": 999}, {"code": 5000}, {"reason": "x" * 124}):
            assert client.ask("kick", **where, **wrong)["status"] == "invalid"
    for wrong in ({"key": "", "value": "v"}, {"key": "k", "value": ""}, {"group": ""},
                  {"group": "g" * 257}, {"key": "k" * 257, "value": "v"}):  # fmt: skip
        assert client.ask("kick", **wrong)["status"] == "invalid"
    assert client.ask("kick", key="k", value="v" * 65537)["status"] == "too_big"
    assert client.ask("kick", stage="none", key="k", value="v")["status"] == "not_found"
    assert client.ask("whoami")


def test_other_stages_are_not_meant(host, stack):
    served = host(config={"stages": {"a": {"plugins": ["probe"]}, "b": {"plugins": ["probe"]}}})
    operator = enter(stack, served, "/a")
    here, there = (enter(stack, served, f"/{stage}?group=g") for stage in "ab")
    for client in (here, there):
        client.ask("set", key="k", value="v")
    assert operator.ask("kick", key="k", value="v", code=4000)["status"] == "ok"
    here.expect_close(4000)
    assert operator.ask("kick", group="g", code=4000)["status"] == "ok"
    assert there.ask("whoami")
    assert operator.ask("kick", stage="b", key="k", value="v", code=4001)["status"] == "ok"
    there.expect_close(4001)


def test_a_crowd_is_closed_in_pieces(host, stack):
    served = host()
    operator = enter(stack, served, "/")
    crowd = [enter(stack, served, "/?group=g") for _ in range(700)]
    for i, client in enumerate(crowd):
        client.json(action="set", key="half", value=str(i % 2), quiet=True)
    for client in crowd:
        client.ask("get", key="half")
    assert operator.ask("kick", key="half", value="1", code=4000)["status"] == "ok"
    assert operator.ask("kick", group="g", code=4001)["status"] == "ok"
    for i, client in enumerate(crowd):
        client.expect_close(4000 if i % 2 else 4001)
    eventually(lambda: ended([served]) == [4000] * 350 + [4001] * 350)


@pytest.mark.only("c", reason="it is about the host")
def test_the_management_api_closes_them(host, stack):
    served = host(BOTH, config={**aws.GUARDED}, workers=2)
    members = [enter(stack, served, "/?group=a/b&as=ann") for _ in range(3)]
    bobs = [enter(stack, served, "/?as=bob%20b") for _ in range(3)]

    def delete(target):
        return call(served, "DELETE", target, headers=TOKEN)

    for wrong in ("", "?attribute=k", "?value=v", "?attribute=&value=v", "?attribute=k&value=",
                  "?attribute=k&value=v&code=1005"):  # fmt: skip
        assert delete("/@connections" + wrong).status == 400
    assert delete("/@groups/" + "g" * 257).status == 400
    answer = delete("/@groups/a/b?code=4005&reason=by%20hand")
    assert (answer.status, answer.body) == (204, b"")
    for member in members:
        member.expect_close(4005, "by hand")
    answer = delete("/@connections?attribute=authorizer.principalId&value=bob%20b")
    assert (answer.status, answer.body) == (204, b"")
    for bob in bobs:
        bob.expect_close(1000, "Connection Closed Normally")
    served.may_log("event=management_refused")
    assert call(served, "DELETE", "/@groups/a").status == 403


# ---- Three nodes -------------------------------------------------------------------------


def config_of(server, i):
    return {**aws.GUARDED, **store(server), "limits": {"ping_s": 70 + i}}


@pytest.fixture
def three(host, shared):
    nodes = [host(BOTH, config=config_of(shared, i), workers=2) for i in range(3)]
    for node in nodes:
        node.may_log(TROUBLE)
        node.wait_log("event=relay_listening")
    return nodes


def test_all_nodes_close_a_group(three, stack):
    operator = enter(stack, three[0], "/")
    members = [enter(stack, node, "/?group=g") for node in three for _ in range(3)]
    others = [enter(stack, node, "/?group=h") for node in three]
    assert operator.ask("kick", group="g", code=4001, reason="out")["status"] == "ok"
    for member in members:
        member.expect_close(4001, "out")
    eventually(lambda: ended(three) == [4001] * 9)
    for other in others:
        assert other.ask("whoami")


def test_all_nodes_close_whoever_has_an_attribute(three, stack):
    operator = enter(stack, three[1], "/?as=root")
    anns = [enter(stack, node, "/?as=ann") for node in three for _ in range(3)]
    bobs = [enter(stack, node, "/?as=bob") for node in three]
    who = {"key": "authorizer.principalId", "value": "ann"}
    assert operator.ask("kick", **who, say="bye", code=4001, reason="revoked")["status"] == "ok"
    for ann in anns:
        assert ann.recv() == "bye"
        ann.expect_close(4001, "revoked")
    eventually(lambda: ended(three) == [4001] * 9)
    for bob in bobs:
        assert bob.recv() == "bye"
        assert bob.ask("whoami")


@pytest.mark.only("c", reason="it is about the host")
def test_any_node_closes_for_the_management_api(three, stack):
    members = [enter(stack, node, "/?group=g") for node in three]
    anns = [enter(stack, node, "/?as=ann") for node in three]
    assert call(three[2], "DELETE", "/@groups/g?code=4002", headers=TOKEN).status == 204
    for member in members:
        member.expect_close(4002)
    target = "/@connections?attribute=authorizer.principalId&value=ann&code=4003&reason=r"
    assert call(three[0], "DELETE", target, headers=TOKEN).status == 204
    for ann in anns:
        ann.expect_close(4003, "r")


def test_without_redis_those_here_are_closed(three, shared, stack):
    here, there = (enter(stack, node, "/?group=g") for node in three[:2])
    operator = enter(stack, three[0], "/")
    shared.pause()
    try:
        eventually(lambda: operator.ask("kick", group="x")["status"] == "unavailable")
        assert operator.ask("kick", group="g", code=4001)["status"] == "unavailable"
        here.expect_close(4001)
    finally:
        shared.resume()
    assert there.ask("whoami")
    eventually(lambda: operator.ask("kick", group="g", code=4002)["status"] == "ok")
    there.expect_close(4002)


def letter(kind, code, name, body, verb=0):
    """As core/relay/letter.h has it."""
    head = struct.pack(">BBBBHIQII", kind, 0, verb, 0, code, 0, 0, 0, len(name))
    return head + name + body


def batch(*letters):
    """As core/relay/batch.h has it, from a node that nobody is."""
    packed = b"".join(struct.pack(">I", len(each)) + each for each in letters)
    return b"JFB\x01" + struct.pack(">HQ", 60_000, 1) + packed


def test_garbage_of_a_neighbour_closes_nobody(three, shared, stack):
    """What a neighbour says is looked at as if a stranger had; the next one is heard."""
    client = enter(stack, three[1], "/?group=g")
    client.ask("set", key="k", value="v")
    group, stage = b"$default/g", b"$default"
    garbage = [
        letter(7, 1005, group, b""),  # no code that may be sent
        letter(7, 1000, group, b"x" * 124),
        letter(7, 1000, group, b"\xff"),
        letter(7, 1000, b"", b""),
        letter(8, 1000, stage, b"v"),  # no attribute
        letter(8, 1000, stage + b"/", b"v"),
        letter(8, 1000, b"/k", b"v"),
        letter(8, 1000, stage + b"/k", b"v", verb=2),
        letter(8, 1000, stage + b"/k", b"v", verb=1),  # a reason, and no value
        letter(8, 1000, stage + b"/" + b"k" * 257, b"v"),
        letter(8, 1006, stage + b"/k", b"v"),
        letter(9, 1000, group, b""),
    ]
    assert shared.ask().publish("jf:to:all", batch(*garbage)) == 3
    three[1].wait_log("event=not_delivered from=node status=invalid|event=relay_garbage")
    assert client.ask("whoami")
    shared.ask().publish("jf:to:all", batch(letter(8, 4001, stage + b"/k", b"outv", verb=3)))
    client.expect_close(4001, "out")


def test_boto_is_not_disturbed(host, stack):
    """DeleteConnection of AWS's client is the one with an id."""
    served = host(config={**aws.GUARDED})
    one, other = (enter(stack, served, "/") for _ in "12")
    boto(f"http://127.0.0.1:{served.port}").delete_connection(ConnectionId=one.id)
    one.expect_close(1000, "Connection Closed Normally")
    assert other.ask("whoami")
