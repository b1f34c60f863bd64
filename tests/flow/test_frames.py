"""RFC 6455, frame by frame: what is legal works in every cut, what is not ends as it must."""

import random
import struct

import pytest
import raw

SIZES = [0, 1, 124, 125, 126, 127, 4096, 65534, 65535, 65536, 65537, 131072]


@pytest.fixture
def served(standing):
    return standing()


@pytest.fixture
def aws(standing):
    return standing(config={"profile": "aws"})


@pytest.fixture
def client(served):
    with served.client() as client:
        yield client


def say(text="x"):
    """A message that is echoed."""
    return '{"action":"echo","text":"%s"}' % text


def padded(size):
    """An echo message of exactly so many octets."""
    return say("x" * (size - len(say(""))))


# -- what is legal


@pytest.mark.parametrize("size", SIZES)
def test_text_of_any_size_comes_back(client, size):
    if size < len(say("")):
        client.text("x" * size)
        assert client.recv_json()["body"] == "x" * size
    else:
        client.text(padded(size))
        assert client.recv() == padded(size)


@pytest.mark.parametrize("size", SIZES)
def test_binary_of_any_size_comes_back(client, size):
    data = random.Random(size).randbytes(size)
    client.binary(data)
    assert client.recv_binary() == data


def test_a_message_may_come_in_many_fragments(client):
    text = say("f" * 500)
    parts = [text[i : i + 7] for i in range(0, len(text), 7)]
    client.text(parts[0], fin=False)
    for part in parts[1:-1]:
        client.send(raw.frame(raw.CONTINUATION, part, fin=False))
    client.send(raw.frame(raw.CONTINUATION, parts[-1]))
    assert client.recv() == text


def test_fragments_may_be_empty(client):
    client.text("", fin=False)
    client.send(raw.frame(raw.CONTINUATION, b"", fin=False))
    client.send(raw.frame(raw.CONTINUATION, say(), fin=False))
    client.send(raw.frame(raw.CONTINUATION, b""))
    assert client.recv() == say()


def test_control_frames_may_stand_between_fragments(client):
    text = say("abc")
    client.text(text[:5], fin=False)
    client.ping(b"between")
    assert client.read_frame() == raw.Frame(True, raw.PONG, b"between")
    client.send(raw.frame(raw.PONG, b"unasked"))
    client.send(raw.frame(raw.CONTINUATION, text[5:]))
    assert client.recv() == text


def test_a_character_may_be_cut_by_fragments(client):
    text = say("\u20ac\U0001f600").encode()
    client.text(text[:1], fin=False)
    for i in range(1, len(text) - 1):
        client.send(raw.frame(raw.CONTINUATION, text[i : i + 1], fin=False))
    client.send(raw.frame(raw.CONTINUATION, text[-1:]))
    assert client.recv() == text.decode()


@pytest.mark.parametrize("payload", [b"", b"ping", b"\x00\xff" * 62, b"x" * 125], ids=len)
def test_a_ping_is_answered_with_its_payload(client, payload):
    client.ping(payload)
    assert client.read_frame() == raw.Frame(True, raw.PONG, payload)


def test_pings_are_answered_while_a_handler_works(client, served):
    with served.client() as other:
        client.json(action="hang", name="busy")
        client.ping(b"still there?")
        assert client.read_frame() == raw.Frame(True, raw.PONG, b"still there?")
        while not other.ask("release", name="busy")["released"]:
            pass


def test_an_unasked_pong_is_ignored(client):
    client.send(raw.frame(raw.PONG, b"hello"))
    client.text(say())
    assert client.recv() == say()


def test_a_stream_may_be_cut_anywhere(served):
    """Two messages, a ping and a long-form frame, cut at every single place."""
    stream = (
        raw.frame(raw.TEXT, say("a"))
        + raw.frame(raw.PING, b"p")
        + raw.frame(raw.TEXT, say("\u00e9")[:9], fin=False)
        + raw.frame(raw.CONTINUATION, say("\u00e9")[9:])
        + raw.frame(raw.TEXT, padded(130))
    )
    with served.client() as client:
        for cut in range(1, len(stream)):
            client.send(stream[:cut])
            client.send(stream[cut:])
            got = [client.read_frame() for _ in range(4)]
            texts = [f.payload.decode() for f in got if f.opcode == raw.TEXT]
            assert texts == [say("a"), say("\u00e9"), padded(130)]
            assert [f.payload for f in got if f.opcode == raw.PONG] == [b"p"]


def test_a_stream_may_come_octet_by_octet(client):
    client.send_slowly(raw.frame(raw.TEXT, padded(300)))
    assert client.recv() == padded(300)


def test_many_messages_in_one_write_are_answered_in_order(client):
    client.send(b"".join(raw.frame(raw.TEXT, say(str(i))) for i in range(500)))
    assert [client.recv() for _ in range(500)] == [say(str(i)) for i in range(500)]


def test_a_mask_of_zeros_is_a_mask(client):
    client.text(say(), mask=b"\0\0\0\0")
    assert client.recv() == say()


# -- what is not


def fails(client, data, code):
    client.send(data)
    client.expect_close(code)


