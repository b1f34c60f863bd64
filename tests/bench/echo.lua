-- The least that a handler in Lua can do.
local function echo(ev)
    return ev.body
end

return { routes = { echo = echo } }
