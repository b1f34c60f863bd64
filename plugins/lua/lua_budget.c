/*
 * A ceiling for the memory of a state. Time is not counted yet.
 */
#include "lua_budget.h"

#include <stdlib.h>

#include "jackfield.h"

struct lua_budget {
    size_t used, ceiling;
};

int lua_budget_new(size_t memory_bytes, unsigned budget_ms, struct lua_budget **out)
{
    struct lua_budget *budget = calloc(1, sizeof(*budget));
    (void)budget_ms;
    if (!budget)
        return JF_E_NOMEM;
    budget->ceiling = memory_bytes;
    *out = budget;
    return JF_OK;
}

void lua_budget_free(struct lua_budget *budget)
{
    free(budget);
}

static void *allocate(void *data, void *block, size_t old_size, size_t size)
{
    struct lua_budget *budget = data;
    size_t held = block ? old_size : 0;
    if (size == 0) {
        free(block);
        budget->used -= held;
        return NULL;
    }
    if (size > held && size - held > budget->ceiling - budget->used)
        return NULL;
    void *grown = realloc(block, size);
    if (grown)
        budget->used = budget->used - held + size;
    return grown;
}

lua_State *lua_budget_newstate(struct lua_budget *budget)
{
    return lua_newstate(allocate, budget);
}

size_t lua_budget_memory(const struct lua_budget *budget)
{
    return budget->used;
}

void lua_budget_begin(struct lua_budget *budget, lua_State *co)
{
    (void)budget;
    (void)co;
}

bool lua_budget_end(struct lua_budget *budget, lua_State *co)
{
    (void)budget;
    (void)co;
    return false;
}

void lua_budget_check(lua_State *L)
{
    (void)L;
}

bool lua_budget_overdue(lua_State *L)
{
    (void)L;
    return false;
}
