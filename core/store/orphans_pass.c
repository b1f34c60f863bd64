/* A page of ids at a time, and of these some few connections at once: each is read and
 * handed over, and when it is done, forgotten. What could not be read comes again in
 * another pass; what could not be forgotten by itself, and before anything more is read. A
 * pass is not all, since Redis may have been restarted in it: the end is when Redis has
 * none any more. It may also go back to an older state, and have again what is done; that
 * is remembered here, within bounds, and forgotten once more. */
#include <limits.h>
#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/parse/conn_id.h"
#include "core/store/orphan_read.h"
#include "core/store/orphans_impl.h"

#define AT_ONCE 16 /* commands about single connections */
#define PAGE "200"
#define PAST_MAX (1 << 18)
#define KEY_MAX 80 /* of the keys used here by name */

/* ---- Commands ---- */

/* About one that is held. */
static bool ask(struct held *held, enum orphans_script script)
{
    char id[JF_CONN_ID_TEXT + 1];
    conn_id_to_text(held->conn, id);
    if (orphans_run(held->orphans, script, &held->call, id) < 0) {
        orphans_rest(held->orphans);
        return false;
    }
    held->orphans->asked++;
    return true;
}

static jf_bytes ids_key(const struct orphans *orphans, char key[KEY_MAX])
{
    int len = snprintf(key, KEY_MAX, "%sn:%s", orphans->options.prefix, orphans->node);
    return jf_view(key, (size_t)len);
}

static void on_discarded(struct redis_call *call, int status,
                         const struct redis_reply *reply)
{
    (void)status;
    (void)reply;
    free(call);
}

/* What is no connection of this node is nobody's orphan. */
static void discard(struct orphans *orphans, jf_bytes text)
{
    char key[KEY_MAX];
    struct redis_call *call = xnew(struct redis_call);
    const jf_bytes words[] = { jf_str("SREM"), ids_key(orphans, key), text };
    call->done = on_discarded;
    if (redis_send(orphans->link, call, words, 3) < 0)
        free(call); /* in another pass */
}

/* ---- A connection, from its page until it is forgotten ---- */

static void on_answer(struct redis_call *call, int status, const struct redis_reply *reply);

static jf_bytes key_of(const jf_conn_id *conn)
{
    return jf_view((const char *)conn->octet, sizeof(conn->octet));
}

static struct held *hold(struct orphans *orphans, jf_conn_id conn)
{
    struct held *held = xnew(struct held);
    held->call.done = on_answer;
    held->orphans = orphans;
    held->conn = conn;
    table_put(&orphans->held, key_of(&held->conn), held);
    return held;
}

static void let_go(struct held *held)
{
    table_remove(&held->orphans->held, key_of(&held->conn));
    free(held);
}

static void let_leave(struct held *held)
{
    held->state = LEAVING;
    list_append(&held->orphans->leaving, &held->node);
}

static void begin(struct orphans *orphans, jf_conn_id conn)
{
    struct held *held = hold(orphans, conn);
    orphans->at++;
    held->state = READING;
    if (ask(held, READ)) {
        orphans->allowed--;
    } else {
        orphans->missed = true;
        let_go(held);
    }
}

static void allow(struct orphans *orphans, unsigned count)
{
    unsigned room = UINT_MAX - orphans->allowed;
    orphans->allowed += count < room ? count : room;
}

/* Nothing of it is touched after the event, which may be done with it already. */
static void on_read(struct held *held, bool fine, const struct redis_reply *reply)
{
    struct orphans *orphans = held->orphans;
    bool there = fine && redis_reply_count(reply) == 2;
    struct orphan *orphan = NULL;
    if (there)
        orphan =
            orphan_read(held->conn, redis_reply_at(reply, 0), redis_reply_at(reply, 1));
    if (orphan) {
        held->state = IN_HAND;
        orphans->events->on_orphan(orphans->data, orphan);
        return;
    }
    if (there)
        orphans_rest(orphans); /* no memory */
    orphans->missed = orphans->missed || there || !fine;
    allow(orphans, 1);
    let_go(held);
}

static void on_left(struct held *held)
{
    struct id_set *past = &held->orphans->past;
    if (past->count < PAST_MAX)
        id_set_add(past, held->conn); /* without memory that is not remembered */
    let_go(held);
}

static void on_answer(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct held *held = CONTAINER_OF(call, struct held, call);
    struct orphans *orphans = held->orphans;
    if (orphans->closed)
        return;
    orphans->asked--;
    bool fine = orphans_heed(orphans, status, reply);
    if (held->state == READING)
        on_read(held, fine, reply);
    else if (fine)
        on_left(held);
    else
        let_leave(held);
    orphans_go_on(orphans);
}

/* ---- Pages and passes ---- */

void orphans_begin_pass(struct orphans *orphans)
{
    memcpy(orphans->cursor, "0", 2);
    orphans->last = orphans->missed = false;
    orphans->count = orphans->at = 0;
}

