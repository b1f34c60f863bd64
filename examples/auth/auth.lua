--[[
auth - who may come in is decided before the upgrade, and known ever after.

  $connect   a token from "Authorization: Bearer TOKEN", or from ?token=TOKEN where there is
             no such header; 401 without one that is known
  whoami     answered with whose token it was

Options: {"tokens": {"TOKEN": "NAME", ...}}
]]
local jf = require "jackfield"

local WHO <const> = "who"

-- What is raised while a script is loaded stops the start.
local function refuse_option(name)
    local complaint = 'event=bad_option option="%s" known={"tokens":{"TOKEN":"NAME"}}'
    error(complaint:format(name), 0)
end

local function is_text(value)
    return type(value) == "string" and value ~= ""
end

local tokens = jf.options.tokens
for name in pairs(jf.options) do
    if name ~= "tokens" then
        refuse_option(name)
    end
end
if type(tokens) ~= "table" or next(tokens) == nil then
    refuse_option("tokens")
end
for token, name in pairs(tokens) do
    if not is_text(token) or not is_text(name) then
        refuse_option("tokens")
    end
end

-- How long it takes does not depend on where they differ, only on the length of what was
-- sent: a stranger learns nothing by measuring.
local function same(sent, token)
    local difference = #sent ~ #token
    for i = 1, #sent do
        difference = difference | (sent:byte(i) ~ (token:byte(i) or 0))
    end
    return difference == 0
end

-- All are looked at, for the same reason.
local function owner_of(sent)
    local owner
    for token, name in pairs(tokens) do
        if same(sent, token) then
            owner = name
        end
    end
    return owner
end

local function token_of(ev)
    local header = ev.headers["Authorization"]
    if not header then
        return ev.query.token or ""
    end
    local scheme, token = header:match("^(%a+) +(.*)$")
    return scheme and scheme:lower() == "bearer" and token or ""
end

local function on_connect(ev)
    local name = owner_of(token_of(ev))
    if not name then
        return ev:refuse(401, "a token is needed, and this is none\n")
    end
    return jf.attr.set(ev.conn, WHO, name)
end

local function on_whoami(ev)
    return jf.attr.get(ev.conn, WHO)
end

return { routes = { ["$connect"] = on_connect, whoami = on_whoami } }
