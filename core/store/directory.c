/* Keys, with the prefix in front (docs/redis.md has them with their lifetimes):
 *
 *     c:<id>     HASH  attributes of a connection; its stage and time under the empty key
 *     cg:<id>    SET   its groups
 *     g:<group>  SET   ids of the members, of all nodes; groups are named "stage/group"
 *     gn:<group> HASH  node: how many of them are there
 *     n:<node>   SET   ids of which there is anything in c: or cg:
 *     m:<node>   SET   the workers that have told all they know
 *     fence:<node> STRING  the largest fence that anybody had who spoke for the node
 *
 * What must change together changes in a script. Redis runs a script without interruption,
 * and once it has written it is not stopped by a lack of memory; so each begins with the
 * write that a full Redis refuses, or with one that it never does. Nothing here waits: a
 * change that does not arrive makes its connection fall behind, and that is repaired. */
#include "core/store/directory.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/loop/loop.h"
#include "core/store/directory_impl.h"
#include "core/store/script_prelude.h"

#define LOOK_MS 2000    /* between two looks at the marker */
#define FAREWELL_MS 500 /* for Redis, to do what it has been told before the close */

/* ---- Scripts ---- */

/* PUT leaves the attributes to commands of their own, for they may be large; not the entry.
 */
static const char *const scripts[SCRIPTS] = {
    [PUT] = SCRIPT_PRELUDE "redis.call('SADD', n, id) "
                           "local want = {} "
                           "for i = 6, #ARGV do want[ARGV[i]] = true end "
                           "for _, g in ipairs(redis.call('SMEMBERS', cg)) do "
                           "  if not want[g] then leave(g) end end "
                           "for i = 6, #ARGV do join(ARGV[i]) end "
                           "redis.call('DEL', c) "
                           "if ARGV[5] ~= '' then redis.call('HSET', c, '', ARGV[5]) end",
    [SET] = SCRIPT_PRELUDE "redis.call('SADD', n, id) "
                           "redis.call('HSET', c, ARGV[5], ARGV[6])",
    [UNSET] = SCRIPT_PRELUDE "redis.call('HDEL', c, ARGV[5]) tidy()",
    [JOIN] = SCRIPT_PRELUDE "redis.call('SADD', n, id) join(ARGV[5])",
    [LEAVE] = SCRIPT_PRELUDE "leave(ARGV[5]) tidy()",
    [FORGET] = SCRIPT_PRELUDE "forget()",
    [MARK] = SCRIPT_PRELUDE "raise_fence() "
                            "redis.call(ARGV[5], p..'m:'..node, id)",
    [COUNT_OTHERS] = "local p, node, g = ARGV[1], ARGV[2], ARGV[4] "
                     "return redis.call('SCARD', p..'g:'..g) - "
                     "(tonumber(redis.call('HGET', p..'gn:'..g, node)) or 0)",
};

jf_bytes directory_key(const struct directory *directory, struct directory_key *key,
                       const char *kind, jf_bytes name)
{
    int len = snprintf(key->octets, sizeof(key->octets), "%s%s", directory->options->prefix,
                       kind);
    memcpy(key->octets + len, name.ptr, name.len);
    return jf_view(key->octets, (size_t)len + name.len);
}

void directory_script(const struct directory *directory, enum directory_script script,
                      jf_bytes *words)
{
    words[0] = jf_str("EVALSHA");
    words[1] = redis_scripts_name(&directory->scripts, script);
    words[2] = jf_str("0");
    words[3] = jf_str(directory->options->prefix);
    words[SCRIPT_NODE] = jf_str(directory->node);
    words[SCRIPT_FENCE] = jf_str(directory->fence);
}

jf_bytes directory_entry(char text[DIRECTORY_ENTRY_MAX], uint64_t since, jf_bytes stage)
{
    int len = snprintf(text, DIRECTORY_ENTRY_MAX, "%llu %.*s", (unsigned long long)since,
                       BYTES_FMT(stage));
    return jf_view(text, (size_t)len);
}

/* ---- The fence ---- */

bool directory_is_fenced(const struct directory *directory)
{
    return atomic_load_explicit(directory->options->fenced, memory_order_relaxed);
}

/* Was it refused because the number is another one's? */
static bool is_fenced_off(struct directory *directory, const struct redis_reply *reply)
{
    const struct directory_options *options = directory->options;
    if (!redis_reply_says(reply, "FENCED"))
        return false;
    directory->ready = directory->marked = false;
    directory_end_sweep(directory);
    if (!atomic_exchange(options->fenced, true)) {
        LOG_ERROR(STORE, "event=directory_fenced node=%u", options->node);
        if (options->on_fenced)
            options->on_fenced(options->data);
    }
    return true;
}

