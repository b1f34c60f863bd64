--[[
later - answers that take their time, and hold up nobody else meanwhile.

  later      jf.sleep() before the answer
  $connect   the verdict takes its time, and is the client's choice:
             ?wait=MS               decide so many milliseconds later
             ?verdict=refuse        with ?status=NNN (403) and ?body=TEXT
             ?verdict=fail          as if something had broken: 502
             ?subprotocol=NAME      choose this one of those offered

A handler that waits is a coroutine set aside: its worker goes on with others, and its event
stays valid, body and all, until the handler returns. The route `thread` of later.c has no
twin here: scripts have no threads.
]]
local jf = require "jackfield"

local DELAY_MS <const> = 300
local WAIT_MS_MAX <const> = 60000

local function on_later(ev)
    local ok, err = jf.sleep(DELAY_MS)
    if not ok then
        return nil, err
    end
    return jf.send(ev.conn, ev.body, ev.binary and "binary" or "text")
end

-- A decimal number of at most `max`; `otherwise` if it is absent, -1 if it is none.
local function number(text, max, otherwise)
    if not text then
        return otherwise
    end
    local value = text:find("^%d+$") and math.tointeger(tonumber(text))
    return value and value <= max and value or -1
end

local function on_connect(ev)
    local wait = number(ev.query.wait, WAIT_MS_MAX, 0)
    if wait < 0 then
        return ev:refuse(400, "wait is a number of milliseconds up to 60000\n")
    end
    if wait > 0 then
        local ok, err = jf.sleep(wait)
        if not ok then
            return nil, err
        end
    end
    if ev.query.verdict == "refuse" then
        return ev:refuse(number(ev.query.status, 599, 403), ev.query.body or "")
    end
    if ev.query.verdict == "fail" then
        return nil, "internal"
    end
    local name = ev.query.subprotocol
    if name and name ~= "" then
        return ev:subprotocol(name)
    end
end

return { routes = { ["$connect"] = on_connect, later = on_later } }
