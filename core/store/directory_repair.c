/* The way back to the truth. A sweep goes through all connections in the ledger and tells
 * Redis of each, whole; then through all that Redis has of this node, for those the ledger
 * does not know any more. Single connections that fell behind are told in the same way. So
 * much is on its way at a time that Redis and this loop have time for others: the next
 * commands leave when the ones before have been answered. What is told is always what the
 * ledger says at that moment, so it is never too early and never too late. */
#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/loop/loop.h"
#include "core/store/directory_impl.h"

#define REPAIRS_MAX 256        /* commands on their way, or one connection's */
#define REPAIR_BYTES (1 << 20) /* octets on their way, and one connection's */
#define BEHIND_MAX 100000      /* more than these: everything is told anew */
#define REST_MIN_MS 250
#define REST_MAX_MS 4000
#define SCAN_COUNT "500"

/* ---- One connection ---- */

static void tell_nothing(struct directory *directory, jf_conn_id conn, jf_bytes id)
{
    jf_bytes words[SCRIPT_HEAD + 1];
    directory_script(directory, FORGET, words);
    words[SCRIPT_HEAD] = id;
    directory_tell(directory, conn, TELL_REPAIR, words, SCRIPT_HEAD + 1);
}

/* What is under the empty key, if it is there. */
static jf_bytes entry_of(const struct ledger_copy *copy)
{
    const jf_bytes *attr = copy->words + copy->group_count;
    for (size_t i = 0; i < copy->attr_count; i++, attr += 2) {
        if (!attr[0].len)
            return attr[1];
    }
    return jf_view(NULL, 0);
}

static bool tell_groups(struct directory *directory, jf_conn_id conn, jf_bytes id,
                        const struct ledger_copy *copy)
{
    size_t count = SCRIPT_HEAD + 2 + copy->group_count;
    AUTO_FREE jf_bytes *words = try_alloc(count * sizeof(*words));
    if (!words) {
        directory_fall_behind(directory, conn);
        directory_rest(directory, JF_E_NOMEM, NULL);
        return false;
    }
    directory_script(directory, PUT, words);
    words[SCRIPT_HEAD] = id;
    jf_bytes entry = entry_of(copy);
    words[SCRIPT_HEAD + 1] = entry;
    for (size_t i = 0; i < copy->group_count; i++)
        words[SCRIPT_HEAD + 2 + i] = copy->words[i];
    return directory_tell(directory, conn, TELL_REPAIR | (entry.len ? TELL_ENTRY : 0),
                          words, count);
}

static void tell_attributes(struct directory *directory, jf_conn_id conn, jf_bytes id,
                            const struct ledger_copy *copy)
{
    jf_bytes words[SCRIPT_HEAD + 3];
    const jf_bytes *attr = copy->words + copy->group_count;
    directory_script(directory, SET, words);
    words[SCRIPT_HEAD] = id;
    for (size_t i = 0; i < copy->attr_count; i++, attr += 2) {
        words[SCRIPT_HEAD + 1] = attr[0];
        words[SCRIPT_HEAD + 2] = attr[1];
        if (attr[0].len &&
            !directory_tell(directory, conn, TELL_REPAIR, words, SCRIPT_HEAD + 3))
            return;
    }
}

static void tell_all(struct directory *directory, jf_conn_id conn)
{
    char text[JF_CONN_ID_TEXT + 1];
    struct ledger_copy *copy = NULL;
    conn_id_to_text(conn, text);
    jf_bytes id = jf_view(text, JF_CONN_ID_TEXT);
    int status = ledger_describe(directory->options->ledger, conn, &copy);
    if (status == JF_E_NOT_FOUND) {
        tell_nothing(directory, conn, id);
    } else if (status < 0) {
        directory_fall_behind(directory, conn);
        directory_rest(directory, status, NULL);
    } else if (tell_groups(directory, conn, id, copy)) {
        tell_attributes(directory, conn, id, copy);
    }
    free(copy);
}

/* ---- The sweep ---- */

static bool is_mine(const struct directory *directory, jf_conn_id conn)
{
    return conn_id_worker(conn) % directory->options->workers == directory->place;
}

void directory_end_sweep(struct directory *directory)
{
    struct sweep *sweep = &directory->sweep;
    free(sweep->ids);
    sweep->ids = NULL;
    sweep->count = sweep->at = sweep->shard = 0;
    sweep->stage = SWEEP_NONE;
    id_set_fini(&directory->behind);
    directory->resting = false;
    timer_stop(directory->again_timer);
}

void directory_sweep(struct directory *directory)
{
    directory_end_sweep(
        directory); /* and those that were behind: they are told with the rest */
    directory->sweep.stage = SWEEP_LEDGER;
    directory->sweep.since = loop_now(directory->loop);
    directory->sweep.told = 0;
    directory_repair(directory);
}