/* ---- Telling ---- */

struct told {
    struct redis_call call;
    struct directory *directory;
    jf_conn_id conn;
    unsigned what;
};

static void on_told(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct told *told = CONTAINER_OF(call, struct told, call);
    struct directory *directory = told->directory;
    jf_conn_id conn = told->conn;
    bool repair = told->what & TELL_REPAIR, entry = told->what & TELL_ENTRY;
    free(told);
    if (directory->closed)
        return;
    directory->repairs -= repair;
    if (is_fenced_off(directory, reply))
        return;
    if (status == JF_OK)
        directory->refusals = 0;
    else
        directory_fall_behind(directory, conn);
    if (status == JF_OK && entry)
        id_set_remove(&directory->entering, conn);
    if (status == JF_E_NOT_FOUND)
        directory_load_scripts(directory);
    else if (status < 0)
        directory_rest(directory, status, reply);
    if (repair)
        directory_repair(directory);
}

bool directory_tell(struct directory *directory, jf_conn_id conn, unsigned what,
                    const jf_bytes *words, size_t count)
{
    struct told *told = try_alloc(sizeof(*told));
    int status = JF_E_NOMEM;
    if (told) {
        *told = (struct told){
            .call.done = on_told, .directory = directory, .conn = conn, .what = what
        };
        status = redis_send(directory->link, &told->call, words, count);
    }
    if (status == JF_OK) {
        directory->repairs += (what & TELL_REPAIR) != 0;
        return true;
    }
    free(told);
    directory_fall_behind(directory, conn);
    directory_rest(directory, status, NULL);
    return false;
}

/* Is there any use in telling of one change? If it is not ready, all will be told when it
 * is; if the connection is behind, all of that will. */
static bool is_worth_telling(const struct directory *directory, jf_conn_id conn)
{
    return directory->ready && !directory_is_fenced(directory) &&
           !id_set_has(&directory->behind, conn);
}

static void tell_by_script(struct directory *directory, enum directory_script script,
                           unsigned what, jf_conn_id conn, const jf_bytes *more,
                           size_t count)
{
    char id[JF_CONN_ID_TEXT + 1];
    jf_bytes words[SCRIPT_HEAD + 3];
    if (!is_worth_telling(directory, conn))
        return;
    conn_id_to_text(conn, id);
    directory_script(directory, script, words);
    words[SCRIPT_HEAD] = jf_view(id, JF_CONN_ID_TEXT);
    for (size_t i = 0; i < count; i++)
        words[SCRIPT_HEAD + 1 + i] = more[i];
    directory_tell(directory, conn, what, words, SCRIPT_HEAD + 1 + count);
}

/* Without memory to remember it by, it counts as entered. */
void directory_enter(struct directory *directory, jf_conn_id conn, jf_bytes entry)
{
    const jf_bytes more[] = { jf_view(NULL, 0), entry };
    if (id_set_add(&directory->entering, conn) < 0)
        LOG_RARELY(ERROR, STORE, 10, "event=no_memory for=entering");
    tell_by_script(directory, SET, TELL_ENTRY, conn, more, 2);
}

bool directory_has_entered(const struct directory *directory, jf_conn_id conn)
{
    return ledger_has(directory->options->ledger, conn) &&
           !id_set_has(&directory->entering, conn);
}

void directory_set(struct directory *directory, jf_conn_id conn, jf_bytes key,
                   jf_bytes value)
{
    const jf_bytes more[] = { key, value };
    tell_by_script(directory, SET, TELL_CHANGE, conn, more, 2);
}

void directory_unset(struct directory *directory, jf_conn_id conn, jf_bytes key)
{
    tell_by_script(directory, UNSET, TELL_CHANGE, conn, &key, 1);
}

void directory_join(struct directory *directory, jf_conn_id conn, jf_bytes group)
{
    tell_by_script(directory, JOIN, TELL_CHANGE, conn, &group, 1);
}

void directory_leave(struct directory *directory, jf_conn_id conn, jf_bytes group)
{
    tell_by_script(directory, LEAVE, TELL_CHANGE, conn, &group, 1);
}

void directory_forget(struct directory *directory, jf_conn_id conn)
{
    id_set_remove(&directory->entering, conn);
    tell_by_script(directory, FORGET, TELL_CHANGE, conn, NULL, 0);
}

/* ---- The marker: gone with all else when somebody empties a Redis that stays up ---- */

static void on_marked(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct directory *directory = CONTAINER_OF(call, struct directory, mark);
    directory->marking = false;
    directory->marked = status == JF_OK;
    if (directory->closed || is_fenced_off(directory, reply))
        return;
    if (status == JF_E_NOT_FOUND)
        directory_load_scripts(directory);
}

