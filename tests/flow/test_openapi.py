"""docs/openapi.json says what the server does: every status of every operation is provoked,
and each answer compared with what is written."""

import base64
import concurrent.futures
import re
import signal
import urllib.parse

import aws
import pytest
import raw
from aws import NOBODY, bearer, quoted
from nodes import server, store  # noqa: F401: a fixture
from openapi import METHODS, Document, Unlike

pytestmark = pytest.mark.only("c", reason="it is about the host")

TROUBLE = (
    "event=redis_away|event=node_in_doubt|event=relay_|event=directory_behind"
    "|event=not_delivered|event=management_refused|event=slow|event=answer_lost"
    "|event=node_lost|event=number_lost|cannot (tell|announce): unavailable"
    "|reason=http_bodies|event=waiting_for_redis"
)
LIMITS = {"message_bytes": 50_000, "outbox_bytes": 100_000, "mailbox_bytes": 620_000}
CONFIG = {
    "stages": {"prod": {"plugins": ["probe"]}},
    "limits": LIMITS,
    "management": {**aws.GUARDED["management"], "body_bytes": 150_000},
}
SENDS = ("postToConnection", "postToGroup", "broadcast")
ABOUT_ONE = ("postToConnection", "getConnection", "deleteConnection")
ATTRIBUTES = ("getAttribute", "putAttribute", "deleteAttribute")


@pytest.fixture(scope="module")
def document():
    return Document()


class Tour:
    """Asks for operations by their names, and writes down which answers it has seen."""

    def __init__(self, document, gateway):
        self.document, self.gateway, self.seen = document, gateway, set()

    def line(self, name, connection=NOBODY, key="key", group="g", query=None, stage="prod"):
        """Method and target."""
        path, method, _ = self.document.operations[name]
        path = path.replace("{connectionId}", quoted(connection))
        path = path.replace("{key}", key).replace("{name}", group)
        query = "?" + urllib.parse.urlencode(query) if query else ""
        return method.upper(), f"/{stage}{path}{query}"

    def hear(self, name, body=None, *, headers=None, **where):
        """An operation's answer, which is as it is written."""
        method, target = self.line(name, **where)
        if body is None and method in ("POST", "PUT"):
            body = self.body_of(name)
        headers = bearer() if headers is None else headers
        answer = aws.call(self.gateway, method, target, body, headers, timeout=60)
        self.note(name, answer)
        return answer

    def ask(self, name, expected, *arguments, **where):
        answer = self.hear(name, *arguments, **where)
        assert answer.status == expected, (name, answer.status, answer.body)
        return answer

    def note(self, name, answer):
        self.document.check(name, answer)
        self.seen.add((name, answer.status))

    @staticmethod
    def body_of(name):
        return {"connectionIds": [NOBODY], "data": "x"} if name == "postToMany" else "x"

    def operations(self):
        return self.document.operations

    def with_body(self):
        return [name for name, (_, _, op) in self.operations().items() if "requestBody" in op]


# ---- The file itself ---------------------------------------------------------------------


def test_the_document_is_one(document):
    whole = document.whole
    assert whole["openapi"].startswith("3.1.")
    for reference in document.references():
        assert document.at({"$ref": reference}) is not None
    used = set(document.references())
    for kind in ("headers", "parameters", "responses", "schemas"):
        for name in whole["components"][kind]:
            assert f"#/components/{kind}/{name}" in used, f"{name} is not used"
    for path, item in whole["paths"].items():
        named = {
            document.at(p)["name"]
            for p in item.get("parameters", [])
            if document.at(p)["in"] == "path"
        }
        assert named == set(re.findall(r"{(\w+)}", path))


def test_a_comparison_finds_differences(document):
    good = {"connections": [NOBODY]}
    page = {"$ref": "#/components/schemas/Page"}
    document.match(good, page, "")
    for bad in ({}, [], {"connections": ["x"]}, {**good, "more": 1}, {**good, "cursor": ""},
                {"connections": None}):  # fmt: skip
        with pytest.raises(Unlike):
            document.match(bad, page, "")


# ---- The tour ----------------------------------------------------------------------------


