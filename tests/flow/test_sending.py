"""To one, to many, to a group, to all; in order, across workers."""

import contextlib
import time

import pytest
import raw


@pytest.fixture
def served(standing, workers):
    return standing(workers=workers)


@pytest.fixture
def crowd(served):
    """crowd(n): n clients, closed afterwards. With four workers and enough of them, they
    are at home on several."""
    with contextlib.ExitStack() as stack:

        def gather(count, path="/"):
            return [stack.enter_context(served.client(path)) for _ in range(count)]

        yield gather


def test_a_client_can_be_sent_to_by_its_id(crowd):
    a, *others = crowd(8)
    for i, other in enumerate(others):
        assert a.ask("sendto", to=other.id, text=f"to {i}")["status"] == "ok"
        assert other.recv() == f"to {i}"
    a.silence(0.1)


def test_binary_can_be_sent(crowd):
    a, b = crowd(2)
    a.ask("sendto", to=b.id, text="\u00e9", binary=True)
    assert b.recv_binary() == "\u00e9".encode()


def test_an_empty_message_can_be_sent(crowd):
    a, b = crowd(2)
    a.ask("sendto", to=b.id, text="")
    assert b.recv() == ""


def test_the_id_of_one_who_left_is_gone(crowd, served):
    a, b = crowd(2)
    gone = b.id
    b.close()
    served.wait_log(f"disconnect {gone} ")
    # From another worker the host can only promise to try; the fate is always told.
    assert a.ask("sendto", to=gone, text="x")["status"] in ("ok", "gone")
    assert a.ask("then", to=gone, text="x")["status"] == "gone"


@pytest.mark.parametrize(
    "text", ["", "x", "AAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAA", "!!!!!!!!!!!!!!!=", "A" * 200]
)
def test_what_is_no_id_is_invalid(crowd, text):
    (a,) = crowd(1)
    assert a.ask("sendto", to=text, text="x")["status"] == "invalid"


def test_the_id_of_nobody_is_gone(crowd):
    (a,) = crowd(1)
    for nobody in ("AAAAAAAAAAAAAAA=", "_____________w8="):
        status = a.ask("then", to=nobody, text="x")["status"]
        assert status in ("gone", "invalid", "unavailable")


def test_the_fate_of_a_message_is_told(crowd):
    a, b = crowd(2)
    assert a.ask("then", to=b.id, text="x")["status"] == "ok"
    assert b.recv() == "x"
    assert a.ask("then", to=a.id, text="y")["status"] == "ok"
    assert a.recv() == "y"


def test_many_are_sent_to_at_once_and_the_gone_are_skipped(crowd, served):
    a, *others = crowd(10)
    ids = [other.id for other in others]
    others.pop().close()
    served.wait_log(f"disconnect {ids[-1]} ")
    assert a.ask("many", to=ids, text="all of you")["status"] == "ok"
    for other in others:
        assert other.recv() == "all of you"
    a.silence(0.1)


def test_many_may_be_nobody(crowd):
    (a,) = crowd(1)
    assert a.ask("many", to=[], text="x")["status"] == "ok"


def test_a_group_hears_and_others_do_not(crowd):
    clients = crowd(12)
    members, others = clients[:8], clients[8:]
    for member in members:
        assert member.ask("join", group="room")["status"] == "ok"
    others[0].ask("gsend", group="room", text="hi")
    for member in members:
        assert member.recv() == "hi"
    for other in others:
        other.silence(0.1)


def test_one_can_leave_a_group_and_joining_twice_counts_once(crowd):
    a, b = crowd(2)
    for _ in range(2):
        assert b.ask("join", group="twice")["status"] == "ok"
    a.ask("gsend", group="twice", text="1")
    assert b.recv() == "1"
    b.silence(0.1)
    assert b.ask("leave", group="twice")["status"] == "ok"
    a.ask("gsend", group="twice", text="2")
    b.silence(0.2)


def test_a_group_without_members_is_no_error(crowd):
    (a,) = crowd(1)
    assert a.ask("gsend", group="nobody here", text="x")["status"] == "ok"
    assert a.ask("members", group="nobody here")["members"] == []


def test_membership_vanishes_with_the_connection(crowd, eventually):
    a, b, c = crowd(3)
    for client in (b, c):
        client.ask("join", group="short")
    assert sorted(a.ask("members", group="short")["members"]) == sorted([b.id, c.id])
    b.reset()
    eventually(lambda: a.ask("members", group="short")["members"] == [c.id])


def test_others_can_be_put_into_a_group(crowd):
    a, b = crowd(2)
    assert a.ask("join", group="drafted", to=b.id)["status"] == "ok"
    a.ask("gsend", group="drafted", text="hi")
    assert b.recv() == "hi"


