-- A script with the routes its options name, {"routes": ["a", "$default"]}, and no other:
-- each answers which route it is and what it was given. routes.c is the same in C.
local jf = require "jackfield"

local routes = {}
for _, key in ipairs(jf.options.routes) do
    routes[key] = function(ev)
        return jf.json.encode { route = key, body = ev.body }
    end
end

return { routes = routes }
