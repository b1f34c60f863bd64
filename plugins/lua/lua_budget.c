/* The memory is counted by the state's allocator. The time is looked at by a signal
 * handler, on the thread itself, whenever the thread has burnt a period more; to begin or
 * to end a call is no more than to tell the handler whose call it is.
 *
 * The handler sets a hook in the state that runs, as lua.c does for Ctrl-C; lua_sethook()
 * is made to be called there. A hook is set per coroutine, so which one runs is always
 * noted.
 *
 * What a hook cannot end is one long C function. Those that a script could make long look
 * at lua_budget_check(): see lua_match.c, lua_table.c, lua_sandbox.c. What is left is
 * bounded by the memory: milliseconds, but seconds for two things that nobody writes by
 * mistake. The collector ends its cycle in one go, and takes the square of their number for
 * weak tables that are chained against its order; and one read through a chain of 2000
 * tables compares its key as often. */
#include "lua_budget.h"

#include <errno.h>
#include <lauxlib.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "jackfield.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define NS_PER_MS 1000000
#define PERIOD_MIN_NS (5 * NS_PER_MS) /* the kernel looks no more often than it ticks */
#define PERIODS 8                     /* in a budget */
#define CLOSING_MAX 4

/* One per thread with budgets. */
struct guard {
    struct lua_budget
        *volatile current; /* whose call runs, or NULL; the handler reads it */
    timer_t timer;
    int64_t period_ns;
    unsigned users;
    bool was_blocked;
};

struct lua_budget {
    /* never changes */
    struct guard *guard;
    size_t limit;
    int64_t budget_ns;

    size_t used;
    lua_State *main;
    struct lua_budget *outer; /* the call in which ours was begun */
    unsigned closing;
    bool has_message;

    /* of the call that runs; the handler's as well */
    lua_State *volatile running;
    volatile int64_t since; /* the thread's time at the first look, 0 before it; once
                               overdue, when the hook was set */
    volatile sig_atomic_t overdue;
};

static _Thread_local struct guard this_guard;

/* What the extra space of a lua_State holds: its budget, one byte further in a coroutine of
 * the script's own, and NULL in one that is never to run again. */
static char **mark_of(lua_State *L)
{
    return lua_getextraspace(L);
}

static bool is_adopted(lua_State *L)
{
    return (uintptr_t)*mark_of(L) & 1;
}

struct lua_budget *lua_budget_of(lua_State *L)
{
    return (struct lua_budget *)(void *)(*mark_of(L) - is_adopted(L));
}

/* ---- The hook --------------------------------------------------------------------------
 */

static void push_message(lua_State *L, lua_Debug *ar)
{
    const struct lua_budget *budget = lua_budget_of(L);
    int ms = (int)(budget->budget_ns / NS_PER_MS);
    if (ar && lua_getinfo(L, "Sl", ar) && ar->currentline > 0)
        lua_pushfstring(L, "%s:%d: ", ar->short_src, ar->currentline);
    else
        luaL_where(L, 1);
    lua_pushfstring(L, "ran longer than its budget of %d ms", ms);
    lua_concat(L, 2);
}

/* The message is that of the first time: each variable to be closed, of which there may be
 * very many, makes for one more. */
static void raise_here(lua_State *L, lua_Debug *ar)
{
    struct lua_budget *budget = lua_budget_of(L);
    if (!budget->has_message) {
        push_message(L, ar);
        lua_rawsetp(L, LUA_REGISTRYINDEX, budget);
        budget->has_message = true;
    }
    (void)lua_rawgetp(L, LUA_REGISTRYINDEX, budget);
    lua_error(L);
}

/* Coroutines that were not running at the end of a call keep the hook of it. */
static void hook(lua_State *L, lua_Debug *ar)
{
    const struct lua_budget *budget = lua_budget_of(L);
    if (budget && budget->overdue)
        raise_here(L, ar);
    lua_sethook(L, NULL, 0, 0);
}

/* Calls too: a C function that calls C functions executes no instruction. */
static void set_hook(lua_State *L)
{
    lua_sethook(L, hook, LUA_MASKCOUNT | LUA_MASKCALL, 1);
}