def see_what_works(tour, client, other):
    mine = {"connection": client.id}
    tour.ask("postToConnection", 200, "hello", **mine)
    assert client.recv() == "hello"
    tour.ask("getConnection", 200, **mine)
    tour.ask("getAttribute", 404, **mine)
    tour.ask("putAttribute", 204, b"\xff", **mine)
    assert tour.ask("getAttribute", 200, **mine).body == b"\xff"
    tour.ask("deleteAttribute", 204, **mine)
    for name in ("postToGroup", "broadcast"):
        tour.ask(name, 200, name)
        assert client.recv() == name
    for query in (None, {"limit": 1}, {"count": "true"}, {"group": "g"}, {"group": "none"}):
        tour.ask("listConnections", 200, query=query)
    see_a_batch(tour, client)
    tour.ask("deleteConnection", 204, connection=other.id, query={"code": 4000, "reason": "r"})
    other.expect_close(4000, "r")
    tour.ask("deleteGroup", 204, group="nobody")
    tour.ask("deleteConnections", 204, query={"attribute": "key", "value": "none"})


def see_a_batch(tour, client):
    ids = [client.id, NOBODY, "malformed"]
    data = base64.b64encode(b"\x00").decode()
    batch = {"connectionIds": ids, "data": data, "isBase64Encoded": True}
    tour.document.match(batch, {"$ref": "#/components/schemas/Batch"}, "batch")
    tour.ask("postToMany", 200, batch)
    assert client.recv_binary() == b"\x00"
    tour.ask("postToMany", 200, {"connectionIds": ids, "data": "x" * 50_001})


def see_what_is_wrong_with_it(tour, client):
    for name in ABOUT_ONE + ATTRIBUTES:
        tour.ask(name, 400, connection="malformed")
        tour.ask(name, 410)
    for name in SENDS:
        tour.ask(name, 400, b"\xff", connection=client.id)
    tour.ask("postToMany", 400, "{}")
    tour.ask("listConnections", 400, query={"limit": 0})
    tour.ask("deleteConnection", 400, connection=client.id, query={"code": 1005})
    tour.ask("deleteGroup", 400, query={"code": 1005})
    for query in (None, {"attribute": "key"}, {"value": "none"}, {"attribute": "", "value": ""}):
        tour.ask("deleteConnections", 400, query=query)
    for name in tour.operations():
        tour.ask(name, 403, stage="nowhere")
        tour.ask(name, 403, headers=[])
        tour.ask(name, 403, headers=bearer("wrong-horse-battery-staple"))
        tour.ask(name, 403, headers=[("Authorization", "AWS4-HMAC-SHA256 x")])


def see_what_is_wrong_with_bodies(tour, client):
    for name in tour.with_body():
        with aws.Http(tour.gateway.port) as http:
            chunked = [*bearer(), ("Transfer-Encoding", "chunked")]
            http.say(*tour.line(name), headers=chunked)
            tour.note(name, http.read_response())
        tour.ask(name, 413, "x" * 200_000, connection=client.id)
    tour.ask("putAttribute", 413, "x" * 65_537, connection=client.id)
    for name in SENDS:
        tour.ask(name, 413, "x" * 50_001, connection=client.id)


def see_who_does_not_read(tour, lazy):
    statuses = [200]
    while statuses[-1] == 200:
        answer = aws.call(
            tour.gateway,
            "POST",
            "/prod/@connections/" + quoted(lazy.id),
            "x" * 50_000,
            bearer(),
        )
        tour.note("postToConnection", answer)
        statuses.append(answer.status)
    assert statuses[-1] == 429
    batch = {"connectionIds": [lazy.id], "data": "x" * 50_000}
    (result,) = tour.ask("postToMany", 200, batch).json()["results"]
    assert result["statusCode"] == 429


def see_no_room(tour):
    """What is announced takes room, until it is there: here all that there is."""
    length = [("Content-Length", "100000"), ("Expect", "100-continue"), *bearer()]
    holders = [tour.gateway.socket() for _ in range(6)]
    for holder in holders:
        holder.send(raw.request("POST", "/prod/@broadcast", length))
        assert b" 100 " in holder.read_until(b"\r\n\r\n")
    for name in tour.with_body():
        tour.ask(name, 503, "x" * 40_000)
    for holder in holders:
        holder.drop()