/* The next one of the ledger; false: there is none now. */
static bool next_of_ledger(struct directory *directory, jf_conn_id *out)
{
    struct sweep *sweep = &directory->sweep;
    while (sweep->stage == SWEEP_LEDGER) {
        while (sweep->at < sweep->count) {
            *out = sweep->ids[sweep->at++];
            if (is_mine(directory, *out))
                return true;
        }
        free(sweep->ids);
        sweep->ids = NULL;
        sweep->at = sweep->count = 0;
        if (sweep->shard == LEDGER_SHARDS) {
            sweep->stage = SWEEP_REDIS;
            memcpy(sweep->cursor, "0", 2);
        } else if (ledger_list(directory->options->ledger, sweep->shard, &sweep->ids,
                               &sweep->count) < 0) {
            directory_rest(directory, JF_E_NOMEM, NULL); /* the same shard again later */
            return false;
        } else {
            sweep->shard++;
        }
    }
    return false;
}

/* A page of what Redis has of this node. */
static void compare(struct directory *directory, const struct redis_reply *ids)
{
    for (size_t i = 0; i < redis_reply_count(ids); i++) {
        jf_conn_id conn;
        jf_bytes text = redis_reply_bytes(redis_reply_at(ids, i));
        if (conn_id_from_text(text, &conn) == JF_OK && is_mine(directory, conn) &&
            !ledger_has(directory->options->ledger, conn))
            directory_fall_behind(directory, conn);
    }
}

static void on_scanned(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct directory *directory = CONTAINER_OF(call, struct directory, sweep.scan);
    struct sweep *sweep = &directory->sweep;
    jf_bytes cursor = redis_reply_bytes(redis_reply_at(reply, 0));
    sweep->scanning = false;
    if (sweep->stage != SWEEP_REDIS || directory->closed)
        return;
    if (status < 0 || !cursor.len || cursor.len >= sizeof(sweep->cursor)) {
        directory_rest(directory, status < 0 ? status : JF_E_INTERNAL, NULL);
        return;
    }
    memcpy(sweep->cursor, cursor.ptr, cursor.len);
    sweep->cursor[cursor.len] = '\0';
    compare(directory, redis_reply_at(reply, 1));
    if (sweep->stage == SWEEP_REDIS && bytes_eq(cursor, "0")) {
        sweep->stage = SWEEP_NONE;
        if (sweep->told && directory->marked)
            LOG_INFO(STORE, "event=directory_told connections=%zu ms=%llu", sweep->told,
                     (unsigned long long)(loop_now(directory->loop) - sweep->since));
    }
    directory_repair(directory);
}

static void scan(struct directory *directory)
{
    struct sweep *sweep = &directory->sweep;
    struct directory_key key;
    const jf_bytes words[] = {
        jf_str("SSCAN"), directory_key(directory, &key, "n:", jf_str(directory->node)),
        jf_str(sweep->cursor), jf_str("COUNT"), jf_str(SCAN_COUNT)
    };
    int status = redis_send(directory->link, &sweep->scan, words, 5);
    sweep->scanning = status == JF_OK;
    if (status < 0)
        directory_rest(directory, status, NULL);
}

/* ---- What is behind ---- */

void directory_fall_behind(struct directory *directory, jf_conn_id conn)
{
    if (!directory->ready || !redis_link_is_up(directory->link))
        return; /* all will be told when it is */
    if (directory->behind.count >= BEHIND_MAX || id_set_add(&directory->behind, conn) < 0)
        directory->marked = false; /* start over soon */
}

static void rested(void *data)
{
    struct directory *directory = data;
    directory->resting = false;
    directory_repair(directory);
}

void directory_rest(struct directory *directory, int status,
                    const struct redis_reply *reply)
{
    if (directory->resting || !directory->ready || !redis_link_is_up(directory->link))
        return;
    unsigned doublings = directory->refusals < 4 ? directory->refusals : 4;
    uint64_t pause = (uint64_t)REST_MIN_MS << doublings;
    directory->refusals++;
    directory->resting = true;
    timer_start(directory->again_timer, pause / 2 + random_below(pause / 2 + 1));
    char why[LOG_QUOTED_MAX];
    jf_bytes error = redis_reply_bytes(reply); /* its first word is a code */
    error.len = bytes_find(error, ' ');
    LOG_RARELY(WARN, STORE, 10, "event=directory_behind status=%s redis=%s",
               status_name(status), log_quote(error, why));
}

/* The next one to be told; false: none now. */
static bool next(struct directory *directory, jf_conn_id *out)
{
    struct id_set *behind = &directory->behind;
    if (!behind->count) {
        bool found = next_of_ledger(directory, out);
        directory->sweep.told += found;
        return found;
    }
    *out = behind->ids[behind->count - 1];
    id_set_remove(behind, *out);
    return true;
}

void directory_repair(struct directory *directory)
{
    jf_conn_id conn;
    while (directory->ready && !directory_is_fenced(directory) && !directory->resting &&
           directory->repairs < REPAIRS_MAX &&
           redis_link_bytes(directory->link) < REPAIR_BYTES) {
        if (!next(directory, &conn))
            break;
        tell_all(directory, conn);
    }
    if (directory->ready && !directory_is_fenced(directory) && !directory->resting &&
        directory->sweep.stage == SWEEP_REDIS && !directory->sweep.scanning &&
        !directory->behind.count)
        scan(directory);
}

void directory_repair_init(struct directory *directory)
{
    directory->sweep.scan.done = on_scanned;
    timer_new(directory->loop, rested, directory, &directory->again_timer);
}

void directory_repair_fini(struct directory *directory)
{
    directory_end_sweep(directory);
    timer_free(directory->again_timer);
}