/* `how` is SADD or SREM. */
static void mark(struct directory *directory, const char *how)
{
    jf_bytes words[SCRIPT_HEAD + 2];
    directory_script(directory, MARK, words);
    words[SCRIPT_HEAD] = jf_str(directory->place_text);
    words[SCRIPT_HEAD + 1] = jf_str(how);
    directory->marking =
        redis_send(directory->link, &directory->mark, words, SCRIPT_HEAD + 2) == JF_OK;
}

/* Before anything else is told, so that what is lost afterwards is missed. */
static void set_marker(struct directory *directory)
{
    if (directory->marking)
        return;
    directory->marked = false;
    mark(directory, "SADD");
}

static void start_over(struct directory *directory)
{
    set_marker(directory);
    directory_sweep(directory);
}

static void on_looked(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct directory *directory = CONTAINER_OF(call, struct directory, look);
    directory->looking = false;
    if (status == JF_OK && directory->ready && directory->marked &&
        redis_reply_number(reply) == 0)
        start_over(directory);
}

static void look_for_marker(struct directory *directory)
{
    struct directory_key key;
    const jf_bytes words[] = {
        jf_str("SISMEMBER"), directory_key(directory, &key, "m:", jf_str(directory->node)),
        jf_str(directory->place_text)
    };
    if (!directory->looking)
        directory->looking =
            redis_send(directory->link, &directory->look, words, 3) == JF_OK;
}

/* Not all workers at once. */
static void look_again_later(struct directory *directory)
{
    timer_start(directory->look_timer, LOOK_MS / 2 + random_below(LOOK_MS / 2));
}

static void time_to_look(void *data)
{
    struct directory *directory = data;
    if (directory_is_fenced(directory))
        return;
    if (directory->ready && directory->marked)
        look_for_marker(directory);
    else if (directory->ready && !directory->resting)
        start_over(directory); /* what happened since nobody can say */
    else if (redis_link_is_up(directory->link))
        directory_load_scripts(directory);
    look_again_later(directory);
}

/* ---- Up and down ---- */

/* If one could not be loaded, time_to_look() tries again. */
static void on_loaded(struct redis_scripts *loaded, int status,
                      const struct redis_reply *reply)
{
    struct directory *directory = CONTAINER_OF(loaded, struct directory, scripts);
    (void)reply;
    if (status < 0 || directory->closed || directory_is_fenced(directory))
        return;
    directory->ready = true;
    start_over(directory);
}

void directory_load_scripts(struct directory *directory)
{
    directory->ready = false;
    if (!directory_is_fenced(directory))
        redis_scripts_load(&directory->scripts, directory->link);
}

static void on_up(void *data)
{
    directory_load_scripts(data);
}

static void on_down(void *data)
{
    struct directory *directory = data;
    directory->ready = false;
    directory->marked = false;
    directory_end_sweep(directory); /* another begins when it is back */
}

static const struct redis_events events = { .on_up = on_up, .on_down = on_down };

int directory_open(struct loop *loop, const struct directory_options *options,
                   unsigned place, struct directory **out)
{
    struct directory *directory = xnew(struct directory);
    directory->loop = loop;
    directory->options = options;
    directory->place = place;
    snprintf(directory->node, sizeof(directory->node), "%u", options->node);
    snprintf(directory->place_text, sizeof(directory->place_text), "%u", place);
    snprintf(directory->fence, sizeof(directory->fence), "%llu",
             (unsigned long long)options->fence);
    directory->mark.done = on_marked;
    directory->look.done = on_looked;
    redis_scripts_init(&directory->scripts, scripts, SCRIPTS, on_loaded);
    directory_repair_init(directory);
    timer_new(loop, time_to_look, directory, &directory->look_timer);
    look_again_later(directory);
    int status = redis_link_open(loop, options->url, options->timeout_ms, &events,
                                 directory, &directory->link);
    if (status < 0) {
        directory_close(directory);
        return status;
    }
    *out = directory;
    return JF_OK;
}

void directory_close(struct directory *directory)
{
    if (!directory)
        return;
    bool marked = directory->marked && !directory->marking;
    directory->closed = true;
    directory->ready = false;
    if (marked && !directory_is_fenced(directory))
        mark(directory, "SREM");
    redis_link_close(directory->link, FAREWELL_MS);
    timer_free(directory->look_timer);
    directory_repair_fini(directory);
    id_set_fini(&directory->entering);
    free(directory);
}

bool directory_is_true(const struct directory *directory)
{
    return directory->ready && directory->marked && directory->sweep.stage == SWEEP_NONE &&
           !directory->behind.count && !directory->repairs;
}
