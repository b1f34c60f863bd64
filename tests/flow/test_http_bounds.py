"""Calls to a backend are bounded: by places, a queue, tries, a breaker; a $disconnect is tried
again, and what the options may say is checked."""

import json
import os
import shutil
import ssl
import subprocess
import threading
import time

import backend
import hot
import pytest
from backend import (  # noqa: F401: fixtures
    FAILURES,
    INTERNAL,
    TIMEOUT,
    Backend,
    behind,
    built,
    error_in,
    free_port,
    response,
    said_once,
    served,
)

pytestmark = pytest.mark.only("c", reason="the plugin is the same for all languages")


# ---- Bounds


def test_what_has_no_place_and_no_room_to_wait_is_refused_at_once(served, behind):
    gate = threading.Event()

    def answer(request):
        gate.wait(20)
        return response(200, request.body)

    back = behind(answer)
    host = served(
        {"$default": {"url": back.url(), "two_way": True, "concurrency": 2, "queue": 3}},
        fails=True,
    )
    clients = [host.client() for _ in range(8)]
    for n, client in enumerate(clients):
        client.text(str(n))
    refused = []
    for client in clients:
        if client.readable(0.5):
            assert error_in(client) == INTERNAL
            refused.append(client)
    assert len(refused) == 3
    assert len(back.seen) == 2
    gate.set()
    for n, client in enumerate(clients):
        if client not in refused:
            assert client.recv() == str(n)
        client.drop()
    said_once(host, "failure=full")


def test_a_full_queue_refuses_connects_with_503(served, behind):
    gate = threading.Event()
    back = behind(lambda r: (gate.wait(20), response(200))[1])
    host = served(
        {"$connect": {"url": back.url(), "concurrency": 1, "queue": 0}}, fails=True
    )
    first = threading.Thread(target=lambda: host.client().drop())
    first.start()
    while not back.seen:
        time.sleep(0.01)
    refused = host.client(expect=503)
    assert refused.response.json()["message"] == "Service Unavailable"
    gate.set()
    first.join()


def test_who_waits_too_long_for_a_place_times_out(served, behind):
    back = behind(lambda r: backend.hang(r, 2))
    host = served(
        {"$default": {"url": back.url(), "concurrency": 1, "timeout_ms": 300}}, fails=True
    )
    first, second = host.client(), host.client()
    first.text("x")
    second.text("y")
    assert error_in(first) == TIMEOUT
    assert error_in(second) == TIMEOUT
    first.drop()
    second.drop()


def test_nothing_is_sent_twice_unless_that_is_asked_for_and_safe(served, behind):
    tries = {"post": 0, "put": 0, "plain": 0}

    def answer(request):
        key = request.path.strip("/")
        tries[key] += 1
        return response(200, "at last") if tries[key] == 3 else backend.reset(request)

    back = behind(answer)
    host = served(
        {
            "post": {"url": back.url("/post"), "retries": 3, "two_way": True},
            "put": {
                "url": back.url("/put"),
                "method": "PUT",
                "retries": 3,
                "two_way": True,
            },
            "plain": {"url": back.url("/plain"), "method": "PUT", "two_way": True},
        },
        fails=True,
    )
    with host.client() as client:
        client.json(action="put")
        assert client.recv() == "at last"
        client.json(action="post")
        assert error_in(client) == INTERNAL
        client.json(action="plain")
        assert error_in(client) == INTERNAL
    assert tries == {"post": 1, "put": 3, "plain": 1}


def test_what_never_reached_the_backend_may_be_tried_again(served, behind):
    back = behind(lambda r: response(200, "there"))
    back.stop()
    host = served(
        {"$default": {"url": back.url(), "retries": 6, "two_way": True}}, fails=True
    )
    with host.client() as client:
        client.text("x")
        time.sleep(0.3)
        back.start()
        assert client.recv() == "there"