PROTOCOL_ERRORS = {
    "an unmasked frame": raw.frame(raw.TEXT, "x", mask=None),
    "an unmasked close": raw.frame(raw.CLOSE, raw.close_payload(1000), mask=None),
    "a reserved bit": raw.frame(raw.TEXT, "x", rsv=4),
    "another reserved bit": raw.frame(raw.TEXT, "x", rsv=2),
    "the last reserved bit": raw.frame(raw.TEXT, "x", rsv=1),
    "a reserved bit on a ping": raw.frame(raw.PING, "x", rsv=4),
    "a reserved data opcode": raw.frame(3, "x"),
    "the last reserved data opcode": raw.frame(7, "x"),
    "a reserved control opcode": raw.frame(11, "x"),
    "the last reserved control opcode": raw.frame(15, "x"),
    "a fragmented ping": raw.frame(raw.PING, "x", fin=False),
    "a fragmented close": raw.frame(raw.CLOSE, raw.close_payload(1000), fin=False),
    "a ping of 126 octets": raw.frame(raw.PING, "x" * 126),
    "a close of 126 octets": raw.frame(raw.CLOSE, raw.close_payload(1000) + b"x" * 124),
    "a continuation of nothing": raw.frame(raw.CONTINUATION, "x"),
    "a message within a message": raw.frame(raw.TEXT, "x", fin=False)
    + raw.frame(raw.TEXT, "y"),
    "a length longer than needed": raw.frame(raw.TEXT, "x", form=16),
    "a length much longer than needed": raw.frame(raw.TEXT, "x", form=64),
    "a length with its highest bit": b"\x81\xff" + struct.pack("!Q", 1 << 63) + b"mask",
    "a close of one octet": raw.frame(raw.CLOSE, b"\x03"),
}
for bad in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
    PROTOCOL_ERRORS[f"close code {bad}"] = raw.frame(raw.CLOSE, raw.close_payload(bad))


@pytest.mark.parametrize(
    "data", PROTOCOL_ERRORS.values(), ids=[k.replace(" ", "_") for k in PROTOCOL_ERRORS]
)
def test_a_protocol_error_closes_with_1002(client, data):
    fails(client, data, 1002)


BAD_TEXTS = {
    "a lone continuation octet": b"\x80",
    "an overlong slash": b"\xc0\xaf",
    "a surrogate": b"\xed\xa0\x80",
    "beyond the last character": b"\xf4\x90\x80\x80",
    "a cut character at the end": b"abc\xe2\x82",
    "an octet that never occurs": b"\xff",
}


@pytest.mark.parametrize(
    "text", BAD_TEXTS.values(), ids=[k.replace(" ", "_") for k in BAD_TEXTS]
)
def test_text_that_is_no_utf8_closes_with_1007(client, text):
    fails(client, raw.frame(raw.TEXT, text), 1007)


def test_a_close_reason_that_is_no_utf8_closes_with_1007(client):
    fails(client, raw.frame(raw.CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007)


def test_bad_utf8_is_found_before_the_message_ends(client):
    fails(client, raw.frame(raw.TEXT, b"abc\xff", fin=False), 1007)


def test_binary_may_be_no_utf8(client):
    client.binary(b"\xff\xfe")
    assert client.recv_binary() == b"\xff\xfe"


def test_a_message_over_128_kib_closes_with_1009(client):
    fails(client, raw.frame(raw.TEXT, "x" * 131073), 1009)


def test_a_frame_is_too_big_as_soon_as_it_says_so(client):
    head = b"\x81\xff" + struct.pack("!Q", 1 << 40) + b"mask"
    fails(client, head, 1009)


def test_fragments_that_add_up_to_too_much_close_with_1009(client):
    client.text("x" * 65536, fin=False)
    client.send(raw.frame(raw.CONTINUATION, "x" * 65536, fin=False))
    fails(client, raw.frame(raw.CONTINUATION, "x"), 1009)


def test_nothing_after_a_violation_is_handled(served):
    with served.client() as client, served.client() as watcher:
        watcher.ask("join", group="g")
        client.send(
            raw.frame(3, "x")
            + raw.frame(raw.TEXT, '{"action":"gsend","group":"g","text":"after"}')
        )
        client.expect_close(1002)
        watcher.silence()


# -- closing


@pytest.mark.parametrize(
    "code", [1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 3999, 4000, 4999]
)
def test_a_close_is_answered_with_its_code(client, code):
    client.close_frame(code, "bye")
    client.expect_close(code, answer=False)


def test_a_close_without_a_code_is_answered_without_one(client):
    client.close_frame()
    opcode, payload = client.read_message()
    assert (opcode, payload) == (raw.CLOSE, b"")
    client.expect_end()


def test_a_close_waits_for_no_message_behind_it(client):
    client.send(raw.frame(raw.CLOSE, raw.close_payload(1000)) + raw.frame(raw.TEXT, say()))
    client.expect_close(1000, answer=False)
    assert not client.others


# -- the aws profile


def test_aws_refuses_binary_with_1003(aws):
    with aws.client() as client:
        fails(client, raw.frame(raw.BINARY, b"x"), 1003)


def test_aws_takes_frames_of_32_kib_and_messages_of_128(aws):
    with aws.client() as client:
        client.text(padded(32768))
        assert client.recv() == padded(32768)
        text = padded(131072)
        for i in range(4):
            part = text[i * 32768 : (i + 1) * 32768]
            client.send(raw.frame(raw.CONTINUATION if i else raw.TEXT, part, fin=i == 3))
        assert client.recv() == text


def test_aws_refuses_larger_frames_with_1009(aws):
    with aws.client() as client:
        fails(client, raw.frame(raw.TEXT, "x" * 32769), 1009)


def test_limits_can_be_configured(standing):
    served = standing(config={"limits": {"message_bytes": 1024, "frame_bytes": 512}})
    with served.client() as client:
        client.text(padded(512))
        assert client.recv() == padded(512)
        fails(client, raw.frame(raw.TEXT, "x" * 513), 1009)
