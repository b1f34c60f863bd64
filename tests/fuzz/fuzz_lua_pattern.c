/* The Lua plugin's patterns: a pattern, a newline, a replacement, a newline, a subject;
 * beside Lua's own, which must give the same or raise the same. What takes ours more than
 * 20 ms is not asked of Lua's, which nothing would end; nor is anything under the thread
 * sanitizer, which holds back the signal that ends ours. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "plugins/lua/lua_budget.h"
#include "plugins/lua/lua_sandbox.h"
#include "tests/unit/plugins/lua_compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define HAS_TICKS 0
#else
#define HAS_TICKS 1
#endif

static struct lua_budget *budget;
static lua_State *main_state;

static const char calls[] =
    "local compare, p, r, s = ...\n"
    "compare('find', s, p) compare('find', s, p, -#s // 2) compare('match', s, p, 2)\n"
    "compare('gmatch', s, p) compare('gsub', s, p, r) compare('gsub', s, p, { [r] = p }, "
    "3)\n"
    "compare('gsub', s, p, function(a, b) return b or a end)\n"
    "compare('find', s, r, 1, true)\n";

static int open_both(lua_State *L)
{
    lua_sandbox_open(L);
    CHECK(luaL_loadstring(L, LUA_COMPARE) == LUA_OK);
    lua_getglobal(L, "string");
    lua_pushcfunction(L, luaopen_string);
    lua_call(L, 0, 1);
    lua_call(L, 2, 1);
    lua_setglobal(L, "compare");
    CHECK(luaL_loadstring(L, calls) == LUA_OK);
    lua_setglobal(L, "calls");
    return 0;
}

static void setup(void)
{
    if (main_state)
        return;
    CHECK(lua_budget_new(64 * 1024 * 1024, 20, &budget) == JF_OK);
    main_state = lua_budget_newstate(budget);
    CHECK(main_state);
    lua_pushcfunction(main_state, open_both);
    CHECK(lua_pcall(main_state, 0, 0, 0) == LUA_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!HAS_TICKS)
        return 0;
    setup();
    jf_bytes input = jf_view(data, size);
    jf_bytes pattern = { input.ptr, bytes_find(input, '\n') };
    input = bytes_from(input, pattern.len + 1);
    jf_bytes replacement = { input.ptr, bytes_find(input, '\n') };
    jf_bytes subject = bytes_from(input, replacement.len + 1);

    lua_State *L = main_state;
    lua_budget_begin(budget, L);
    lua_getglobal(L, "calls");
    lua_getglobal(L, "compare");
    lua_pushlstring(L, pattern.len ? pattern.ptr : "", pattern.len);
    lua_pushlstring(L, replacement.len ? replacement.ptr : "", replacement.len);
    lua_pushlstring(L, subject.len ? subject.ptr : "", subject.len);
    int status = lua_pcall(L, 4, 0, 0);
    bool over = lua_budget_end(budget, L);
    if (status != LUA_OK && !over)
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
    CHECK(status == LUA_OK || over);
    lua_settop(L, 0);
    return 0;
}