def test_a_breaker_opens_probes_and_closes(served, behind):
    back = behind(lambda r: response(200, "back"))
    back.stop()
    host = served(
        {
            "$default": {
                "url": back.url(),
                "two_way": True,
                "breaker": {"failures": 3, "open_ms": 600},
            }
        },
        fails=True,
    )
    with host.client() as client:
        for _ in range(3):
            client.text("x")
            assert error_in(client) == INTERNAL
        host.wait_log("breaker=open")
        back.start()
        for _ in range(3):
            client.text("x")
            assert error_in(client) == INTERNAL
        assert back.accepted == 0
        time.sleep(0.7)
        client.text("x")
        assert client.recv() == "back"
        host.wait_log("breaker=closed")
        client.text("x")
        assert client.recv() == "back"
    said_once(host, "failure=open")


def test_a_breaker_whose_probe_fails_stays_open(served, behind):
    back = behind(lambda r: response(503))
    breaker = {"failures": 2, "open_ms": 300}
    host = served({"$default": {"url": back.url(), "breaker": breaker}}, fails=True)
    with host.client() as client:
        for _ in range(4):
            client.text("x")
            assert error_in(client) == INTERNAL
        assert len(back.seen) == 2
        time.sleep(0.4)
        for _ in range(3):
            client.text("x")
            assert error_in(client) == INTERNAL
        assert len(back.seen) == 3


# ---- $disconnect


def test_a_disconnect_that_could_not_be_delivered_is_delivered_later(
    served, behind, eventually
):
    back = behind(lambda r: response(200))
    gone = {"url": back.url("/gone/${context.connectionId}"), "disconnect_retry_s": 30}
    host = served({"$disconnect": gone}, fails=True)
    clients = [host.client() for _ in range(40)]
    back.stop()
    for client in clients:
        client.drop()
    host.wait_log("failure=away")
    time.sleep(0.3)
    back.start()
    eventually(lambda: len(set(back.paths())) == 40, timeout=20)
    time.sleep(0.3)
    assert len(back.seen) == 40
    assert len(host.lines("failure=away")) <= 2


def test_a_disconnect_is_given_up_in_the_end_and_counted(served, behind):
    back = behind()
    back.stop()
    host = served({"$disconnect": {"url": back.url(), "disconnect_retry_s": 1}}, fails=True)
    host.client().drop()
    host.wait_log("failure=lost")
    host.client().drop()
    time.sleep(0.3)
    host.stop()
    assert host.lines("disconnects_lost=2 at_the_end=1")


def test_a_disconnect_is_not_retried_where_that_is_switched_off(served, behind):
    back = behind()
    back.stop()
    host = served({"$disconnect": {"url": back.url(), "disconnect_retry_s": 0}}, fails=True)
    host.client().drop()
    host.wait_log("failure=away")
    back.start()
    time.sleep(1.5)
    assert back.accepted == 0


# ---- Options


