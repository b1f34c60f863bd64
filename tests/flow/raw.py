"""Clients of our own: one for bytes, one for WebSocket frames, neither bound to behave.

Everything blocks, with a deadline: a test reads like the conversation it is.
"""

import base64
import collections
import hashlib
import json
import os
import select
import socket
import ssl
import struct
import time

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
CONTINUATION = 0
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
DEADLINE = (
    20.0  # seconds; sanitizers are slow, and nothing here waits for it when all is well
)

Frame = collections.namedtuple("Frame", "fin opcode payload rsv", defaults=[0])


class Closed(Exception):
    """The peer ended the byte stream."""


class Refused(Exception):
    """The upgrade was answered with another status; `response` has it."""

    def __init__(self, response):
        super().__init__(f"{response.status}: {response.body!r}")
        self.response = response


class Response:
    def __init__(self, status, reason, headers, body=b""):
        self.status, self.reason, self.headers, self.body = status, reason, headers, body

    def header(self, name):
        """Its value, None if there is none; a repeated one is a test's business."""
        found = [v for n, v in self.headers if n.lower() == name.lower()]
        assert len(found) < 2, f"{name} stands there {len(found)} times"
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)


class Socket:
    """A byte stream to the host."""

    def __init__(self, port, *, address="127.0.0.1", tls=None, receive_buffer=None):
        self.buffer = b""
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(DEADLINE)
        self.sock.connect((address, port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.sock = tls.wrap_socket(self.sock, server_hostname="localhost")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()

    # -- out

    def send(self, data):
        self.sock.sendall(data)

    def send_slowly(self, data, *, step=1, pause=0.0):
        for at in range(0, len(data), step):
            self.sock.sendall(data[at : at + step])
            if pause:
                time.sleep(pause)

    def finish_sending(self):
        self.sock.shutdown(socket.SHUT_WR)

    def drop(self):
        """Close the socket, politely as TCP goes."""
        self.sock.close()

    def reset(self):
        """Vanish with an RST, without a word."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if isinstance(self.sock, ssl.SSLSocket):
            os.close(self.sock.detach())
        else:
            self.sock.close()

    # -- in

    def _fill(self, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"nothing came; so far {self.buffer[:200]!r}")
        self.sock.settimeout(left)
        try:
            data = self.sock.recv(262144)
        except (ConnectionError, ssl.SSLError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise TimeoutError(f"nothing came; so far {self.buffer[:200]!r}") from None
            raise Closed(str(error)) from None
        if not data:
            raise Closed("end of stream")
        self.buffer += data

    def read(self, count, timeout=DEADLINE):
        deadline = time.monotonic() + timeout
        while len(self.buffer) < count:
            self._fill(deadline)
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def read_until(self, mark, timeout=DEADLINE):
        deadline = time.monotonic() + timeout
        while mark not in self.buffer:
            self._fill(deadline)
        end = self.buffer.index(mark) + len(mark)
        data, self.buffer = self.buffer[:end], self.buffer[end:]
        return data

    def read_to_end(self, timeout=DEADLINE):
        deadline = time.monotonic() + timeout
        try:
            while True:
                self._fill(deadline)
        except Closed:
            data, self.buffer = self.buffer, b""
            return data

    def readable(self, timeout):
        if self.buffer or isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
            return True
        return bool(select.select([self.sock], [], [], timeout)[0])

    def expect_end(self, timeout=DEADLINE):
        """The peer closes, having said nothing more."""
        rest = self.read_to_end(timeout)
        assert rest == b"", f"unexpected bytes before the end: {rest[:200]!r}"

    def read_response(self, *, method="GET", timeout=DEADLINE):
        deadline = time.monotonic() + timeout
        head = self.read_until(b"\r\n\r\n", timeout).decode("latin-1")
        first, *lines = head[:-4].split("\r\n")
        version, status, reason = (first + " ").split(" ", 2)
        assert version.startswith("HTTP/1."), first
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
        response = Response(int(status), reason.strip(), headers)
        if response.status == 101 or method == "HEAD" or response.status in (204, 304):
            return response
        length = response.header("content-length")
        left = max(deadline - time.monotonic(), 0.001)
        if (response.header("transfer-encoding") or "").lower() == "chunked":
            response.body = self._read_chunks(left)
        elif length is None:
            response.body = self.read_to_end(left)
        else:
            response.body = self.read(int(length), left)
        return response

    def _read_chunks(self, timeout):
        body = b""
        while True:
            size = int(self.read_until(b"\r\n", timeout).split(b";")[0], 16)
            body += self.read(size, timeout)
            self.read(2, timeout)
            if not size:
                return body


def request(method, path, headers=(), *, host="localhost", body=b""):
    lines = [f"{method} {path} HTTP/1.1"]
    if host is not None:
        lines.append(f"Host: {host}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def upgrade(
    path="/",
    headers=(),
    *,
    host="localhost",
    key="dGhlIHNhbXBsZSBub25jZQ==",
    without=(),
    **replaced,
):
    """A good upgrade request, but for what the test changes: `without` names headers to
    leave out, `replaced` gives others a new value (`connection="close"`)."""
    standard = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
    }
    for name, value in replaced.items():
        match = [n for n in standard if n.lower() == name.replace("_", "-").lower()]
        standard[match[0]] = value
    for name in without:
        standard.pop(name)
    return request("GET", path, [*standard.items(), *headers], host=host)


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def frame(opcode, payload=b"", *, fin=True, mask=b"\x12\x34\x56\x78", rsv=0, form=None):
    """One frame. `mask` None leaves it unmasked; `form` forces a length of 7, 16 or 64
    bits, fitting or not."""
    if isinstance(payload, str):
        payload = payload.encode()
    length = len(payload)
    form = form or (7 if length < 126 else 16 if length < 65536 else 64)
    flag = 0x80 if mask is not None else 0
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    if form == 7:
        head += bytes([flag | length])
    elif form == 16:
        head += bytes([flag | 126]) + struct.pack("!H", length)
    else:
        head += bytes([flag | 127]) + struct.pack("!Q", length)
    if mask is None:
        return head + payload
    stream = (mask * (length // 4 + 1))[:length]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")
    return head + mask + masked.to_bytes(length, "big")


def close_payload(code, reason=""):
    return struct.pack("!H", code) + reason.encode()


class Client(Socket):
    """A WebSocket client. Pings are answered while it waits for something, unless
    `answer_pings` is off."""

    def __init__(
        self,
        port,
        path="/",
        headers=(),
        *,
        name="localhost",
        protocols=None,
        expect=101,
        **options,
    ):
        super().__init__(port, **options)
        self.answer_pings = True
        self.pings = self.pongs = 0
        self.others = collections.deque()  # messages that came while ask() waited
        self._tag = 0
        self._id = None
        headers = list(headers)
        if protocols:
            headers.append(("Sec-WebSocket-Protocol", protocols))
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(upgrade(path, headers, host=name, key=key))
        self.response = self.read_response()
        if self.response.status != 101 and expect == 101:
            self.drop()
            raise Refused(self.response)
        assert self.response.status == expect, self.response.status
        if expect == 101:
            assert self.response.header("sec-websocket-accept") == accept_of(key)
            assert self.response.header("upgrade").lower() == "websocket"
            assert self.response.header("connection").lower() == "upgrade"

    # -- out

    def text(self, text, **how):
        self.send(frame(TEXT, text, **how))

    def binary(self, data, **how):
        self.send(frame(BINARY, data, **how))

    def json(self, **message):
        self.text(json.dumps(message))

    def ping(self, payload=b""):
        self.send(frame(PING, payload))

    def close_frame(self, code=None, reason=""):
        self.send(frame(CLOSE, b"" if code is None else close_payload(code, reason)))

    # -- in

    def read_frame(self, timeout=DEADLINE):
        deadline = time.monotonic() + timeout

        def take(count):
            return self.read(count, max(deadline - time.monotonic(), 0.001))

        # Look before taking, so that a timeout leaves the stream at a frame's start.
        while len(self.buffer) < 2:
            self._fill(deadline)
        first, second = take(2)
        assert not second & 0x80, "a server's frame must not be masked"
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", take(2))
            assert length >= 126, "not the shortest length"
        elif length == 127:
            (length,) = struct.unpack("!Q", take(8))
            assert length >= 65536, "not the shortest length"
        return Frame(bool(first & 0x80), first & 15, take(length), first >> 4 & 7)

    def read_message(self, timeout=DEADLINE):
        """(opcode, payload) of the next message, or of the close frame."""
        deadline = time.monotonic() + timeout
        opcode, payload = None, b""
        while True:
            got = self.read_frame(max(deadline - time.monotonic(), 0.001))
            assert got.rsv == 0, "reserved bits without an extension"
            if got.opcode == PING:
                self.pings += 1
                if self.answer_pings:
                    self.send(frame(PONG, got.payload))
            elif got.opcode == PONG:
                self.pongs += 1
            elif got.opcode == CLOSE:
                return CLOSE, got.payload
            else:
                assert (got.opcode == CONTINUATION) == (opcode is not None)
                opcode = opcode or got.opcode
                payload += got.payload
                if got.fin:
                    return opcode, payload

    def recv(self, timeout=DEADLINE):
        """The next text message."""
        if self.others:
            return self.others.popleft()
        opcode, payload = self.read_message(timeout)
        assert opcode == TEXT, (opcode, payload[:200])
        return payload.decode()

    def recv_json(self, timeout=DEADLINE):
        return json.loads(self.recv(timeout))

    def recv_binary(self, timeout=DEADLINE):
        opcode, payload = self.read_message(timeout)
        assert opcode == BINARY, (opcode, payload[:200])
        return payload

    def ask(self, action, *, timeout=DEADLINE, **what):
        """Ask the probe and wait for its answer; what else comes waits in `others`."""
        tag = self.tell(action, **what)
        return self.answer(tag, timeout)

    def tell(self, action, **what):
        """Ask the probe and go on; answer(tag) waits."""
        self._tag += 1
        self.json(action=action, tag=self._tag, **what)
        return self._tag

    def answer(self, tag, timeout=DEADLINE):
        deadline = time.monotonic() + timeout
        while True:
            opcode, payload = self.read_message(max(deadline - time.monotonic(), 0.001))
            assert opcode == TEXT, (opcode, payload[:200])
            try:
                message = json.loads(payload)
            except ValueError:
                message = None
            if isinstance(message, dict) and message.get("tag") == tag and "re" in message:
                return message
            self.others.append(payload.decode())

    @property
    def id(self):
        if not self._id:
            self._id = self.ask("whoami")["id"]
        return self._id

    def expect_close(self, code, reason=None, *, timeout=DEADLINE, answer=True):
        """The server's close frame, our echo of it, and then the end of the stream.
        Messages on the way are kept in `others`. Returns the reason."""
        deadline = time.monotonic() + timeout
        while True:
            opcode, payload = self.read_message(max(deadline - time.monotonic(), 0.001))
            if opcode == CLOSE:
                break
            self.others.append(payload)
        got = struct.unpack("!H", payload[:2])[0] if payload else None
        text = payload[2:].decode()
        assert got == code, f"closed with {got} {text!r}, expected {code}"
        if reason is not None:
            assert text == reason
        if answer:
            try:
                self.send(frame(CLOSE, payload[:2]))
            except OSError:
                pass  # it may have closed already, as a server may
        self.expect_end(timeout)
        return text

    def close(self, code=1000, reason=""):
        """Our close frame, the server's echo, the end."""
        self.close_frame(code, reason)
        self.expect_close(code, answer=False)
        self.drop()

    def silence(self, seconds=0.3):
        """Nothing but pings comes for so long."""
        assert not self.others, self.others
        try:
            got = self.read_message(seconds)
        except TimeoutError:
            assert not self.buffer
            return
        raise AssertionError(f"expected silence, got {got}")
