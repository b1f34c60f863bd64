--[[
probe - what the flow tests ask the host through; see probe.h. Verb for verb the same as in
C, but for what Lua does not have: `thread`, `post`, and a number that is no status.

Each worker has its own copy of this, so what one connection wants of another goes through
the store.
]]
local jf = require "jackfield"

local routes = {}

-- ---- Asking and answering -------------------------------------------------------------

-- The message as JSON, {} if it is none.
local function ask_of(ev)
    local ask = ev.json
    return type(ask) == "table" and ask or {}
end

local function kind(ask)
    return ask.binary == true and "binary" or "text"
end

-- Bytes as text, octets read as Latin-1 so that none is lost.
local function latin1(bytes)
    return (bytes:gsub("[\0\x80-\xff]", function(c)
        return c == "\0" and "\u{2400}" or utf8.char(c:byte())
    end))
end

local function octets(bytes)
    return bytes and latin1(bytes)
end

local function reply(ev, answer)
    local ask = ask_of(ev)
    if ask.quiet == true then
        return true
    end
    answer.re, answer.tag = latin1(ev.route), ask.tag
    return jf.send(ev.conn, jf.json.encode(answer))
end

local function send_event(ev)
    return jf.send(ev.conn, jf.json.encode(ev.event()))
end

-- What a call of jf has returned, as a status.
local function reply_status(ev, ok, err)
    return reply(ev, { status = ok and "ok" or err })
end

-- The connection "to" names, or the sender.
local function target(ev, ask)
    return ask.to or ev.conn
end

-- ---- $connect -------------------------------------------------------------------------

-- What $connect saw of this worker's connections.
local sightings = {}