def test_attributes_are_read_from_any_connection_and_vanish(crowd, eventually):
    a, b = crowd(2)
    assert b.ask("set", key="name", value="Bea")["status"] == "ok"
    assert a.ask("get", key="name", to=b.id) == {
        "status": "ok",
        "value": "Bea",
        "re": "get",
        "tag": a._tag,
    }
    assert a.ask("get", key="other", to=b.id)["status"] == "not_found"
    assert b.ask("set", key="name", value="")["status"] == "ok"
    assert a.ask("get", key="name", to=b.id)["status"] == "not_found"
    b.ask("set", key="name", value="again")
    gone = b.id
    b.close()
    eventually(lambda: a.ask("get", key="name", to=gone)["status"] in ("gone", "not_found"))


def test_everybody_hears_once(crowd, served):
    clients = crowd(20)
    clients[0].ask("all", text="hear ye")
    for client in clients:
        assert client.recv() == "hear ye"
        client.silence(0.02)


def test_messages_from_one_sender_stay_in_order(crowd):
    a, *others = crowd(6)
    for other in others:
        answer = a.ask("burst", to=other.id, n=500, size=64)
        assert (answer["ok"], answer["full"]) == (500, 0)
    for other in others:
        got = [int(other.recv()[:8]) for _ in range(500)]
        assert got == list(range(500))


def test_replies_stand_in_order_with_sends(crowd):
    (a,) = crowd(1)
    for i in range(100):
        a.tell("sendto", text=f"send {i}")  # to itself, and then the answer
    for i in range(100):
        assert a.recv() == f"send {i}"
        assert a.recv_json()["status"] == "ok"


def test_kinds_of_sending_stay_in_order_at_home(standing):
    served = standing(workers=1)
    with served.client() as a, served.client() as b:
        b.ask("join", group="mixed")
        for i in range(50):
            a.tell("sendto", to=b.id, text=f"one {i}", quiet=True)
            a.tell("gsend", group="mixed", text=f"group {i}", quiet=True)
            a.tell("many", to=[b.id], text=f"many {i}", quiet=True)
        for i in range(50):
            assert [b.recv(), b.recv(), b.recv()] == [f"one {i}", f"group {i}", f"many {i}"]


def test_a_broadcast_of_many_messages_reaches_all_in_order(crowd):
    clients = crowd(16)
    for i in range(100):
        clients[0].tell("all", text=f"{i}", quiet=True)
    for client in clients:
        assert [client.recv() for _ in range(100)] == [str(i) for i in range(100)]


def test_what_a_turn_produces_leaves_in_one_piece(standing):
    """Sixteen requests in one segment: their sixteen answers come in one read."""
    served = standing(workers=1)
    with served.client() as a:
        a.send(
            b"".join(
                raw.frame(raw.TEXT, '{"action":"echo","i":%2d}' % i) for i in range(16)
            )
        )
        assert a.readable(5)
        first = a.sock.recv(65536)
        assert len(first) == 16 * (2 + len('{"action":"echo","i":10}'))


def test_a_large_message_crosses_workers_whole(crowd):
    a, *others = crowd(6)
    text = "0123456789" * 12000
    for other in others:
        a.ask("sendto", to=other.id, text=text)
        assert other.recv() == text


def test_a_late_answer_comes_from_a_timer(crowd):
    a, b = crowd(2)
    began = time.monotonic()
    slow = a.tell("sleepy", ms=200)
    quick = b.tell("sleepy", ms=50)
    assert b.answer(quick)["status"] == "ok"
    assert a.answer(slow)["status"] == "ok"
    assert 0.18 < time.monotonic() - began < 5


@pytest.mark.only("c", reason="a script has no threads")
def test_late_answers_come_from_timers_and_threads(crowd):
    a, b = crowd(2)
    began = time.monotonic()
    slow = a.tell("sleepy", ms=200)
    threaded = b.tell("thread", ms=50)
    assert b.answer(threaded)["status"] == "ok"
    assert a.answer(slow)["status"] == "ok"
    assert 0.18 < time.monotonic() - began < 5


def test_an_unfinished_event_holds_back_its_own_connection_only(crowd):
    a, b = crowd(2)
    first = a.tell("sleepy", ms=300)
    second = a.tell("whoami")
    assert b.ask("whoami")["re"] == "whoami"
    assert a.answer(first)["re"] == "sleepy"
    assert a.answer(second)["re"] == "whoami"
    assert not a.others


@pytest.mark.only("c", reason="a script stays on its worker")
def test_work_can_be_posted_to_every_worker(crowd, workers):
    (a,) = crowd(1)
    for index in range(workers):
        assert a.ask("post", worker=index)["worker"] == index
    assert a.ask("post", worker=workers)["status"] == "invalid"


def test_connections_spread_over_the_workers(crowd, workers):
    homes = {client.ask("whoami")["worker"] for client in crowd(40)}
    assert len(homes) == workers
