--[[
chat - one room; what one says, all hear. The same as plugins/chat/chat.c, line for line in
what a client sees; routes, options and frames are described there.

There is nothing shared here but the host's own: who is in the room is a group, a name is an
attribute of its connection, and how many are online is what the group counts. A number in
this script would count one worker's connections only.
]]
local jf = require "jackfield"

local ROOM <const> = "room"
local NAME <const> = "name"

local NAME_CHARS_MAX <const> = 32
local MESSAGE_LIMIT_MAX <const> = 1024 * 1024

-- ---- Options --------------------------------------------------------------------------

local known = {
    format = function(value)
        return value == "text" or value == "json"
    end,
    prefix = function(value)
        return type(value) == "string"
    end,
    max_message = function(value)
        return type(value) == "number" and value >= 1 and value <= MESSAGE_LIMIT_MAX
    end,
}

-- What is raised while a script is loaded stops the start.
for name, value in pairs(jf.options) do
    if not known[name] or not known[name](value) then
        local complaint = 'event=bad_option option="%s" known=format,prefix,max_message'
        error(complaint:format(name), 0)
    end
end

local is_json = jf.options.format == "json"
local prefix = jf.options.prefix or ""
local max_message = math.floor(jf.options.max_message or 4096)

local routes = {}

-- ---- Who is who -----------------------------------------------------------------------

-- Control characters, line breaks, and those that turn the direction of what follows.
local function is_unfit_for_names(c)
    return c < 0x20
        or (c >= 0x7f and c < 0xa0)
        or (c >= 0x2028 and c <= 0x202e)
        or (c >= 0x2066 and c <= 0x2069)
end

-- Names come percent-encoded in a URL, so they may be any bytes.
local function is_name(text)
    local chars = utf8.len(text)
    if not chars or chars == 0 or chars > NAME_CHARS_MAX then
        return false
    end
    if text:sub(1, 1) == " " or text:sub(-1) == " " then
        return false
    end
    for _, c in utf8.codes(text) do
        if is_unfit_for_names(c) then
            return false
        end
    end
    return true
end

-- Without a name, a piece of the id that differs from one guest to the next is one.
local function guest(ev)
    return "guest-" .. ev.conn:sub(11, 15)
end

-- The name it gave in $connect.
local function name_of(ev)
    local name, err = jf.attr.get(ev.conn, NAME)
    if err == "not_found" then
        return guest(ev)
    end
    return name, err
end

-- ---- What we say ----------------------------------------------------------------------

local function tell(ev, frame)
    return jf.send(ev.conn, jf.json.encode(frame))
end

-- To all in the room. When other nodes cannot be reached, who is on this one has heard it,
-- and that is as good as it gets.
local function send_room(text)
    local ok, err = jf.send_group(ROOM, text)
    return ok or err == "unavailable", err
end

local function tell_all(frame)
    return send_room(jf.json.encode(frame))
end

-- How many are in the room: nil when that cannot be known, and then nothing is said of it.
local function count_online()
    local online, err = jf.group.count(ROOM)
    return online, err ~= "unavailable" and err or nil
end

-- "welcome", "joined", "left": three of a kind.
local function presence(kind, ev, name, online)
    return { type = kind, id = ev.conn, name = name, online = online }
end

-- What went wrong, and what would go right: the routes a message can select.
local function tell_error(ev, what)
    local actions = jf.json.array {}
    for key in pairs(routes) do
        if key:sub(1, 1) ~= "$" then
            actions[#actions + 1] = key
        end
    end
    return tell(ev, { type = "error", message = what, actions = actions })
end

-- ---- $connect -------------------------------------------------------------------------

local function take_name(ev)
    local name = ev.query.name or ""
    if name == "" then
        return guest(ev)
    end
    if is_name(name) then
        local ok, err = jf.attr.set(ev.conn, NAME, name)
        return ok and name, err
    end
    local ok, err = tell_error(ev, "a name has 1 to 32 characters, none of them a control "
        .. "character, and no blank at either end")
    return ok and guest(ev), err
end

routes["$connect"] = function(ev)
    local ok, name, online, err
    ok, err = jf.group.join(ROOM, ev.conn)
    if not ok or not is_json then
        return ok, err
    end
    online, err = count_online()
    if err then
        return nil, err
    end
    name, err = take_name(ev)
    if not name then
        return nil, err
    end
    ok, err = tell(ev, presence("welcome", ev, name, online))
    if not ok then
        return nil, err
    end
    return tell_all(presence("joined", ev, name, online))
end

-- ---- onMessage ------------------------------------------------------------------------

local function say(ev, message)
    local text = prefix .. message
    if not is_json then
        return send_room(text)
    end
    local name, err = name_of(ev)
    if not name then
        return nil, err
    end
    return tell_all {
        type = "message",
        id = ev.conn,
        from = name,
        message = text,
        at = jf.now(),
    }
end

function routes.onMessage(ev)
    local body = ev.json
    local message = type(body) == "table" and body.message
    if type(message) ~= "string" then
        return tell_error(ev, '"message" is missing, or not a string')
    elseif message == "" then
        return tell_error(ev, '"message" is empty')
    elseif #message > max_message then
        return tell_error(ev, ('"message" is longer than %d bytes'):format(max_message))
    end
    return say(ev, message)
end

-- ---- $default -------------------------------------------------------------------------

routes["$default"] = function(ev)
    return tell_error(ev, "no such action; send JSON like "
        .. '{"action":"onMessage","message":"Hello everyone"}')
end

-- ---- $disconnect ----------------------------------------------------------------------

-- The membership would end by itself, only after this event; here it is not to be counted
-- any more. The name can still be asked for.
routes["$disconnect"] = function(ev)
    if not is_json then
        return
    end
    local ok, online, name, err
    ok, err = jf.group.leave(ROOM, ev.conn)
    if not ok then
        return nil, err
    end
    online, err = count_online()
    if err then
        return nil, err
    end
    name, err = name_of(ev)
    if not name then
        return nil, err
    end
    return tell_all(presence("left", ev, name, online))
end

return { routes = routes }
