-- What a script of Jackfield sees, and nothing else: luacheck then also finds what the sandbox
-- does not have.
stds.jackfield = {
    read_globals = {
        "_VERSION", "assert", "error", "getmetatable", "ipairs", "load", "next", "pairs",
        "pcall", "print", "rawequal", "rawget", "rawlen", "rawset", "require", "select",
        "setmetatable", "tonumber", "tostring", "type", "warn", "xpcall",
        collectgarbage = {},
        coroutine = { other_fields = true },
        jf = { other_fields = true },
        math = { other_fields = true },
        os = { fields = { "clock", "date", "difftime", "time" } },
        string = {
            fields = {
                "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match",
                "pack", "packsize", "rep", "reverse", "sub", "unpack", "upper",
            },
        },
        table = { other_fields = true },
        utf8 = { other_fields = true },
    },
}
std = "jackfield"
max_line_length = 92