static bool take_page(struct orphans *orphans, const struct redis_reply *texts)
{
    size_t count = redis_reply_count(texts);
    free(orphans->ids);
    orphans->count = orphans->at = 0;
    orphans->ids = try_alloc((count + 1) * sizeof(*orphans->ids));
    if (!orphans->ids)
        return false;
    for (size_t i = 0; i < count; i++) {
        jf_bytes text = redis_reply_bytes(redis_reply_at(texts, i));
        jf_conn_id *conn = &orphans->ids[orphans->count];
        if (conn_id_from_text(text, conn) == JF_OK &&
            conn_id_node(*conn) == orphans->options.node)
            orphans->count++;
        else
            discard(orphans, text);
    }
    return true;
}

static void on_scanned(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct orphans *orphans = CONTAINER_OF(call, struct orphans, scan);
    jf_bytes cursor = redis_reply_bytes(redis_reply_at(reply, 0));
    orphans->scanning = false;
    if (status == JF_OK && (!cursor.len || cursor.len >= sizeof(orphans->cursor)))
        status = JF_E_INTERNAL;
    if (!orphans_heed(orphans, status, reply))
        return;
    if (take_page(orphans, redis_reply_at(reply, 1))) {
        memcpy(orphans->cursor, cursor.ptr, cursor.len);
        orphans->cursor[cursor.len] = '\0';
        orphans->last = bytes_eq(cursor, "0");
    } else {
        orphans_rest(orphans);
    }
    orphans_go_on(orphans);
}

static void scan(struct orphans *orphans)
{
    char key[KEY_MAX];
    const jf_bytes words[] = { jf_str("SSCAN"), ids_key(orphans, key),
                               jf_str(orphans->cursor), jf_str("COUNT"), jf_str(PAGE) };
    orphans->scanning = redis_send(orphans->link, &orphans->scan, words, 5) == JF_OK;
    if (!orphans->scanning)
        orphans_rest(orphans);
}

static void on_ended(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct orphans *orphans = CONTAINER_OF(call, struct orphans, end);
    orphans->ending = false;
    if (!orphans_heed(orphans, status, reply))
        return;
    if (redis_reply_number(reply) == 1) {
        orphans_tell_end(orphans, JF_OK);
    } else {
        orphans_begin_pass(orphans);
        orphans_rest(orphans);
    }
}

static void ask_for_end(struct orphans *orphans)
{
    orphans->ending = orphans_run(orphans, END, &orphans->end, "") == JF_OK;
    if (!orphans->ending)
        orphans_rest(orphans);
}

/* The next of the page that may be begun with. Those that are held are passed by, those
 * that are done and still there go once more. */
static bool next(struct orphans *orphans, jf_conn_id *out)
{
    for (; orphans->at < orphans->count; orphans->at++) {
        *out = orphans->ids[orphans->at];
        if (table_find(&orphans->held, key_of(out)))
            continue;
        if (!id_set_has(&orphans->past, *out))
            return true;
        let_leave(hold(orphans, *out));
    }
    return false;
}

static void leave(struct held *held)
{
    list_remove(&held->node);
    if (!ask(held, BURY))
        let_leave(held);
}

static void ask_for_some(struct orphans *orphans)
{
    jf_conn_id conn;
    while (!orphans->resting && orphans->asked < AT_ONCE) {
        bool more = next(orphans, &conn);
        struct list_node *first = list_first(&orphans->leaving);
        if (first)
            leave(CONTAINER_OF(first, struct held, node));
        else if (more && orphans->allowed)
            begin(orphans, conn);
        else
            return;
    }
}

void orphans_go_on(struct orphans *orphans)
{
    if (!orphans->ready)
        return;
    ask_for_some(orphans);
    if (orphans->resting || orphans->scanning || orphans->at < orphans->count)
        return;
    if (orphans->last && orphans->missed)
        orphans_begin_pass(orphans);
    if (!orphans->last)
        scan(orphans);
    else if (!orphans->held.count && !orphans->ending)
        ask_for_end(orphans);
}

/* ---- From outside ---- */

void orphans_allow(struct orphans *orphans, unsigned count)
{
    allow(orphans, count);
    orphans_go_on(orphans);
}

void orphans_done(struct orphans *orphans, jf_conn_id conn)
{
    struct held *held = table_find(&orphans->held, key_of(&conn));
    if (!held || held->state != IN_HAND)
        return;
    let_leave(held);
    orphans_go_on(orphans);
}

/* Else the next would be handed what is done. */
bool orphans_farewell(struct orphans *orphans)
{
    bool any = false;
    size_t at = 0;
    void *value;
    while (orphans->ready && table_next(&orphans->held, &at, &value)) {
        struct held *held = value;
        any = any || held->state == LEAVING;
        if (held->state == LEAVING && list_linked(&held->node))
            ask(held, BURY);
    }
    return any;
}

void orphans_pass_init(struct orphans *orphans)
{
    orphans->scan.done = on_scanned;
    orphans->end.done = on_ended;
    table_init(&orphans->held);
    list_init(&orphans->leaving);
    orphans_begin_pass(orphans);
}

void orphans_pass_fini(struct orphans *orphans)
{
    size_t at = 0;
    void *held;
    while (table_next(&orphans->held, &at, &held))
        free(held);
    table_fini(&orphans->held);
    id_set_fini(&orphans->past);
    free(orphans->ids);
}
