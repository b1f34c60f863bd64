"""A backend for the tests of plugins/http: by sockets of its own, so that it can misbehave
at any octet. What it does with a request is decided by its path."""

import json
import socket
import struct
import threading
import time

import pytest
import raw


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body

    def header(self, name):
        found = [v for n, v in self.headers if n.lower() == name.lower()]
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def response(status=200, body=b"", headers=(), reason="OK"):
    if isinstance(body, str):
        body = body.encode()
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Backend:
    """`answer(request)` returns octets, or None once it has done something else with
    `request.sock`. Requests are kept in `seen`, and connections are counted."""

    def __init__(self, answer=None, port=0):
        self.answer = answer or (lambda request: response(200, request.body))
        self.seen, self.accepted = [], 0
        self.lock = threading.Lock()
        self.port = port
        self.open = set()
        self.listener = None
        self.start()

    def start(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(2048)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()
        return self

    def stop(self):
        """Away, with all connections."""
        if self.listener:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.listener = None
        with self.lock:
            socks, self.open = self.open, set()
        for sock in socks:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def url(self, path=""):
        return f"http://127.0.0.1:{self.port}{path}"

    def paths(self):
        with self.lock:
            return [r.path for r in self.seen]

    def _accept(self, listener):
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.accepted += 1
                self.open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = sock.makefile("rb")
        try:
            while request := self._read(stream):
                request.sock = sock
                with self.lock:
                    self.seen.append(request)
                octets = self.answer(request)
                if octets is None:
                    return
                sock.sendall(octets)
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(sock)
            stream.close()
            sock.close()

    def _read(self, stream):
        first = stream.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers = []
        while (line := stream.readline().decode("latin-1").rstrip("\r\n")) != "":
            headers.append(tuple(line.split(": ", 1)) if ": " in line else (line, ""))
        request = Request(first[0], first[1], headers, b"")
        request.body = stream.read(int(request.header("content-length") or 0))
        return request


def reset(request):
    """An RST instead of an answer."""
    request.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hang(request, seconds=30, first=b""):
    if first:
        request.sock.sendall(first)
    time.sleep(seconds)


# ---- What its tests have in common

INTERNAL = "Internal server error"
TIMEOUT = "Endpoint request timed out"
FAILURES = ("event=handler_failed", "event=says")


@pytest.fixture(autouse=True)
def built(build):
    if not (build / "plugins/http.so").exists():
        pytest.skip("the plugin for HTTP is not built")


@pytest.fixture
def behind():
    """behind(answer) starts a backend; it ends with the test."""
    started = []

    def start(answer=None, **how):
        started.append(Backend(answer, **how))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def served(host, build):
    """A host whose routes are integrations."""

    def start(routes, config=None, workers=1, fails=False, **entry):
        spec = {"file": str(build / "plugins/http.so"), "options": routes, **entry}
        running = host([spec], config, workers)
        if fails:
            running.may_log(*FAILURES)
        return running

    return start


def answer_by_path(**answers):
    def answer(request):
        found = answers[request.path.split("?")[0].strip("/").split("/")[0]]
        return found(request) if callable(found) else found

    return answer


def error_in(client, timeout=raw.DEADLINE):
    frame = client.recv_json(timeout)
    assert set(frame) == {"message", "connectionId", "requestId"}, frame
    return frame["message"]


def said_once(host, pattern):
    host.wait_log(pattern)
    assert len(host.lines(pattern)) == 1
