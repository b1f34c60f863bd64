"""wss:// and https://: the same semantics, behind a certificate."""

import contextlib
import ssl
import time

import pytest
import raw


@pytest.fixture
def secured(standing, certificate, tmp_path_factory, workers):
    web = tmp_path_factory.getbasetemp() / "tls-web"
    if not web.exists():
        web.mkdir()
        (web / "index.html").write_text("<title>hello</title>")
    cert, key = certificate
    return standing(
        workers=workers,
        config={
            "tls": {"cert": str(cert), "key": str(key)},
            "static": {"/web": str(web)},
            "stages": {"s": {"plugins": ["probe"]}},
        },
    )


@pytest.fixture
def connect(secured, trust):
    clients = []

    def call(path="/s", *args, **options):
        clients.append(secured.client(path, *args, tls=trust, **options))
        return clients[-1]

    yield call
    for client in clients:
        client.drop()


def test_messages_come_back(connect):
    client = connect()
    client.json(action="echo", n=1)
    assert client.recv_json() == {"action": "echo", "n": 1}


def test_the_log_names_an_https_address(secured):
    assert secured.url.startswith(("https://", "wss://"))


def test_a_verdict_may_take_its_time(connect):
    began = time.monotonic()
    client = connect("/s?wait=300&hello=1")
    assert time.monotonic() - began >= 0.28
    assert client.recv() == "hello 0"


def test_a_waiting_verdict_delays_nobody(secured, trust, connect):
    slow = secured.socket(tls=trust)
    slow.send(raw.upgrade("/s?wait=1500"))
    began = time.monotonic()
    for _ in range(4):
        connect().ask("whoami")
    assert time.monotonic() - began < 1.4
    assert slow.read_response().status == 101
    slow.drop()


@pytest.mark.parametrize(
    "path", ["/s?refuse=401&body=no", "/s?wait=200&refuse=401&body=no"]
)
def test_a_refusal_has_its_status_and_body(connect, path):
    with pytest.raises(raw.Refused) as caught:
        connect(path)
    assert caught.value.response.status == 401
    assert caught.value.response.body == b"no"


def test_an_unknown_stage_is_forbidden(connect):
    with pytest.raises(raw.Refused) as caught:
        connect("/nowhere")
    assert caught.value.response.status == 403
    assert caught.value.response.body == b'{"message":"Forbidden"}'


def test_frames_right_behind_the_head_are_kept(secured, trust):
    with secured.socket(tls=trust) as sock:
        sock.send(
            raw.upgrade("/s?wait=200") + raw.frame(raw.TEXT, '{"action":"echo","n":1}')
        )
        assert sock.read_response().status == 101
        assert sock.read(25)[2:] == b'{"action":"echo","n":1}'


@pytest.mark.parametrize("size", [126, 16384, 16385, 65536, 131072])
def test_big_messages_come_back_whole(connect, size):
    client = connect()
    text = '{"action":"echo","pad":"%s"}' % ("x" * (size - 26))
    client.text(text)
    assert client.recv() == text


def test_many_messages_come_in_order(connect):
    client = connect()
    answer = client.ask("burst", n=100, size=5000)
    assert answer["ok"] == 100
    assert [int(client.recv()[:8]) for _ in range(100)] == list(range(100))


def test_a_slow_reader_loses_nothing(secured, trust, connect):
    sender, reader = connect(), connect(receive_buffer=4096)
    taken = sender.ask("burst", to=reader.id, n=60, size=16000)["ok"]
    time.sleep(0.5)
    for i in range(taken):
        assert int(reader.recv()[:8]) == i


def test_everybody_hears_across_workers(connect):
    clients = [connect() for _ in range(8)]
    clients[0].tell("all", text="hi", quiet=True)
    for client in clients:
        assert client.recv() == "hi"


def test_disconnect_knows_the_code(connect):
    watcher, a, b, c = connect(), connect(), connect(), connect()
    watcher.ask("join", group="watch")
    expected = {a.id: 4001, b.id: 1006, c.id: 1002}
    a.close(4001, "bye")
    b.reset()
    c.send(raw.frame(3, "x"))
    c.expect_close(1002)
    heard = [watcher.recv_json() for _ in expected]
    assert {news["id"]: news["code"] for news in heard} == expected


def test_a_page_is_served_over_https(secured, trust):
    with secured.socket(tls=trust) as sock:
        sock.send(raw.request("GET", "/web/"))
        response = sock.read_response()
        assert response.status == 200
        assert b"hello" in response.body


def test_a_plain_get_on_a_stage_is_told_to_upgrade(secured, trust):
    with secured.socket(tls=trust) as sock:
        sock.send(raw.request("GET", "/s"))
        assert sock.read_response().status == 426


def test_plain_http_on_the_tls_port_is_no_conversation(secured):
    with secured.socket() as sock:
        sock.send(raw.upgrade("/s"))
        assert b"101" not in sock.read_to_end()


JUNK = {
    "zeros": b"\x00" * 100,
    "half_a_hello": b"\x16\x03\x01\xff\xff" + b"x" * 200,
    "nothing": b"",
}


@pytest.mark.parametrize("data", JUNK.values(), ids=JUNK)
def test_junk_on_the_tls_port_does_no_harm(secured, connect, data):
    with secured.socket() as sock:
        if data:
            sock.send(data)
        with contextlib.suppress(OSError):  # it may have hung up on us already
            sock.finish_sending()
        sock.read_to_end()
    assert connect().ask("whoami")["re"] == "whoami"


def test_old_tls_is_refused(secured, certificate):
    context = ssl.create_default_context(cafile=str(certificate[0]))
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, OSError)):
        secured.socket(tls=context)


def test_a_handshake_that_stalls_is_dropped(host, certificate, trust):
    cert, key = certificate
    served = host(
        config={"tls": {"cert": str(cert), "key": str(key)}, "limits": {"head_ms": 500}}
    )
    with served.socket() as mute, served.socket(tls=trust) as half:
        half.send(raw.upgrade()[:30])
        half.read_to_end(10)
        mute.read_to_end(10)


def test_a_drain_says_goodbye(host, certificate, trust):
    cert, key = certificate
    served = host(config={"tls": {"cert": str(cert), "key": str(key)}})
    with served.client(tls=trust) as client:
        client.id
        served.signal()
        client.expect_close(1001, "Going away")
    assert served.wait() == 0


@pytest.mark.parametrize("broken", ["cert", "key"])
def test_a_certificate_that_cannot_be_used_stops_the_start(
    host, certificate, tmp_path, broken
):
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no certificate\n")
    tls = {"cert": str(certificate[0]), "key": str(certificate[1]), broken: str(wrong)}
    program = host.run("run", "-c", host.write(host.config(config={"tls": tls})))
    program.expected_exit = 1
    program.may_log(".")
    assert program.wait() == 1
    assert "wrong.pem" in program.text()
