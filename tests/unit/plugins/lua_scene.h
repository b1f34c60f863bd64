/* A state with a budget, and code run in it as an event would be: in a coroutine of its
 * own, within one call. */
#ifndef LUA_SCENE_H
#define LUA_SCENE_H

#include "tests/unit/test.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

#include "jackfield.h"
#include "plugins/lua/lua_budget.h"
#include "plugins/lua/lua_sandbox.h"
#include "tests/unit/plugins/lua_ticks.h"

#define MIB (1024 * 1024)

struct scene {
    struct lua_budget *budget;
    lua_State *L;
    bool over; /* the last run was over budget */
    double ms; /* of CPU time that it took */
    char text[1024];
};

static inline int open_libraries(lua_State *L)
{
    lua_sandbox_open(L);
    return 0;
}

static inline void scene_open_with(struct scene *scene, size_t memory, unsigned budget_ms)
{
    memset(scene, 0, sizeof(*scene));
    assert_int_equal(lua_budget_new(memory, budget_ms, &scene->budget), JF_OK);
    scene->L = lua_budget_newstate(scene->budget);
    assert_non_null(scene->L);
    lua_pushcfunction(scene->L, open_libraries);
    assert_int_equal(lua_pcall(scene->L, 0, 0, 0), LUA_OK);
}

/* With all the time there is. */
static inline void scene_open(struct scene *scene)
{
    scene_open_with(scene, 16 * MIB, 600000);
}

static inline void scene_close(struct scene *scene)
{
    lua_close(scene->L);
    assert_int_equal(lua_budget_memory(scene->budget), 0);
    lua_budget_free(scene->budget);
}

static inline void keep_text(struct scene *scene, lua_State *co, const char *before)
{
    const char *text = lua_tostring(co, -1);
    if (lua_isboolean(co, -1))
        text = lua_toboolean(co, -1) ? "true" : "false";
    snprintf(scene->text, sizeof(scene->text), "%s%s", before,
             text ? text : luaL_typename(co, -1));
}

/* The first result as text, "nil" or another type's name; or "error: " and the message. */
static inline const char *scene_run(struct scene *scene, const char *code)
{
    int results = 0;
    lua_State *co = lua_newthread(scene->L);
    double start = cpu_ms();
    lua_budget_begin(scene->budget, co);
    int status = lua_sandbox_load(co, code, strlen(code), "=scene");
    if (status == LUA_OK)
        status = lua_resume(co, NULL, 0, &results);
    scene->over = lua_budget_end(scene->budget, co);
    scene->ms = cpu_ms() - start;
    if (status == LUA_OK || status == LUA_YIELD) {
        lua_settop(co, results ? -results : 0);
        lua_pushnil(co);
        if (results)
            lua_pop(co, 1);
        keep_text(scene, co, "");
    } else {
        keep_text(scene, co, "error: ");
    }
    lua_settop(scene->L, 0);
    return scene->text;
}

/* It would never end, but did, soon after its budget, and the state lives on. */
static inline void scene_cut(struct scene *scene, const char *code)
{
#if HAS_TICKS
    const char *text = scene_run(scene, code);
    if (!scene->over || scene->ms > 3.0 * BUDGET_MS * SLOWNESS)
        print_message("%s\n-> %s after %.1f ms\n", code, text, scene->ms);
    assert_true(scene->over);
    assert_true(scene->ms >= BUDGET_MS);
    assert_true(scene->ms <= 3.0 * BUDGET_MS * SLOWNESS);
    assert_string_equal(
        scene_run(scene, "local n = 0 for i = 1, 100 do n = n + i end return n"), "5050");
    assert_false(scene->over);
#else
    (void)scene;
    (void)code;
#endif
}

#endif