def see_another_node_hold_still(tour, node, client):
    batch = {"connectionIds": [client.id], "data": "x"}
    node.hold_still()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(tour.ask, name, 504, connection=client.id)
            for name in ABOUT_ONE + ATTRIBUTES
        ]
        asked.append(pool.submit(tour.ask, "listConnections", 504))
        many = pool.submit(tour.ask, "postToMany", 200, batch)
    node.signal(signal.SIGCONT)
    for answer in asked:
        answer.result()
    (result,) = many.result().json()["results"]
    assert result["statusCode"] == 504


def fill_the_way_to(tour, connection):
    """So many letters to its node that no other has room on its way."""
    octets = base64.urlsafe_b64decode(connection)
    nobody = base64.urlsafe_b64encode(octets[:-1] + bytes([octets[-1] ^ 1])).decode()
    batches = [aws.Http(tour.gateway.port) for _ in range(3)]
    for http, size in zip(batches, (50_000, 50, 1)):
        batch = {"connectionIds": [nobody] * 1000, "data": "x" * size}
        http.say(*tour.line("postToMany"), batch, bearer())
    return batches


def see_too_many_letters(tour, far, eventually):
    """Who is on another node is told by way of Redis, which has just ceased to answer."""
    batches = fill_the_way_to(tour, far.id)
    whom = {"attribute": "key", "value": "none"}
    for name in ("postToGroup", "broadcast", "deleteConnections", "deleteGroup"):
        where = {"group": "n", "query": whom if name == "deleteConnections" else None}
        eventually(lambda n=name, w=where: tour.hear(n, **w).status == 429, pause=0)
    for name in ABOUT_ONE + ATTRIBUTES:
        tour.ask(name, 429, connection=far.id)
    for batch in batches:
        batch.drop()


def see_redis_away(tour, client, eventually):
    def is_away():
        answer = aws.call(
            tour.gateway, "GET", "/prod/@connections/" + quoted(client.id), None, bearer()
        )
        tour.note("getConnection", answer)
        return answer.status == 503

    eventually(is_away)
    for name in ABOUT_ONE + ATTRIBUTES:
        tour.ask(name, 503, connection=client.id)
    for name in ("listConnections", "postToGroup", "broadcast"):
        tour.ask(name, 503)
    tour.ask("deleteGroup", 503, group="nobody")
    tour.ask("deleteConnections", 503, query={"attribute": "key", "value": "none"})


def test_every_answer_of_every_operation_is_as_it_is_written(
    server, host, document, eventually
):
    shared = store(server, lease_ms=3000, timeout_ms=1000)
    one, two = (host(config={**CONFIG, **shared}) for _ in "12")
    for node in (one, two):
        node.may_log(TROUBLE)
        node.wait_log("event=relay_listening")
    eventually(lambda: aws.knows_the_dead(one, "/prod/@connections/" + quoted(NOBODY)))
    tour = Tour(document, one)
    with one.client("/prod?group=g") as client, one.client("/prod") as other, \
            one.client("/prod", receive_buffer=4096) as lazy, \
            two.client("/prod") as far:  # fmt: skip
        for each in (client, other, lazy, far):
            each.id  # noqa: B018
        see_what_works(tour, client, other)
        see_what_is_wrong_with_it(tour, client)
        see_what_is_wrong_with_bodies(tour, client)
        see_no_room(tour)
        see_another_node_hold_still(tour, two, far)
        server.pause()
        see_too_many_letters(tour, far, eventually)
        see_redis_away(tour, far, eventually)
        server.resume()
        see_who_does_not_read(tour, lazy)
    promised = document.promises()
    assert tour.seen == promised, f"not seen: {promised - tour.seen}"


def test_a_method_that_is_not_written_is_none(host, document):
    gateway = host(config=CONFIG)
    for path, item in document.whole["paths"].items():
        for method in set(METHODS) - set(item) - {"trace"}:
            target = "/prod" + re.sub(r"{\w+}", quoted(NOBODY), path)
            answer = aws.call(gateway, method.upper(), target, "", bearer())
            assert answer.status == 405, (method, path, answer.status)