@pytest.mark.parametrize(
    "options, complaint",
    [
        ({}, "there is no route"),
        ({"a": 1}, "options: a: it is not an object"),
        ({"a": {}}, "options: a.url: it is missing"),
        ({"a": {"url": "ftp://x"}}, "options: a.url: it is not http"),
        ({"a": {"url": "http://u@h/"}}, "a.url: it is not http"),
        ({"a": {"url": "http://h/ x"}}, "a.url: a character"),
        ({"a": {"url": "http://h/${x}"}}, "a.url: it is none of context."),
        ({"a": {"url": "http://h/${context.x"}}, "without its }"),
        ({"a": {"url": "http://${context.stage}/"}}, "only stage variables"),
        ({"a": {"url": "http://h", "tiemout": 1}}, "a.tiemout: there is no such option"),
        ({"$defaults": {"tiemout": 1}, "a": {"url": "http://h"}}, "$defaults.tiemout"),
        ({"a": {"url": "http://h", "timeout_ms": 1}}, "a whole number from 50"),
        ({"a": {"url": "http://h", "method": "TRACE"}}, "a.method"),
        ({"a": {"url": "http://h", "type": "smtp"}}, "a.type"),
        ({"a": {"url": "http://h", "two_way": 1}}, "a.two_way: it is not true or false"),
        ({"a": {"url": "http://h", "headers": {"Con:": "'x'"}}}, "a.headers.Con:"),
        ({"a": {"url": "http://h", "headers": {"Connection": "'x'"}}}, "may be set"),
        ({"a": {"url": "http://h", "headers": {"X": "x"}}}, "it is none of context."),
        (
            {"a": {"url": "http://h", "headers": {"X": "route.request.header.a"}}},
            "those of $connect",
        ),
        (
            {"$connect": {"url": "http://h/${route.request.body.a}"}},
            "a body is a message's",
        ),
        ({"a": {"type": "lambda", "url": "http://h"}}, "a.function: it is missing"),
        ({"a": {"url": "http://h", "tls": {"verfy": False}}}, "a.tls.verfy"),
        ({"a": {"url": "http://h", "breaker": {"failures": 0}}}, "a.breaker.failures"),
        ({"a": {"url": "http://h", "sigv4": {"region": "x"}}}, "a.sigv4"),
        ({"$other": {"url": "http://h"}}, "$other"),
    ],
)
def test_options_that_are_wrong_stop_the_start_with_their_reason(
    host, build, options, complaint
):
    whole = host.config([])
    whole["plugins"] = [{"file": str(build / "plugins/http.so"), "options": options}]
    failed = host.run("run", "-c", host.write(whole))
    failed.expected_exit = failed.wait()
    failed.may_log("level=error")
    assert failed.expected_exit not in (0, 99)
    assert complaint in failed.text().replace('\\"', '"')


# ---- TLS


def test_a_certificate_is_verified_unless_that_is_switched_off(
    served, behind, certificate, build
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*map(str, certificate))

    class Secure(Backend):
        def _serve(self, sock):
            try:
                sock = context.wrap_socket(sock, server_side=True)
            except (ssl.SSLError, OSError):
                sock.close()
                return
            super()._serve(sock)

    back = Secure(lambda r: response(200, "safe"))
    url = f"https://localhost:{back.port}/"
    host = served(
        {
            "no": {"url": url, "two_way": True},
            "ca": {"url": url, "two_way": True, "tls": {"ca": str(certificate[0])}},
            "off": {"url": url, "two_way": True, "tls": {"verify": False}},
        },
        fails=True,
    )
    with host.client() as client:
        client.json(action="no")
        assert error_in(client) == INTERNAL
        for action in ("ca", "off"):
            client.json(action=action)
            assert client.recv() == "safe"
    host.wait_log("failure=away")
    back.stop()


def test_a_name_that_does_not_exist_is_an_error_frame(served):
    host = served({"$default": {"url": "http://nowhere.invalid/"}}, fails=True)
    with host.client() as client:
        client.text("x")
        assert error_in(client) == INTERNAL


def test_a_host_stops_while_calls_are_on_their_way(served, behind):
    back = behind(lambda r: backend.hang(r, 1, b"") or response(200, "late"))
    host = served({"$default": {"url": back.url(), "two_way": True}}, fails=True)
    clients = [host.client() for _ in range(5)]
    for client in clients:
        client.text("x")
    time.sleep(0.2)
    host.signal()
    assert host.wait() == 0
    host.stop()
    for client in clients:
        client.drop()


# ---- Reload


