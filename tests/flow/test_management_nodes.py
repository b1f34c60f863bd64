"""The management API on three nodes that share a Redis: any of them answers for all."""

import aws
import pytest
from aws import MESSAGE_MAX, NOBODY, boto, call, is_error, quoted
from conftest import eventually
from nodes import LEASE_MS, disconnects, shared, store  # noqa: F401: a fixture

pytestmark = pytest.mark.only("c", reason="it is about the host")

TROUBLE = (
    "event=redis_away|event=node_in_doubt|event=relay_|event=directory_behind"
    "|event=not_delivered|event=management_refused|event=slow|event=answer_lost"
    "|event=node_lost|event=number_lost|cannot (tell|announce): unavailable"
)
CONFIG = {"limits": {"outbox_bytes": 200_000}, **aws.GUARDED}
TOKEN = aws.bearer()


def settled(nodes):
    for node in nodes:
        node.may_log(TROUBLE)
        node.wait_log("event=relay_listening")
        eventually(lambda node=node: aws.knows_the_dead(node))
    return nodes


def config_of(server, i):
    """Differs by something harmless, so that each is a host of its own."""
    limits = {**CONFIG["limits"], "ping_s": 60 + i}
    return {**CONFIG, **store(server), "limits": limits}


@pytest.fixture
def three(standing, shared):
    return settled([standing(config=config_of(shared, i), workers=2) for i in range(3)])


@pytest.fixture
def fragile(host, shared):
    """Three that only this test has."""
    return settled([host(config=config_of(shared, i)) for i in range(3)])


@pytest.fixture
def apis(three):
    return [boto(f"http://127.0.0.1:{node.port}") for node in three]


@pytest.fixture
def clients(three, stack):
    found = [stack.enter_context(node.client("/?group=all")) for node in three]
    for client in found:
        client.id  # noqa: B018
    return found


@pytest.fixture
def known(shared, eventually):
    """The directory is told behind the event."""

    def wait(group, count):
        eventually(lambda: shared.ask().scard(f"jf:g:$default/{group}") == count)

    return wait


def test_any_node_posts_to_any_connection(apis, clients):
    for i, api in enumerate(apis):
        for client in clients:
            api.post_to_connection(ConnectionId=client.id, Data=b"from %d" % i)
            assert client.recv() == f"from {i}"
    for api in apis:
        api.post_to_connection(ConnectionId=clients[0].id, Data=b"x" * MESSAGE_MAX)
        assert len(clients[0].recv()) == MESSAGE_MAX
        said = aws.refusal(
            api.post_to_connection,
            ConnectionId=clients[0].id,
            Data=b"x" * (MESSAGE_MAX + 1),
        )
        assert said[:2] == (413, "PayloadTooLargeException")


def test_any_node_looks_at_any_connection(apis, clients):
    for client in clients:
        answers = [api.get_connection(ConnectionId=client.id) for api in apis]
        for answer in answers:
            assert answer["ConnectedAt"] == answers[0]["ConnectedAt"]
            assert answer["Identity"]["SourceIp"] == "127.0.0.1"


@pytest.mark.parametrize("at", [0, 1, 2])
def test_any_node_closes_any_connection(three, apis, clients, eventually, at):
    client = clients[0]
    apis[at].delete_connection(ConnectionId=client.id)
    client.expect_close(1000, "Connection Closed Normally")
    said = (client.id, 1000, "Connection Closed Normally")
    eventually(lambda: said in disconnects(three))
    for api in apis:

        def gone(api=api):
            try:
                return aws.refusal(api.get_connection, ConnectionId=client.id)[0] == 410
            except AssertionError:
                return False

        eventually(gone)
    path = f"/@connections/{quoted(clients[1].id)}?code=4000&reason=enough"
    assert call(three[at], "DELETE", path, headers=TOKEN).status == 204
    clients[1].expect_close(4000, "enough")


def test_nobody_is_gone_on_any_node(apis):
    for api in apis:
        for operation, more in (
            (api.post_to_connection, {"Data": b"x"}),
            (api.get_connection, {}),
            (api.delete_connection, {}),
        ):
            said = aws.refusal(operation, ConnectionId=NOBODY, **more)
            assert said[:2] == (410, "GoneException")


def test_who_does_not_read_is_throttled_from_elsewhere(three, apis, stack):
    lazy = stack.enter_context(three[0].client(receive_buffer=4096))
    lazy.id  # noqa: B018
    with pytest.raises(apis[1].exceptions.LimitExceededException):
        for _ in range(200):
            apis[1].post_to_connection(ConnectionId=lazy.id, Data=b"x" * 100_000)


def test_posts_arrive_in_order(three, clients):
    with aws.Http(three[1].port) as http:
        path = "/@connections/" + quoted(clients[2].id)
        for i in range(100):
            assert http.ask("POST", path, str(i), TOKEN).status == 200
    assert [clients[2].recv() for _ in range(100)] == [str(i) for i in range(100)]


