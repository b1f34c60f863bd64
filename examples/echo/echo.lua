-- echo - whatever a client says, it hears it back, text as text and binary as binary.
local jf = require "jackfield"

local function on_message(ev)
    return jf.send(ev.conn, ev.body, ev.binary and "binary" or "text")
end

return { routes = { echo = on_message, ["$default"] = on_message } }
