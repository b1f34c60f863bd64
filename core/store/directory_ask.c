/* Questions that only Redis can answer: who is elsewhere. A large group comes in pages, so
 * that neither Redis nor this loop is held up by it; a page may repeat what another one
 * had, hence the set. Members on this node are not asked for: the ledger knows better. */
#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/store/directory_impl.h"

#define PAGE "1000"

struct question {
    struct redis_call call;
    struct directory *directory;
    void *data;
    union {
        void (*members)(void *data, int status, struct id_set *ids);
        void (*count)(void *data, int status, uint64_t count);
        void (*left)(void *data, int status);
    } done;
    struct id_set ids;
    jf_bytes group;
};

/* Whatever is wrong with Redis, to who asks it is not there. */
static int plain(int status)
{
    switch (status) {
    case JF_OK:
    case JF_E_FULL:
    case JF_E_NOMEM:
    case JF_E_STOPPING:
        return status;
    default:
        return JF_E_UNAVAILABLE;
    }
}

static struct question *new_question(struct directory *directory, jf_bytes group,
                                     void *data)
{
    struct question *question = xnew(struct question);
    question->directory = directory;
    question->group = group;
    question->data = data;
    return question;
}

/* ---- Members ---- */

static int ask_page(struct question *question, jf_bytes cursor)
{
    struct directory *directory = question->directory;
    struct directory_key key;
    const jf_bytes words[] = { jf_str("SSCAN"),
                               directory_key(directory, &key, "g:", question->group),
                               cursor, jf_str("COUNT"), jf_str(PAGE) };
    return redis_send(directory->link, &question->call, words, 5);
}

/* What is no id is no member. */
static int take_page(struct question *question, const struct redis_reply *ids)
{
    for (size_t i = 0; i < redis_reply_count(ids); i++) {
        jf_conn_id conn;
        if (conn_id_from_text(redis_reply_bytes(redis_reply_at(ids, i)), &conn) < 0 ||
            conn_id_node(conn) == question->directory->options->node)
            continue;
        int status = id_set_add(&question->ids, conn);
        if (status < 0)
            return status;
    }
    return JF_OK;
}

/* The answer may close the directory. */
static void give_members(struct question *question, int status)
{
    if (status < 0)
        id_set_fini(&question->ids);
    question->done.members(question->data, plain(status), &question->ids);
    free(question);
}

static void on_page(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct question *question = CONTAINER_OF(call, struct question, call);
    jf_bytes cursor = redis_reply_bytes(redis_reply_at(reply, 0));
    if (status == JF_OK && !cursor.len)
        status = JF_E_INTERNAL;
    if (status == JF_OK)
        status = take_page(question, redis_reply_at(reply, 1));
    if (status == JF_OK && !bytes_eq(cursor, "0")) {
        status = ask_page(question, cursor);
        if (status == JF_OK)
            return;
    }
    give_members(question, status);
}

int directory_members(struct directory *directory, jf_bytes group,
                      void (*done)(void *data, int status, struct id_set *ids), void *data)
{
    struct question *question = new_question(directory, group, data);
    question->call.done = on_page;
    question->done.members = done;
    int status =
        directory_is_fenced(directory) ? JF_E_UNAVAILABLE : ask_page(question, jf_str("0"));
    if (status < 0)
        free(question);
    return plain(status);
}

/* ---- Nodes ---- */

static int take_nodes(struct question *question, const struct redis_reply *numbers)
{
    int status = JF_OK;
    for (size_t i = 0; i < redis_reply_count(numbers) && status == JF_OK; i++) {
        uint64_t node;
        jf_bytes text = redis_reply_bytes(redis_reply_at(numbers, i));
        if (bytes_number(text, UINT16_MAX, &node) &&
            node != question->directory->options->node)
            status = id_set_add(&question->ids, conn_id_make((uint16_t)node, 0, 0));
    }
    return status;
}

static void on_nodes(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct question *question = CONTAINER_OF(call, struct question, call);
    give_members(question, status == JF_OK ? take_nodes(question, reply) : status);
}

int directory_nodes(struct directory *directory,
                    void (*done)(void *data, int status, struct id_set *ids), void *data)
{
    struct directory_key key;
    struct question *question = new_question(directory, jf_str(""), data);
    const jf_bytes words[] = { jf_str("HKEYS"),
                               directory_key(directory, &key, "nodes", jf_str("")) };
    question->call.done = on_nodes;
    question->done.members = done;
    int status = directory_is_fenced(directory)
                     ? JF_E_UNAVAILABLE
                     : redis_send(directory->link, &question->call, words, 2);
    if (status < 0)
        free(question);
    return plain(status);
}

/* ---- What a script says ---- */

static int ask_script(struct question *question, const jf_bytes *words, size_t count)
{
    struct directory *directory = question->directory;
    int status = JF_E_UNAVAILABLE;
    if (directory->ready && !directory_is_fenced(directory))
        status = redis_send(directory->link, &question->call, words, count);
    if (status < 0)
        free(question);
    return plain(status);
}

static void on_counted(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct question *question = CONTAINER_OF(call, struct question, call);
    int64_t number = redis_reply_number(reply);
    if (status == JF_E_NOT_FOUND)
        directory_load_scripts(question->directory);
    question->done.count(question->data, plain(status), number > 0 ? (uint64_t)number : 0);
    free(question);
}

int directory_count(struct directory *directory, jf_bytes group,
                    void (*done)(void *data, int status, uint64_t count), void *data)
{
    jf_bytes words[SCRIPT_HEAD + 1];
    struct question *question = new_question(directory, group, data);
    question->call.done = on_counted;
    question->done.count = done;
    directory_script(directory, COUNT_OTHERS, words);
    words[SCRIPT_HEAD] = group;
    return ask_script(question, words, SCRIPT_HEAD + 1);
}

/* For a dead node. */
static void on_left(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct question *question = CONTAINER_OF(call, struct question, call);
    if (status == JF_E_NOT_FOUND)
        directory_load_scripts(question->directory);
    status = redis_reply_says(reply, "FENCED") ? JF_E_GONE : plain(status);
    question->done.left(question->data, status);
    free(question);
}

int directory_orphan_leave(struct directory *directory, jf_conn_id conn, uint64_t fence,
                           jf_bytes group, void (*done)(void *data, int status), void *data)
{
    char id[JF_CONN_ID_TEXT + 1], node[8], fence_text[24];
    jf_bytes words[SCRIPT_HEAD + 2];
    struct question *question = new_question(directory, group, data);
    question->call.done = on_left;
    question->done.left = done;
    conn_id_to_text(conn, id);
    snprintf(node, sizeof(node), "%u", conn_id_node(conn));
    snprintf(fence_text, sizeof(fence_text), "%llu", (unsigned long long)fence);
    directory_script(directory, LEAVE, words);
    words[SCRIPT_NODE] = jf_str(node);
    words[SCRIPT_FENCE] = jf_str(fence_text);
    words[SCRIPT_HEAD] = jf_view(id, JF_CONN_ID_TEXT);
    words[SCRIPT_HEAD + 1] = group;
    return ask_script(question, words, SCRIPT_HEAD + 2);
}