def test_groups_and_broadcasts_reach_all_nodes(three, clients, known):
    known("all", 3)
    for i, node in enumerate(three):
        assert call(node, "POST", "/@groups/all", f"group {i}", TOKEN).status == 200
        for client in clients:
            assert client.recv() == f"group {i}"
        assert call(node, "POST", "/@broadcast", f"all {i}", TOKEN).status == 200
        for client in clients:
            assert client.recv() == f"all {i}"


def test_a_batch_reaches_all_nodes(three, clients):
    ids = [client.id for client in clients] * 20 + [NOBODY, "malformed"]
    for node in three:
        body = {"connectionIds": ids, "data": "hello"}
        results = call(node, "POST", "/@batch", body, TOKEN).json()["results"]
        assert [r["connectionId"] for r in results] == ids
        assert [r["statusCode"] for r in results] == [200] * 60 + [410, 400]
        for client in clients:
            assert [client.recv() for _ in range(20)] == ["hello"] * 20


def pages(node, query):
    found, cursor = [], ""
    while True:
        path = f"/@connections?{query}&cursor={cursor}" if cursor else f"/@connections?{query}"
        got = call(node, "GET", path, headers=TOKEN).json()
        found += got["connections"]
        cursor = got.get("cursor")
        if not cursor:
            return found


@pytest.mark.parametrize("limit", [1, 4, 1000])
def test_a_list_has_everybody_of_all_nodes_once(three, stack, known, limit):
    crowd = [
        stack.enter_context(node.client("/?group=crowd")) for node in three for _ in range(5)
    ]
    ids = {client.id for client in crowd}
    known("crowd", 15)
    for node in three:
        found = pages(node, f"limit={limit}")
        assert len(found) == len(set(found)) and set(found) >= ids
        found = pages(node, f"limit={limit}&group=crowd")
        assert len(found) == 15 and set(found) == ids
        count = call(node, "GET", "/@connections?group=crowd&count", headers=TOKEN)
        assert count.json() == {"count": 15}
        count = call(node, "GET", "/@connections?count", headers=TOKEN).json()["count"]
        assert count >= 15


def test_attributes_are_those_of_the_connection(three, clients):
    path = f"/@connections/{quoted(clients[0].id)}/attributes/name"
    assert call(three[1], "PUT", path, "Bob", TOKEN).status == 204
    assert clients[0].ask("get", key="name")["value"] == "Bob"
    assert call(three[2], "GET", path, headers=TOKEN).body == b"Bob"
    assert call(three[2], "DELETE", path, headers=TOKEN).status == 204
    assert clients[0].ask("get", key="name")["status"] == "not_found"
    assert call(three[1], "GET", path, headers=TOKEN).status == 404


# ---- What breaks -------------------------------------------------------------------------


def test_connections_of_a_killed_node_are_gone_in_the_end(fragile, eventually):
    one, two, three = fragile
    api = boto(f"http://127.0.0.1:{two.port}")
    with one.client() as lost, three.client() as kept:
        lost.id, kept.id  # noqa: B018
        api.post_to_connection(ConnectionId=lost.id, Data=b"x")
        one.checked = True
        one.kill()

        def status():
            try:
                api.post_to_connection(ConnectionId=lost.id, Data=b"x")
            except api.exceptions.GoneException:
                return 410
            except Exception as error:
                got = error.response["ResponseMetadata"]["HTTPStatusCode"]
                assert got in (503, 504), got
                return got
            return 200

        eventually(lambda: status() == 410, timeout=5 * LEASE_MS / 1000)
        assert status() == 410
        api.post_to_connection(ConnectionId=kept.id, Data=b"hello")
        assert kept.recv() == "hello"
        wanted = [kept.id]
        eventually(
            lambda: call(two, "GET", "/@connections", headers=TOKEN).json()
            == {"connections": wanted}
        )


def test_without_redis_what_needs_it_is_unavailable(fragile, shared, eventually):
    one, two, _ = fragile
    with one.client("/?group=g") as near, two.client() as far:
        near.id, far.id  # noqa: B018
        shared.pause()
        path = "/@connections/"

        def status(method, path, body=None):
            return call(one, method, path, body, TOKEN).status

        assert status("POST", path + quoted(near.id), "still here") == 200
        assert near.recv() == "still here"
        assert status("GET", path + quoted(near.id)) == 200
        answer = call(one, "POST", path + quoted(far.id), "x", TOKEN)
        assert answer.status in (503, 504)
        assert answer.header("x-amzn-errortype") in (
            "ServiceUnavailableException",
            "GatewayTimeoutException",
        )
        eventually(lambda: status("POST", path + quoted(far.id), "x") == 503)
        answer = call(one, "GET", "/@connections?group=g", headers=TOKEN)
        assert is_error(answer, 503, "ServiceUnavailableException")
        assert status("GET", "/@connections") == 503
        assert status("POST", "/@broadcast", "x") in (200, 503)
        shared.resume()
        eventually(lambda: status("GET", path + quoted(far.id)) == 200, timeout=20)
