--[[
room - a chat among those who have a token

  $connect   enters the room, and is told who it is
  say        {"action":"say","text":"Hello"}: all hear it, and from whom

Who says something, its token says; nothing that a client writes changes that. The model in
login.json has seen to it that "text" is a text.
]]
local jf = require "jackfield"

local ROOM <const> = "room"

local routes = {}

routes["$connect"] = function(ev)
    local ok, err = jf.group.join(ROOM, ev.conn)
    if not ok then
        return nil, err
    end
    return jf.send(ev.conn, jf.json.encode {
        type = "welcome",
        name = ev.authorizer.name,
        expires = tonumber(ev.authorizer.exp),
    })
end

function routes.say(ev)
    return jf.send_group(ROOM, jf.json.encode {
        type = "said",
        from = ev.authorizer.name,
        text = ev.json.text,
    })
end

return { routes = routes }
