-- What most handlers do: decode the message, look at it and at the event, answer.
local function decode(ev)
    local message = ev.json
    if message.action ~= ev.route or #ev.conn ~= 16 or ev.stage == "" then
        return nil, "invalid"
    end
    return ev.body
end

return { routes = { echo = decode } }
