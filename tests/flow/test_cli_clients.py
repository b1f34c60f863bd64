"""Clients that others wrote: the command line of python3-websockets, its library, wscat."""

import asyncio
import json
import subprocess

import websockets


def test_the_command_line_of_websockets_talks_to_it(host):
    served = host()
    client = subprocess.Popen(
        ["/usr/bin/python3", "-m", "websockets", f"ws://127.0.0.1:{served.port}/"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    client.stdin.write('{"action":"echo","hello":"there"}\n')
    client.stdin.flush()
    seen = ""
    while '"hello":"there"' not in seen:
        line = client.stdout.readline()
        assert line, seen
        seen += line
    client.stdin.close()
    client.stdout.read()
    assert client.wait(20) == 0


def test_wscat_talks_to_it(host, wscat):
    served = host()
    done = subprocess.run(
        [
            wscat,
            "-c",
            f"ws://127.0.0.1:{served.port}/",
            "-x",
            '{"action":"echo"}',
            "-w",
            "1",
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert '{"action":"echo"}' in done.stdout


def test_a_library_that_offers_compression_is_served_without(host, workers):
    served = host(workers=workers)

    async def talk(number):
        uri = f"ws://127.0.0.1:{served.port}/?n={number}"
        async with websockets.connect(uri, compression="deflate") as ws:
            assert not ws.extensions
            for i in range(20):
                await ws.send(json.dumps({"action": "echo", "n": number, "i": i}))
                assert json.loads(await ws.recv()) == {
                    "action": "echo",
                    "n": number,
                    "i": i,
                }
            await (await ws.ping())

    async def crowd():
        await asyncio.gather(*(talk(n) for n in range(40)))

    asyncio.run(crowd())


def test_a_library_gets_its_subprotocol(host):
    served = host()

    async def talk():
        uri = f"ws://127.0.0.1:{served.port}/?protocol=beta"
        async with websockets.connect(uri, subprotocols=["alpha", "beta"]) as ws:
            assert ws.subprotocol == "beta"

    asyncio.run(talk())


def test_a_library_sees_the_status_of_a_refusal(host):
    served = host()

    async def talk():
        try:
            await websockets.connect(f"ws://127.0.0.1:{served.port}/?refuse=429")
        except websockets.InvalidStatusCode as refused:
            return refused.status_code

    assert asyncio.run(talk()) == 429


def test_a_library_sees_the_servers_close(host):
    served = host()

    async def talk():
        async with websockets.connect(f"ws://127.0.0.1:{served.port}/") as ws:
            await ws.send('{"action":"close","code":4000,"reason":"enough"}')
            try:
                await ws.recv()
            except websockets.ConnectionClosed as closed:
                return closed.rcvd.code, closed.rcvd.reason

    assert asyncio.run(talk()) == (4000, "enough")


def test_large_and_fragmented_messages_of_a_library_come_back(host):
    served = host()

    async def talk():
        async with websockets.connect(f"ws://127.0.0.1:{served.port}/") as ws:
            text = json.dumps(
                {"action": "echo", "pad": "\u20ac" * 30000}, ensure_ascii=False
            )
            await ws.send(text)
            assert await ws.recv() == text
            await ws.send([text[i : i + 1000] for i in range(0, len(text), 1000)])
            assert await ws.recv() == text

    asyncio.run(talk())