/* ---- The handler -----------------------------------------------------------------------
 */

static int64_t thread_time(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 * NS_PER_MS + now.tv_nsec;
}

/* The time is counted from the first look, so that nobody gets less than the budget. Once
 * it is over, the hook is set now and then again, should one have been lost to a race with
 * the interpreter; not at every look, since it takes its time where calls are nested
 * deeply, and would leave none to the script that is to run into it. */
static void look_at(struct lua_budget *budget)
{
    int64_t now = thread_time(), spent = now - budget->since;
    if (budget->since == 0) {
        budget->since = now;
    } else if (spent >= (budget->overdue ? budget->budget_ns / 2 : budget->budget_ns)) {
        budget->overdue = 1;
        set_hook(budget->running);
        budget->since = thread_time();
    }
}

static void look(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    if (info->si_code != SI_TIMER || !info->si_value.sival_ptr)
        return;
    int kept = errno;
    const struct guard *guard = info->si_value.sival_ptr;
    if (guard->current)
        look_at(guard->current);
    errno = kept;
}

static int handler_status;

static void install_handler(void)
{
    struct sigaction action = { .sa_sigaction = look, .sa_flags = SA_SIGINFO | SA_RESTART };
    (void)sigemptyset(&action.sa_mask);
    handler_status = sigaction(SIGVTALRM, &action, NULL);
}

/* ---- The thread's timer ----------------------------------------------------------------
 */

static int set_period(struct guard *guard, int64_t period_ns)
{
    struct timespec period = { .tv_sec = period_ns / (1000 * NS_PER_MS),
                               .tv_nsec = period_ns % (1000 * NS_PER_MS) };
    struct itimerspec spec = { .it_interval = period, .it_value = period };
    if (guard->period_ns && guard->period_ns <= period_ns)
        return JF_OK;
    if (timer_settime(guard->timer, 0, &spec, NULL) < 0)
        return JF_E_UNAVAILABLE;
    guard->period_ns = period_ns;
    return JF_OK;
}

static int guard_open(struct guard *guard)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGVTALRM };
    sigset_t ours, before;
    (void)pthread_once(&once, install_handler);
    if (handler_status < 0)
        return JF_E_UNAVAILABLE;
    event.sigev_value.sival_ptr = guard;
    event.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &guard->timer) < 0)
        return JF_E_UNAVAILABLE;
    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGVTALRM);
    (void)pthread_sigmask(SIG_UNBLOCK, &ours, &before);
    guard->was_blocked = sigismember(&before, SIGVTALRM) == 1;
    guard->period_ns = 0;
    return JF_OK;
}

static void guard_close(struct guard *guard)
{
    sigset_t ours;
    (void)timer_delete(guard->timer);
    if (!guard->was_blocked)
        return;
    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGVTALRM);
    (void)pthread_sigmask(SIG_BLOCK, &ours, NULL);
}

static void guard_unref(struct guard *guard)
{
    if (--guard->users == 0)
        guard_close(guard);
}

/* The period is that of the thread's shortest budget so far. */
static int guard_ref(struct guard *guard, int64_t budget_ns)
{
    int64_t period = budget_ns / PERIODS;
    int status = guard->users ? JF_OK : guard_open(guard);
    if (status < 0)
        return status;
    guard->users++;
    status = set_period(guard, period < PERIOD_MIN_NS ? PERIOD_MIN_NS : period);
    if (status < 0)
        guard_unref(guard);
    return status;
}

/* ---- A budget --------------------------------------------------------------------------
 */

int lua_budget_new(size_t memory_bytes, unsigned budget_ms, struct lua_budget **out)
{
    struct lua_budget *budget = calloc(1, sizeof(*budget));
    if (!budget)
        return JF_E_NOMEM;
    budget->guard = &this_guard;
    budget->limit = memory_bytes;
    budget->budget_ns = (int64_t)budget_ms * NS_PER_MS;
    int status = guard_ref(budget->guard, budget->budget_ns);
    if (status < 0) {
        free(budget);
        return status;
    }
    *out = budget;
    return JF_OK;
}