def test_a_reload_loses_neither_calls_on_their_way_nor_disconnects_that_wait(
    host, behind, build, tmp_path, eventually
):
    back = behind(lambda r: time.sleep(0.5) or response(200, "slow"))
    away = behind(lambda r: response(200))
    away.stop()
    options = {
        "$default": {"url": back.url("/slow"), "two_way": True},
        "$disconnect": {"url": away.url("/gone/${context.connectionId}")},
    }
    path = host.write(host.config([]))

    def write(**more):
        whole = host.config([], {"reload": {"watch": "off", "trial_events": 0}}, 2)
        plugin = {"file": str(build / "plugins/http.so"), "options": {**options, **more}}
        whole["plugins"] = [plugin]
        path.write_text(json.dumps(whole))

    write()
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}
    running = host.run("run", "-c", path, extra_env=env).ready()
    running.may_log(*FAILURES)
    leaving = [running.client() for _ in range(30)]
    client = running.client()
    for each in leaving:
        each.drop()
    running.wait_log("failure=away")
    client.text("x")
    for n in range(3):
        write(**{f"new{n}": {"url": back.url("/new")}})
        assert hot.ask_control(tmp_path, running.process.pid).startswith("ok")
    assert client.recv() == "slow"
    running.wait_log("event=released", count=3)
    away.start()
    eventually(lambda: len(set(away.paths())) == 30, timeout=40)
    time.sleep(0.5)
    assert len(away.seen) == 30
    client.drop()
    running.stop()
    assert not running.lines("disconnects_lost")


def test_options_that_are_wrong_are_refused_by_a_reload(host, behind, build, tmp_path):
    back = behind(lambda r: response(200, "here"))
    path = host.write(host.config([]))

    def write(**route):
        whole = host.config([], {"reload": {"watch": "off"}})
        options = {"$default": {"two_way": True, **route}}
        whole["plugins"] = [{"file": str(build / "plugins/http.so"), "options": options}]
        path.write_text(json.dumps(whole))

    write(url=back.url())
    env = {"XDG_RUNTIME_DIR": str(tmp_path)}
    running = host.run("run", "-c", path, extra_env=env).ready()
    running.may_log("event=reload_failed", "event=reload_refused")
    with running.client() as client:
        write(url="nonsense")
        answer = hot.ask_control(tmp_path, running.process.pid)
        assert "options: $default.url: it is not http" in answer
        client.text("x")
        assert client.recv() == "here"


def test_a_host_that_stops_tells_the_backend_of_everybody(host, behind, build):
    """More leave at once than have a place or may wait."""
    back = behind(lambda r: time.sleep(0.01) or response(200))
    gone = {"url": back.url(), "concurrency": 4, "queue": 0}
    spec = {"file": str(build / "plugins/http.so"), "options": {"$disconnect": gone}}
    running = host([spec])
    clients = [running.client() for _ in range(300)]
    running.stop()
    assert len(back.seen) == 300
    for client in clients:
        client.drop()


NGINX = """\
daemon off; master_process off; error_log stderr crit; pid {folder}/pid;
events {{ }}
http {{
    access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;
    fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate {cert}; ssl_certificate_key {key};
        location / {{ return 200 "$server_protocol $connection"; }}
    }}
}}
"""


def test_http_2_is_spoken_where_the_backend_does(served, certificate, tmp_path):
    nginx = shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")
    if not nginx:
        pytest.skip("nginx is not installed")
    port = free_port()
    cert, key = certificate
    file = tmp_path / "nginx.conf"
    file.write_text(NGINX.format(folder=tmp_path, port=port, cert=cert, key=key))
    running = subprocess.Popen(
        [nginx, "-p", tmp_path, "-c", file], stderr=subprocess.DEVNULL
    )
    try:
        route = {"url": f"https://localhost:{port}/", "tls": {"ca": str(cert)}}
        host = served({"$default": {**route, "two_way": True, "retries": 5}}, fails=True)
        with host.client() as client:
            said = set()
            for _ in range(10):
                client.text("x")
                said.add(client.recv())
            assert len(said) == 1  # one connection
            assert said.pop().startswith("HTTP/2.0 ")
    finally:
        running.kill()
        running.wait(10)