local function pairs_of(list)
    local all = jf.json.array {}
    for name, value in pairs(list) do
        all[#all + 1] = jf.json.array { latin1(name), latin1(value) }
    end
    return all
end

local function remember(ev)
    sightings[ev.conn] = {
        path = latin1(ev.path),
        peer = latin1(ev.peer),
        subprotocols = table.concat(ev.subprotocols, ","),
        stage = latin1(ev.stage),
        route = latin1(ev.route),
        headers = pairs_of(ev.headers),
        query = pairs_of(ev.query),
    }
end

-- Answer who asked for a release, in an attribute of theirs; what they asked for.
local function obey(ev, name, releaser)
    local order = jf.json.decode(jf.attr.get(releaser, "release " .. name) or "{}")
    jf.attr.set(releaser, "released", jf.json.encode {
        conn = ev.conn,
        event = order.event and ev.event() or nil,
    })
    jf.group.leave("held " .. name, ev.conn)
    return order
end

-- Until somebody, on any worker, asks for the release of that name: what was said there.
local function wait_for_release(ev, name)
    local ok, err = jf.group.join("held " .. name, ev.conn)
    while ok do
        local releasers
        releasers, err = jf.group.members("release " .. name)
        if not releasers then
            return nil, err
        end
        if releasers[1] then
            return obey(ev, name, releasers[1])
        end
        ok, err = jf.sleep(10)
    end
    return nil, err
end

-- Wait, and then end as it was said.
local function hold(ev, name)
    local order, err = wait_for_release(ev, name)
    if not order then
        return nil, err
    end
    if order.http then
        return ev:refuse(order.http, order.body or "")
    end
    if order.status and order.status ~= "ok" then
        return nil, order.status
    end
    return true
end

local function verdict(ev)
    local query = ev.query
    if query.refuse then
        sightings[ev.conn] = nil
        return ev:refuse(tonumber(query.refuse) or 0, query.body or "")
    end
    local status = query.deny and "denied" or query.timeout and "timeout"
        or query.fail and "internal"
    if status then
        sightings[ev.conn] = nil
        return nil, status
    end
    return true
end

local function greet(ev)
    for i = 0, (tonumber(ev.query.hello) or 0) - 1 do
        local ok, err = jf.send(ev.conn, ("hello %d"):format(i))
        if not ok then
            return nil, err
        end
    end
    return true
end

routes["$connect"] = function(ev)
    local query = ev.query
    remember(ev)
    local ok, err = greet(ev)
    if ok and query.protocol then
        ok, err = ev:subprotocol(query.protocol)
    end
    if ok and query.group then
        ok, err = jf.group.join(query.group, ev.conn)
    end
    if ok and query.event then
        ok, err = send_event(ev)
    end
    if ok and query.hang then
        return hold(ev, query.hang)
    end
    if ok and query.wait then
        ok, err = jf.sleep(tonumber(query.wait))
    end
    if not ok then
        return nil, err
    end
    return verdict(ev)
end

function routes.describe(ev)
    return reply(ev, { seen = sightings[ev.conn] })
end

-- ---- $disconnect ----------------------------------------------------------------------

local function tell_group(group, news)
    local ok, err = jf.send_group(group, jf.json.encode(news))
    if not ok and err ~= "stopping" then
        jf.log.error("cannot tell: %s", err)
    end
end

-- The note is an attribute: that it arrives here shows how long those live.
routes["$disconnect"] = function(ev)
    tell_group("events", ev.event())
    jf.group.leave("room", ev.conn)
    local count, problem = jf.group.count("room")
    tell_group("events", { left = "room", status = problem or "ok", count = count })

    local note = jf.attr.get(ev.conn, "note") or ""
    jf.log.info("disconnect %s code %d reason %s", ev.conn, ev.code, ev.reason)
    local sent, fate = jf.send(ev.conn, "are you there")
    tell_group("watch", {
        event = "disconnect",
        id = ev.conn,
        code = ev.code,
        reason = latin1(ev.reason),
        note = latin1(note),
        send = sent and "ok" or fate,
    })
    sightings[ev.conn] = nil
end

-- ---- Who and what ---------------------------------------------------------------------

-- What begins with "EVENT" is answered with its event. Binary comes back as it is; of text,
-- what it said, if that is short.
routes["$default"] = function(ev)
    local body = ev.body
    if #body > 5 and body:sub(1, 5) == "EVENT" then
        return send_event(ev)
    elseif ev.binary then
        return jf.send(ev.conn, body, "binary")
    end
    return reply(ev, { size = #body, body = #body <= 1000 and latin1(body) or nil })
end

function routes.whoami(ev)
    return reply(ev, {
        id = ev.conn,
        worker = jf.worker,
        workers = jf.workers,
        stage = latin1(ev.stage),
    })
end

function routes.event(ev)
    local name = ask_of(ev).variable
    return reply(ev, {
        event = ev.event(),
        once = ev.event() == ev.event(),
        variable = name and ev.stageVariables and octets(ev.stageVariables[name]),
    })
end

-- Fail as the message says.
routes["return"] = function(ev)
    local status = ask_of(ev).status or "internal"
    if status == "ok" then
        return true
    end
    return nil, status
end

routes.fail = routes["return"]

function routes.deny()
    return false
end

-- ---- Later ----------------------------------------------------------------------------

function routes.hang(ev)
    return hold(ev, ask_of(ev).name or "")
end

-- End all that are held under a name. If nobody seems to be, it is said for a while all the
-- same: one whose connection has gone is held, and in no group.
function routes.release(ev)
    local ask = ask_of(ev)
    local name = ask.name or ""
    local answer, seen, turns = { released = 0 }, {}, 0
    local function count(conn)
        answer.released = answer.released + (seen[conn] and 0 or 1)
        seen[conn] = true
    end

    jf.attr.set(ev.conn, "released", "")
    jf.attr.set(ev.conn, "release " .. name, jf.json.encode(ask))
    jf.group.join("release " .. name, ev.conn)
    repeat
        local held, err = jf.group.members("held " .. name)
        if not held then
            return nil, err
        end
        for _, conn in ipairs(held) do
            count(conn)
        end
        local latest = jf.json.decode(jf.attr.get(ev.conn, "released") or "{}")
        if latest.conn then
            count(latest.conn)
            answer.event = latest.event
        end
        turns = turns + 1
        jf.sleep(5)
    until #held == 0 and (latest.conn or turns > 40)
    jf.group.leave("release " .. name, ev.conn)
    return reply(ev, answer)
end

function routes.sleepy(ev)
    return reply_status(ev, jf.sleep(ask_of(ev).ms or 100))
end

-- ---- Sending --------------------------------------------------------------------------

function routes.echo(ev)
    return jf.send(ev.conn, ev.body, ev.binary and "binary" or "text")
end

function routes.sendto(ev)
    local ask = ask_of(ev)
    return reply_status(ev, jf.send(target(ev, ask), ask.text or "", kind(ask)))
end

function routes.many(ev)
    local ask = ask_of(ev)
    return reply_status(ev, jf.send_many(ask.to, ask.text or "", kind(ask)))
end

function routes.gsend(ev)
    local ask = ask_of(ev)
    return reply_status(ev, jf.send_group(ask.group or "", ask.text or "", kind(ask)))
end

function routes.all(ev)
    local ask = ask_of(ev)
    return reply_status(ev, jf.send_all(ev.stage, ask.text or "", kind(ask)))
end

-- "n" messages of "size" octets, each beginning with its number; answers how many the host
-- took, how many it called FULL, and how many failed otherwise.
function routes.burst(ev)
    local ask = ask_of(ev)
    local size, to = ask.size or 16, target(ev, ask)
    local dots = ("."):rep(math.max(size - 8, 0))
    local count = { status = "ok", ok = 0, full = 0, other = 0 }
    for i = 0, (ask.n or 1) - 1 do
        local ok, err = jf.send(to, ("%08d"):format(i):sub(1, size) .. dots, kind(ask))
        local fate = ok and "ok" or err == "full" and "full" or "other"
        count[fate] = count[fate] + 1
        count.status = err == "invalid" and err or count.status
    end
    local ok, err = reply(ev, count)
    if not ok and err == "full" then
        return true -- a burst at itself may leave no room
    end
    return ok, err
end

-- "then" is a word of the language.
routes["then"] = function(ev)
    local ask = ask_of(ev)
    return reply_status(ev, jf.send_wait(target(ev, ask), ask.text or "", kind(ask)))
end

-- Close a group, or whoever has "value" as "key"; "say" goes to all before.
function routes.kick(ev)
    local ask = ask_of(ev)
    local code, reason, ok, err = ask.code or 1000, ask.reason or "", true, nil
    if ask.say then
        ok, err = jf.send_all(ev.stage, ask.say)
    end
    if ok and ask.group then
        ok, err = jf.close_group(ask.group, code, reason)
    elseif ok then
        local stage = ask.stage or ev.stage
        ok, err = jf.close_where(stage, ask.key or "", ask.value or "", code, reason)
    end
    return reply_status(ev, ok, err)
end

-- Close somebody, or oneself; "say" goes out before.
function routes.close(ev)
    local ask = ask_of(ev)
    local to, ok, err = target(ev, ask), true, nil
    if ask.say then
        ok, err = jf.send(to, ask.say)
    end
    if ok then
        ok, err = jf.close(to, ask.code or 1000, ask.reason or "")
    end
    if ask.to or not ok then
        return reply_status(ev, ok, err)
    end
    return true
end

-- ---- The store ------------------------------------------------------------------------

function routes.set(ev)
    local ask = ask_of(ev)
    return reply_status(ev, jf.attr.set(target(ev, ask), ask.key or "", ask.value or ""))
end

function routes.get(ev)
    local ask = ask_of(ev)
    local value, err = jf.attr.get(target(ev, ask), ask.key or "")
    return reply(ev, { status = value and "ok" or err, value = value and latin1(value) })
end

function routes.join(ev)
    local ask = ask_of(ev)
    return reply_status(ev, jf.group.join(ask.group or "", target(ev, ask)))
end

function routes.leave(ev)
    local ask = ask_of(ev)
    return reply_status(ev, jf.group.leave(ask.group or "", target(ev, ask)))
end

function routes.count(ev)
    local count, err = jf.group.count(ask_of(ev).group or "")
    return reply(ev, { status = count and "ok" or err, count = count })
end

function routes.members(ev)
    local members, err = jf.group.members(ask_of(ev).group or "")
    return reply(ev, {
        status = members and "ok" or err,
        members = jf.json.array(members or {}),
    })
end

return { routes = routes }
