--[[
greet - state without locks: an answer from the store, a count per worker.

  name    {"action":"name","name":"Ann"}: who speaks here; kept as an attribute
  greet   {"action":"greet"}: a greeting by that name, and the how many-th of its worker

An attribute belongs to its connection and can be asked for from anywhere; the handler waits
for the answer, its worker does not. A script's variables belong to one worker: each has its
own `greeted`.
]]
local jf = require "jackfield"

local NAME <const> = "name"
local NAME_BYTES_MAX <const> = 64

local greeted = 0

local function on_greet(ev)
    local name, err = jf.attr.get(ev.conn, NAME)
    if err == "not_found" then
        name = "stranger"
    elseif err then
        return nil, err
    end
    greeted = greeted + 1
    return ("Hello %s, greeting %d of worker %d"):format(name, greeted, jf.worker)
end

local function on_name(ev)
    local body = ev.json
    local name = type(body) == "table" and body.name
    if type(name) ~= "string" or name == "" or #name > NAME_BYTES_MAX then
        return '"name" is a string of 1 to 64 bytes'
    end
    local ok, err = jf.attr.set(ev.conn, NAME, name)
    if not ok then
        return nil, err
    end
    return "Nice to meet you"
end

return { routes = { greet = on_greet, name = on_name } }
