---@meta jackfield
--
-- What a script sees of Jackfield, for the Lua language server. It is read by editors, never
-- run. The manual is docs/lua.md.
--
-- Functions marked @async wait: they set the handler aside until the answer is there, and the
-- worker goes on with other events. They may be called from a handler or a timer's function,
-- and from what those call, but neither in a coroutine of one's own nor while the script is
-- loading.
--
-- Success is a value or true. Failure is nil and a name. Arguments of a wrong type raise.

---A failure's name, as JF_E_GONE is in C.
---@alias jackfield.Failure
---| "invalid" # an argument is not acceptable
---| "nomem" # not enough memory for data of this size
---| "gone" # the connection no longer exists
---| "full" # a queue is at its limit; try later or shed load
---| "too_big" # larger than the configured limit
---| "denied" # refused by policy
---| "timeout" # no answer in time; it may still take effect
---| "unavailable" # the store cannot be reached now
---| "not_found" # no such key
---| "stopping" # the host is shutting down
---| "internal" # a fault in the host; please report it

---A connection's id as text: 16 characters, unique and never reused.
---@alias jackfield.Conn string

---How a client sees a message. "text" is UTF-8.
---@alias jackfield.Opcode
---| "text"
---| "binary"

-- ---- Scripts --------------------------------------------------------------------------

---What a Lambda function returns. In `$connect` the status decides, and a body goes with a
---refusal. Of a message's, the body is sent to the caller, unless the configuration says that
---its route is one-way. Of a `$disconnect`'s, nothing is looked at.
---@class jackfield.Response
---@field statusCode? number needed in `$connect`
---@field body? string a table is encoded first, by `jf.json.encode()`
---@field headers? table<string, string> `Sec-WebSocket-Protocol` chooses the subprotocol

---What a handler returns. Nothing or true: done. A string: it is sent to the caller. False:
---denied. Nil and a name: failed.
---@alias jackfield.Result nil|boolean|string|jackfield.Response

---@class jackfield.Routes
---@field ["$connect"] fun(ev: jackfield.ConnectEvent): jackfield.Result, jackfield.Failure?
---@field ["$disconnect"] fun(ev: jackfield.DisconnectEvent): jackfield.Result, jackfield.Failure?
---@field [string] fun(ev: jackfield.MessageEvent): jackfield.Result, jackfield.Failure?

---What a script returns.
---@class jackfield.Script
---@field routes jackfield.Routes at least one

-- ---- Events ---------------------------------------------------------------------------

---What a handler is given. Until the event is finished, which it is when the handler has
---returned, all of it can be read; afterwards only what this class has, and what was read
---before.
---@class jackfield.Event
---@field conn jackfield.Conn
---@field stage string the served API it came in by, for `jf.send_all()`
---@field route string the key that selected this handler
---@field kind "connect"|"message"|"disconnect"
---@field context? table<string, any> requestContext of the whole event; nil where that fails
---@field authorizer? table<string, string> what "$authorize" said; nil if it said nothing
---@field stageVariables? table<string, string> of the configuration; nil if there are none
---The whole event as a table, as API Gateway hands it to a Lambda function.
---@field event fun(self?: jackfield.Event): table?, jackfield.Failure?
local ev = {}

---@class jackfield.MessageEvent: jackfield.Event
---@field body string
---@field binary boolean
---@field json any the body decoded, once; nil if it is no JSON

---@class jackfield.ConnectEvent: jackfield.Event
---@field headers jackfield.Pairs by name in any case
---@field query jackfield.Pairs by name, percent-decoded
---@field path string
---@field peer string the client's address and port
---@field subprotocols string[] those the client offers

---@class jackfield.DisconnectEvent: jackfield.Event
---@field code integer the close code; 1006 if the peer just vanished
---@field reason string

---Read-only. Indexed by name it has the first value, or nil; `pairs()` gives all, as the client
---wrote them, repeated names too.
---@class jackfield.Pairs
---@field [string] string

---Choose one of the subprotocols that the client offers. In `$connect`.
---@param name string
---@return true? ok
---@return jackfield.Failure? failure "invalid": it was not offered
function ev:subprotocol(name) end

---Say how to refuse a connection, and return its results: `return ev:refuse(401, body)`. In
---`$connect`.
---@param status integer of HTTP, 300 to 599
---@param body? string up to 65,536 bytes, sent as JSON
---@return nil
---@return jackfield.Failure failure "denied"; "invalid": nothing was taken over
function ev:refuse(status, body) end

-- ---- The module -----------------------------------------------------------------------

---@class jackfield
---@field options table<string, any> the instance's "options" in the configuration
---@field worker integer the worker this state belongs to, from 0
---@field workers integer how many there are
jf = {}

---Send one message. True: accepted, in order with your other sends to it. It does not say
---delivered; `jf.send_wait()` tells the fate.
---@param conn jackfield.Conn
---@param body string
---@param kind? jackfield.Opcode "text" by default
---@return true? ok
---@return jackfield.Failure? failure "gone", "full", "too_big"
function jf.send(conn, body, kind) end

---Send one message and wait for its fate. True: it was handed to the kernel.
---@async
---@param conn jackfield.Conn
---@param body string
---@param kind? jackfield.Opcode "text" by default
---@return true? ok
---@return jackfield.Failure? failure "gone", "full", "too_big", "timeout"
function jf.send_wait(conn, body, kind) end