void lua_budget_free(struct lua_budget *budget)
{
    if (!budget)
        return;
    if (budget->guard != &this_guard)
        abort(); /* another thread's timer would be left with freed memory */
    guard_unref(budget->guard);
    free(budget);
}

/* Lua gives the kind of a new object as its old size. It counts on shrinking to succeed. */
static void *allocate(void *data, void *ptr, size_t old_size, size_t new_size)
{
    struct lua_budget *budget = data;
    size_t held = ptr ? old_size : 0;
    if (new_size == 0) {
        free(ptr);
        budget->used -= held;
        return NULL;
    }
    if (new_size > held && new_size - held > budget->limit - budget->used)
        return NULL;
    void *grown = realloc(ptr, new_size);
    if (!grown)
        return new_size <= held ? ptr : NULL;
    budget->used = budget->used - held + new_size;
    return grown;
}

lua_State *lua_budget_newstate(struct lua_budget *budget)
{
    lua_State *L = lua_newstate(allocate, budget);
    if (!L)
        return NULL;
    *mark_of(L) = (char *)budget;
    budget->main = L;
    return L;
}

size_t lua_budget_memory(const struct lua_budget *budget)
{
    return budget->used;
}

/* ---- A call ----------------------------------------------------------------------------
 * The order of the stores is that in which the handler may see them. */

void lua_budget_begin(struct lua_budget *budget, lua_State *co)
{
    struct guard *guard = budget->guard;
    budget->outer = guard->current;
    budget->has_message = false;
    budget->running = co;
    budget->since = 0;
    budget->overdue = 0;
    guard->current = budget;
}

/* Never to run again. */
static void condemn(const struct lua_budget *budget, lua_State *co)
{
    if (co != budget->main)
        *mark_of(co) = NULL;
}

bool lua_budget_end(struct lua_budget *budget, lua_State *co)
{
    budget->guard->current = budget->outer;
    budget->closing = 0;
    if (!budget->overdue)
        return false;
    budget->overdue = 0;
    lua_sethook(co, NULL, 0, 0);
    condemn(budget, co);
    return true;
}

bool lua_budget_overdue(lua_State *L)
{
    const struct lua_budget *budget = lua_budget_of(L);
    return budget && budget->overdue;
}

void lua_budget_check(lua_State *L)
{
    if (!lua_budget_overdue(L))
        return;
    if (lua_gethook(L) != hook)
        set_hook(L);
    raise_here(L, NULL);
}

/* ---- Coroutines within a call ----------------------------------------------------------
 */

/* Back in `L`, whose hook the handler may not have set: `co` was running. */
static void back_in(lua_State *L, lua_State *co, int status)
{
    struct lua_budget *budget = lua_budget_of(L);
    budget->running = L;
    if (budget->overdue && status != LUA_OK && status != LUA_YIELD)
        condemn(budget, co);
    lua_budget_check(L);
}

void lua_budget_adopt(lua_State *co)
{
    *mark_of(co) += !is_adopted(co);
}

const char *lua_budget_refusal(lua_State *co)
{
    if (!*mark_of(co))
        return "this coroutine ran longer than its budget";
    return is_adopted(co) ? NULL : "this coroutine is not the script's own";
}

int lua_budget_resume(lua_State *L, lua_State *co, int args, int *results)
{
    lua_budget_check(L);
    lua_budget_of(L)->running = co;
    int status = lua_resume(co, L, args, results);
    back_in(L, co, status);
    return status;
}

/* lua_resetthread() leaves `co` with the count of C calls of its last resume, however deep
 * in the C stack we are now. */
int lua_budget_close(lua_State *L, lua_State *co)
{
    struct lua_budget *budget = lua_budget_of(L);
    lua_budget_check(L);
    if (budget->closing == CLOSING_MAX)
        return luaL_error(L, "C stack overflow");
    budget->closing++;
    budget->running = co;
    int status = lua_resetthread(co);
    budget->closing--;
    back_in(L, co, status);
    return status;
}
