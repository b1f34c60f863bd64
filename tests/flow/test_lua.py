"""Scripts that are wrong, or want too much: what the client, the log and the others see."""

import json
import os
import re
import time

import pytest

pytestmark = pytest.mark.only("lua", reason="it is about scripts")

INTERNAL = "Internal server error"
TIMED_OUT = "Endpoint request timed out"

SCRIPT = """\
local jf = require "jackfield"
local routes = {}

function routes.fine(ev) return "fine " .. jf.worker end

function routes.spin() while true do end end

function routes.spin_caught()
    while true do pcall(function() while true do end end) end
end

function routes.spin_apart()
    coroutine.wrap(function() while true do end end)()
end

-- One call into C that would take longer than the universe.
function routes.pattern()
    return tostring(("a"):rep(40):find(("a?"):rep(40) .. ("a"):rep(40)))
end

function routes.repetition() return ("x"):rep(1e18, "") end

function routes.hoard()
    local all = {}
    while true do all[#all + 1] = ("x"):rep(1000) .. #all end
end

local function inner(ev) error("no such luck: " .. ev.json.text) end
function routes.fails(ev) inner(ev) end

function routes.event(ev) return jf.json.encode(ev.event()) end

return { routes = routes }
"""


@pytest.fixture
def script(host, tmp_path):
    """script(text) serves it with a small budget."""

    def serve(text=SCRIPT, workers=1, **config):
        path = tmp_path / "script.lua"
        path.write_text(text)
        config.setdefault("lua", {"budget_ms": 100, "memory_bytes": 4 << 20})
        served = host([{"file": str(path)}], config, workers)
        served.path = path
        return served

    return serve


@pytest.mark.parametrize("action", ["spin", "spin_caught", "spin_apart", "pattern"])
def test_a_script_over_its_budget_is_ended_and_goes_on(script, action):
    served = script()
    served.may_log("event=says", "event=handler_failed")
    with served.client() as client, served.client() as other:
        for _ in range(3):
            client.json(action=action)
            other.json(action="fine")
            began = time.monotonic()
            assert other.recv() == "fine 0"
            assert TIMED_OUT in client.recv()
            assert time.monotonic() - began < 10  # a sanitizer is slow; for ever is longer
            client.json(action="fine")
            assert client.recv() == "fine 0"
    said = served.wait_log(rf"script\.lua:\d+:.*budget of 100 ms.*route={action}\b")
    assert "traceback" in said


@pytest.mark.parametrize("action", ["hoard", "repetition"])
def test_a_script_that_wants_too_much_gets_nothing(script, action):
    served = script()
    served.may_log("event=says", "event=handler_failed")
    with served.client() as client:
        for _ in range(3):
            client.json(action=action)
            assert INTERNAL in client.recv()
            client.json(action="fine")
            assert client.recv() == "fine 0"
    assert served.lines(rf"route={action}\b")


def test_an_error_is_logged_with_its_way_there(script):
    served = script()
    served.may_log("event=says", "event=handler_failed")
    with served.client() as client:
        client.json(action="fails", text="today")
        assert INTERNAL in client.recv()
        line = served.wait_log("no such luck: today")
        number = SCRIPT[: SCRIPT.index("error(")].count("\n") + 1
        assert f"script.lua:{number}:" in line
        assert re.search(r"route=fails\b", line) and re.search(r"conn=\S{16}", line)
        assert "in upvalue 'inner'" in line or "in function" in line


def test_the_event_is_shaped_as_a_lambda_function_knows_it(script):
    with script().client() as client:
        client.json(action="event", text="x")
        event = client.recv_json()
        context = event["requestContext"]
        assert context["routeKey"] == "event"
        assert context["eventType"] == "MESSAGE"
        assert context["connectionId"].endswith("=")
        assert json.loads(event["body"])["text"] == "x"


@pytest.mark.parametrize(
    "text, reason",
    [
        ("return { routes = { a = function( end } }", r"script\.lua:1: .*near 'end'"),
        ("return { routes = {} }", r"routes"),
        ("return 5", r"routes"),
        ("\nerror('not today')", r"script\.lua:2: not today"),
        ("require 'nowhere'", r"nowhere"),
        ("while true do end", r"budget"),
        ("return { routes = { ['$conect'] = function() end } }", r"\$conect"),
        ("local f = io.open('/etc/passwd')", r"script\.lua:1: .*io"),
        ("os.execute('true')", r"script\.lua:1: .*execute"),
        ("\x1bLua", r"binary chunk"),
    ],
)
def test_a_script_that_does_not_load_stops_the_start(host, tmp_path, text, reason):
    path = tmp_path / "script.lua"
    path.write_text(text)
    program = host.run("run", str(path), "--port", "0")
    program.may_log(".")
    assert program.wait() == 1, program.text()
    assert program.lines(rf"^jackfield: .*script\.lua.*{reason}"), program.text()
    program.stop(code=1)


def test_a_script_that_does_not_exist_stops_the_start(host, tmp_path):
    program = host.run("run", str(tmp_path / "nowhere.lua"), "--port", "0")
    assert program.wait() == 1
    assert "nowhere.lua: no such file" in program.text()
    program.stop(code=1)


def test_what_is_logged_while_loading_is_not_lost(script):
    served = script(
        "jf.log.error('first') jf.log.error('second')\n"
        "return { routes = { fine = function() end } }",
        workers=2,
    )
    served.may_log("event=says")
    for text in ("first", "second"):  # once for the trial, and once for each worker
        assert len(served.lines(f"level=error .*text={text}$")) == 3


def test_a_module_that_changes_reloads_its_script(script, tmp_path):
    (tmp_path / "parts").mkdir()
    module = tmp_path / "parts" / "greeting.lua"
    module.write_text('return "Hello"')
    served = script(
        'local greeting = require "parts.greeting"\n'
        "return { routes = { greet = function() return greeting end } }",
        reload={"settle_ms": 50},
    )
    with served.client() as client:
        for count, text in enumerate(("Hello", "Good day", "Good night")):
            if count:
                fresh = module.with_suffix(".new")
                fresh.write_text(f'return "{text}"')
                os.rename(fresh, module)
                served.wait_log(r"event=reloaded\b", count=count)
            client.json(action="greet")
            assert client.recv() == text


def test_what_a_script_used_is_counted_in_the_end(script):
    served = script()
    served.may_log("event=says", "event=handler_failed")
    with served.client() as client:
        client.json(action="spin")
        client.recv()
        client.json(action="fails", text="x")
        client.recv()
    served.stop()
    assert served.lines(r"calls=2 errors=1 over_budget=1 out_of_memory=0 replaced=0")