---Send one message to many. Those that are gone or slow are skipped.
---@param list jackfield.Conn[]
---@param body string
---@param kind? jackfield.Opcode "text" by default
---@return true? ok
---@return jackfield.Failure? failure "invalid": one is no id; "full": a whole worker misses it
function jf.send_many(list, body, kind) end

---Send to all members of a group of this stage.
---@param name string
---@param body string
---@param kind? jackfield.Opcode "text" by default
---@return true? ok
---@return jackfield.Failure? failure "full": a whole worker misses it
function jf.send_group(name, body, kind) end

---Send to every admitted connection of a stage.
---@param stage string `ev.stage` for the sender's own
---@param body string
---@param kind? jackfield.Opcode "text" by default
---@return true? ok
---@return jackfield.Failure? failure "not_found": no such stage; "full": a whole worker misses it
function jf.send_all(stage, body, kind) end

---Close a connection, after what is queued for it.
---@param conn jackfield.Conn
---@param code? integer 1000 by default
---@param reason? string up to 123 bytes
---@return true? ok
---@return jackfield.Failure? failure "gone"; "invalid": a code that may not be sent, a long reason
function jf.close(conn, code, reason) end

---Close all members of a group of this stage, on all nodes.
---@param name string
---@param code? integer 1000 by default
---@param reason? string up to 123 bytes
---@return true? ok
---@return jackfield.Failure? failure "invalid" as of `jf.close`; "full": those of a worker stay
function jf.close_group(name, code, reason) end

---Close all of a stage whose attribute has this value, on all nodes. What `$authorize` has
---said is such an attribute: "authorizer.principalId".
---@param stage string `ev.stage` for the sender's own
---@param key string
---@param value string not empty
---@param code? integer 1000 by default
---@param reason? string up to 123 bytes
---@return true? ok
---@return jackfield.Failure? failure "not_found": no such stage; "invalid", "full" as of `jf.close_group`
function jf.close_where(stage, key, value, code, reason) end

---Run a function once, on this worker, in a coroutine of its own: it may wait.
---@param ms number
---@param fn async fun()
---@return jackfield.Timer? timer
---@return jackfield.Failure? failure "full"; "stopping": this state has been replaced
function jf.after(ms, fn) end

---Wait.
---@async
---@param ms number
---@return true? ok
---@return jackfield.Failure? failure "full"
function jf.sleep(ms) end

---Milliseconds since the epoch.
---@return integer
---@nodiscard
function jf.now() end

---@class jackfield.Timer
local timer = {}

---It will not fire. Harmless if it has.
---@return true
function timer:stop() end

-- ---- Attributes -----------------------------------------------------------------------

---Small values of a connection, by name. They vanish with it.
---@class jackfield.attr
jf.attr = {}

---@async
---@param conn jackfield.Conn
---@param key string 1 to 256 bytes
---@param value string? up to 65,536 bytes; nil or "" removes it
---@return true? ok
---@return jackfield.Failure? failure "gone", "full": 256 attributes, "too_big"
function jf.attr.set(conn, key, value) end

---@async
---@param conn jackfield.Conn
---@param key string
---@return string? value
---@return jackfield.Failure? failure "not_found", "gone"
function jf.attr.get(conn, key) end

-- ---- Groups ---------------------------------------------------------------------------

---Groups of connections, by name. They belong to the stage that this script serves, and
---memberships vanish with their connection.
---@class jackfield.group
jf.group = {}

---@async
---@param name string 1 to 256 bytes
---@param conn jackfield.Conn
---@return true? ok
---@return jackfield.Failure? failure "gone", "full": member of 1,024 groups
function jf.group.join(name, conn) end

---Leaving a group one is not in is no failure.
---@async
---@param name string
---@param conn jackfield.Conn
---@return true? ok
---@return jackfield.Failure? failure "gone"
function jf.group.leave(name, conn) end

---@async
---@param name string
---@return jackfield.Conn[]? members
---@return jackfield.Failure? failure
function jf.group.members(name) end

---How many members it has; 0 if nobody has joined.
---@async
---@param name string
---@return integer? count
---@return jackfield.Failure? failure
function jf.group.count(name) end

-- ---- The log --------------------------------------------------------------------------

---A line in the log, formatted as by `string.format()`. `print` is `jf.log.info` of its
---arguments. What a stranger has sent is an argument for "%s", never the format.
---@class jackfield.log
jf.log = {}

---@param format string
---@param ... any
function jf.log.error(format, ...) end

---@param format string
---@param ... any
function jf.log.warn(format, ...) end

---@param format string
---@param ... any
function jf.log.info(format, ...) end

---@param format string
---@param ... any
function jf.log.debug(format, ...) end

-- ---- JSON -----------------------------------------------------------------------------

---@class jackfield.Null

---@class jackfield.json
---@field null jackfield.Null what null is decoded to, and encoded from; it is true in conditions
jf.json = {}

---The text of a value. Raises what is wrong with it: holes in an array, strings that are no
---UTF-8, functions, NaN, more than 128 tables in each other.
---@param value any
---@return string
---@nodiscard
function jf.json.encode(value) end

---The value of a text of up to 1 MiB. Objects and arrays become tables, null `jf.json.null`.
---@param text string
---@return any value
---@return jackfield.Failure? failure "invalid", "too_big"
---@nodiscard
function jf.json.decode(text) end

---Mark a table as an array, so that it is one even if it is empty. The same table comes back.
---@generic T: table
---@param t T
---@return T
function jf.json.array(t) end

return jf
