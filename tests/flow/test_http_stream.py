"""Routes whose events go into a Redis Stream, for consumers at their own pace."""

import json
import shutil
import signal
import subprocess
import time

import pytest
from backend import (  # noqa: F401: fixtures
    INTERNAL,
    TIMEOUT,
    built,
    error_in,
    free_port,
    said_once,
    served,
)

pytestmark = [
    pytest.mark.only("c", reason="the plugin is the same for all languages"),
    pytest.mark.skipif(not shutil.which("redis-server"), reason="there is no Redis"),
]


class Redis:
    def __init__(self, folder, *arguments):
        import redis

        self.port, self.folder, self.arguments = free_port(), folder, arguments
        self.module = redis
        self.start()

    def start(self, wait=True):
        command = ["redis-server", "--port", str(self.port), "--save", "", "--bind"]
        command += ["127.0.0.1", "--dir", str(self.folder), *self.arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.ask = self.module.Redis(port=self.port, password=self.password())
        deadline = time.monotonic() + 10
        while wait:
            try:
                self.ask.ping()
                return
            except self.module.exceptions.ConnectionError:
                assert time.monotonic() < deadline
                time.sleep(0.02)

    def password(self):
        return self.arguments[1] if "--requirepass" in self.arguments else None

    def stop(self):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait(10)

    def last(self):
        return (self.events() or [{"body": None}])[-1]["body"]

    def events(self, key="events"):
        return [json.loads(fields[b"event"]) for _, fields in self.ask.xrange(key)]


@pytest.fixture
def redis(tmp_path):
    pytest.importorskip("redis")
    running = []

    def start(*arguments):
        running.append(Redis(tmp_path, *arguments))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture(autouse=True)
def with_streams(build):
    text = (build / "plugins/http.so").read_bytes()
    if b"this build cannot talk to Redis" in text:
        pytest.skip("this build has no Redis")


def into(server, **more):
    where = {"type": "redis_stream", "url": f"redis://127.0.0.1:{server.port}"}
    return {**where, "stream": "events", **more}


def test_all_events_of_a_connection_arrive_in_order(served, redis, eventually):
    server = redis()
    to = into(server)
    host = served({"$connect": to, "$default": to, "$disconnect": to}, workers=2)
    with host.client("/?a=b") as client:
        for n in range(50):
            client.text(f"message {n}")
        client.close(4000, "done")
    eventually(lambda: len(server.events()) == 52)
    events = server.events()
    kinds = [e["requestContext"]["eventType"] for e in events]
    assert kinds == ["CONNECT"] + ["MESSAGE"] * 50 + ["DISCONNECT"]
    assert [e["body"] for e in events[1:-1]] == [f"message {n}" for n in range(50)]
    assert events[0]["queryStringParameters"] == {"a": "b"}


def test_a_stream_is_trimmed(served, redis, eventually):
    server = redis()
    host = served({"$default": into(server, maxlen=10)})
    with host.client() as client:
        for n in range(1000):
            client.text(str(n))
        eventually(lambda: server.last() == "999")
        assert server.ask.xlen("events") <= 200  # "~" rounds up to whole nodes


def test_a_password_and_a_database_are_used(served, redis, eventually):
    server = redis("--requirepass", "se/cret")
    url = f"redis://:se%2Fcret@localhost:{server.port}/3"
    host = served({"$default": into(server, url=url)})
    with host.client() as client:
        client.text("x")
        client.silence(0.2)
    other = server.module.Redis(port=server.port, password="se/cret", db=3)
    eventually(lambda: other.xlen("events") == 1)


def test_a_refusal_is_an_error_frame_and_says_why_in_the_log(served, redis):
    server = redis()
    server.ask.set("events", "no stream")
    host = served({"$default": into(server)}, fails=True)
    with host.client() as client:
        for _ in range(3):
            client.text("x")
            assert error_in(client) == INTERNAL
    said_once(host, "failure=status why=WRONGTYPE")


def test_redis_that_is_away_is_an_error_frame_and_comes_back(served, redis, eventually):
    server = redis()
    host = served({"$default": into(server)}, fails=True)
    with host.client() as client:
        client.text("before")
        eventually(lambda: server.last() == "before")
        server.stop()
        for _ in range(5):
            client.text("meanwhile")
            assert error_in(client) == INTERNAL
            time.sleep(0.05)
        server.start()
        deadline = time.monotonic() + 10
        while True:
            client.text("after")
            try:
                assert error_in(client, 0.3) == INTERNAL
            except TimeoutError:
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert server.last() == "after"


def test_redis_that_hangs_is_a_timeout_and_is_left(served, redis, eventually):
    server = redis()
    host = served({"$default": into(server, timeout_ms=400)}, fails=True)
    clients = [host.client() for _ in range(3)]
    clients[0].text("x")
    eventually(lambda: len(server.events()) == 1)
    server.process.send_signal(signal.SIGSTOP)
    for client in clients:
        client.text("y")
    for client in clients:
        assert error_in(client) in (TIMEOUT, INTERNAL)
    server.process.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    clients[0].text("z")
    eventually(lambda: server.last() == "z")
    for client in clients:
        client.drop()


def test_a_disconnect_waits_for_redis(served, redis, eventually):
    server = redis()
    host = served({"$disconnect": into(server, disconnect_retry_s=30)}, fails=True)
    clients = [host.client() for _ in range(10)]
    server.stop()
    for client in clients:
        client.drop()
    host.wait_log("failure=away")
    server.start()
    eventually(lambda: len(server.events()) == 10, timeout=20)


def test_what_it_costs_to_stop_while_redis_is_away(served, redis):
    server = redis()
    server.stop()
    host = served({"$default": into(server), "$disconnect": into(server)}, fails=True)
    client = host.client()
    client.text("x")
    assert error_in(client) == INTERNAL
    client.drop()
    time.sleep(0.2)
    host.stop()
    assert host.lines("disconnects_lost=1")


@pytest.mark.parametrize(
    "url, complaint",
    [
        ("http://h", "it is not redis://"),
        ("redis://", "URL"),
        ("rediss://h", "it is not redis://"),
        ("redis://h/x", "no number of a database"),
        ("redis://u@h", "a user without a password"),
        ("redis://h:x", "it is no URL"),
    ],
)
def test_a_url_that_is_wrong_stops_the_start(host, build, url, complaint):
    whole = host.config([])
    options = {"a": {"type": "redis_stream", "url": url, "stream": "s"}}
    whole["plugins"] = [{"file": str(build / "plugins/http.so"), "options": options}]
    failed = host.run("run", "-c", host.write(whole))
    failed.expected_exit = failed.wait()
    failed.may_log("level=error")
    assert failed.expected_exit not in (0, 99)
    assert complaint in failed.text()
