/* Who is there: a page of the ids of a stage or of a group, or their number. A group's come
 * from the store, sorted; a stage's from worker after worker and node after node, since
 * they know it best. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/host/ask_list.h"
#include "core/host/group_name.h"
#include "core/host/manage_answer.h"
#include "core/host/manage_impl.h"
#include "core/host/worker.h"
#include "core/parse/conn_id.h"
#include "core/parse/json_text.h"

#define LIMIT_DEFAULT 100

/* Where to go on. */
struct place {
    uint16_t node;
    uint8_t worker;
    uint32_t slot;
};

struct listing {
    struct managed *managed;
    bool counting;
    size_t limit; /* of ids; the rest is for another page */
    size_t count;
    struct json_text text;

    struct store_op op; /* which nodes there are */
    uint16_t *nodes;    /* ascending; this one among them */
    size_t node_count, at;
    struct place place;
    bool done;

    struct group_name group;
    jf_conn_id after; /* of a group: the last one of the page before */
};

/* ---- The answer --------------------------------------------------------- */

static void listing_free(struct listing *listing)
{
    free(listing->managed);
    free(listing->nodes);
    free(listing);
}

static void fail(struct listing *listing, int status)
{
    size_t len;
    free(json_text_take(&listing->text, &len));
    manage_answer_status(listing->managed->call, status);
    listing_free(listing);
}

static void open_text(struct listing *listing)
{
    json_text_open(&listing->text, '{');
    if (listing->counting)
        return;
    json_text_name(&listing->text, jf_str("connections"));
    json_text_open(&listing->text, '[');
}

static void put_id(struct listing *listing, jf_conn_id id)
{
    char text[JF_CONN_ID_TEXT + 1];
    conn_id_to_text(id, text);
    json_text_string(&listing->text, jf_view(text, JF_CONN_ID_TEXT));
    listing->count++;
}

/* `cursor`: how the next page is asked for; empty: there is none. */
static void end(struct listing *listing, jf_bytes cursor)
{
    struct json_text *text = &listing->text;
    size_t len = 0;
    if (listing->counting) {
        json_text_name(text, jf_str("count"));
        json_text_number(text, listing->count);
    } else {
        json_text_close(text, ']');
    }
    if (cursor.len) {
        json_text_name(text, jf_str("cursor"));
        json_text_string(text, cursor);
    }
    json_text_close(text, '}');
    AUTO_FREE char *json = json_text_take(text, &len);
    if (json)
        manage_answer_json(listing->managed->call, jf_view(json, len));
    else
        manage_answer_status(listing->managed->call, JF_E_NOMEM);
    listing_free(listing);
}

/* ---- A stage ------------------------------------------------------------ */

static void visit(struct listing *listing);

static void end_page(struct listing *listing)
{
    char cursor[32];
    snprintf(cursor, sizeof(cursor), "%u.%u.%u", listing->place.node, listing->place.worker,
             listing->place.slot);
    end(listing, listing->done ? jf_str("") : jf_str(cursor));
}

static void go_to_next_node(struct listing *listing)
{
    listing->done = ++listing->at == listing->node_count;
    if (!listing->done)
        listing->place = (struct place){ .node = listing->nodes[listing->at] };
}

static void go_on(struct listing *listing, uint32_t next_slot)
{
    listing->place.slot = next_slot;
    if (next_slot)
        return;
    if (listing->place.worker == CONN_ID_WORKERS - 1)
        go_to_next_node(listing);
    else
        listing->place.worker++;
}

static void take_page(struct listing *listing, const struct ask_page *page)
{
    if (listing->counting)
        listing->count += page->count;
    else
        for (size_t i = 0; i < page->count; i++)
            put_id(listing, ask_page_id(page, i));
    go_on(listing, page->next);
}

static void on_page(jf_worker *none, void *data, int status, jf_bytes answer)
{
    struct listing *listing = data;
    struct ask_page page;
    (void)none;
    if (status == JF_OK && !ask_page_read(answer, &page))
        status = JF_E_INTERNAL;
    if (status == JF_OK)
        take_page(listing, &page);
    else if (status == JF_E_GONE)
        go_to_next_node(listing); /* it has no more workers, or is no more */
    else {
        fail(listing, status);
        return;
    }
    visit(listing);
}

static void visit(struct listing *listing)
{
    const struct managed *managed = listing->managed;
    uint8_t limit[ASK_LIST_LIMIT];
    int status = JF_E_GONE;
    while (!listing->done && (listing->counting || listing->count < listing->limit)) {
        ask_list_limit(limit,
                       listing->counting ? 0 : (uint16_t)(listing->limit - listing->count));
        struct ask_order order =
            ask_list_order(listing->place.node, listing->place.worker, listing->place.slot,
                           managed->stage->name, limit);
        order.done.value = on_page;
        order.data = listing;
        status = ask_put_own(managed->worker, &order);
        if (status == JF_OK)
            return;
        if (status != JF_E_GONE) {
            fail(listing, status);
            return;
        }
        go_to_next_node(listing);
    }
    end_page(listing);
}

static int compare_nodes(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* A cursor's node may have gone: then the next one is begun with. */
static void find_place(struct listing *listing)
{
    const struct place from = listing->place;
    while (listing->at < listing->node_count && listing->nodes[listing->at] < from.node)
        listing->at++;
    listing->done = listing->at == listing->node_count;
    if (!listing->done && listing->nodes[listing->at] != from.node)
        listing->place = (struct place){ .node = listing->nodes[listing->at] };
}

static void on_nodes(struct store_op *op, int status)
{
    struct listing *listing = CONTAINER_OF(op, struct listing, op);
    struct worker *worker = listing->managed->worker;
    worker->waiting_asks--;
    if (status < 0) {
        fail(listing, status);
        worker_check_drained(worker);
        return;
    }
    listing->nodes = xcalloc(op->member_count + 1, sizeof(uint16_t));
    listing->nodes[listing->node_count++] = gateway_node(worker->gateway);
    for (size_t i = 0; i < op->member_count; i++)
        listing->nodes[listing->node_count++] = conn_id_node(op->members[i]);
    qsort(listing->nodes, listing->node_count, sizeof(uint16_t), compare_nodes);
    find_place(listing);
    visit(listing);
    worker_check_drained(worker);
}

static void list_stage(struct listing *listing)
{
    struct worker *worker = listing->managed->worker;
    listing->op.done = on_nodes;
    int status = worker->halting ? JF_E_STOPPING
                                 : worker->store_kind->nodes(worker->store, &listing->op);
    if (status < 0)
        fail(listing, status);
    else
        worker->waiting_asks++;
}

static bool read_place(jf_bytes cursor, struct place *out)
{
    uint64_t numbers[3];
    static const uint64_t largest[3] = { UINT16_MAX, CONN_ID_WORKERS - 1,
                                         CONN_ID_SLOTS - 1 };
    for (size_t i = 0; i < 3; i++) {
        size_t len = bytes_find(cursor, '.');
        if (!bytes_number(jf_view(cursor.ptr, len), largest[i], &numbers[i]))
            return false;
        cursor = bytes_from(cursor, len + 1);
    }
    *out =
        (struct place){ (uint16_t)numbers[0], (uint8_t)numbers[1], (uint32_t)numbers[2] };
    return !cursor.len;
}

/* ---- A group ------------------------------------------------------------ */

static int compare_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(jf_conn_id));
}

static void on_members(jf_worker *none, void *data, int status, const jf_conn_id *members,
                       size_t count)
{
    struct listing *listing = data;
    char cursor[JF_CONN_ID_TEXT + 1] = "";
    (void)none;
    if (status < 0) {
        fail(listing, status);
        return;
    }
    AUTO_FREE jf_conn_id *sorted = xcalloc(count + 1, sizeof(*sorted));
    if (count)
        memcpy(sorted, members, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare_ids);
    for (size_t i = 0; i < count && !*cursor; i++) {
        if (compare_ids(&sorted[i], &listing->after) <= 0)
            continue;
        put_id(listing, sorted[i]);
        if (listing->count == listing->limit && i + 1 < count)
            conn_id_to_text(sorted[i], cursor);
    }
    end(listing, jf_str(cursor));
}

static void on_count(jf_worker *none, void *data, int status, uint64_t count)
{
    struct listing *listing = data;
    (void)none;
    if (status < 0) {
        fail(listing, status);
        return;
    }
    listing->count = count;
    end(listing, jf_str(""));
}

static void list_group(struct listing *listing)
{
    struct ask_order order = { .kind = ASK_GROUP_MEMBERS,
                               .key = listing->group.bytes,
                               .done = { .members = on_members },
                               .data = listing };
    if (listing->counting) {
        order.kind = ASK_GROUP_COUNT;
        order.done.count = on_count;
    }
    int status = ask_put_own(listing->managed->worker, &order);
    if (status < 0)
        fail(listing, status);
}

/* ---- The request -------------------------------------------------------- */

/* NULL, or what is wrong. */
static const char *read_options(struct listing *listing, bool *of_group)
{
    const struct managed *managed = listing->managed;
    jf_bytes text;
    uint64_t limit = LIMIT_DEFAULT;
    *of_group = managed_parameter(managed, "group", &text);
    if (*of_group && group_name_make(managed->stage->name, text, &listing->group) < 0)
        return "a group's name has 1 to 256 octets";
    if (managed_parameter(managed, "count", &text))
        listing->counting = !bytes_eq(text, "false");
    if (managed_parameter(managed, "limit", &text) &&
        (!bytes_number(text, ASK_LIST_MAX, &limit) || !limit))
        return "limit must be 1 to 1000";
    listing->limit = limit;
    if (!managed_parameter(managed, "cursor", &text))
        return NULL;
    bool valid = *of_group ? conn_id_from_text(text, &listing->after) == JF_OK
                           : read_place(text, &listing->place);
    return valid ? NULL : "cursor must be one that this path has answered";
}

void manage_list(struct managed *managed)
{
    struct listing *listing = xnew(struct listing);
    listing->managed = managed;
    bool of_group;
    const char *wrong = read_options(listing, &of_group);
    if (wrong) {
        managed_refuse(managed, wrong);
        free(listing);
        return;
    }
    open_text(listing);
    if (of_group)
        list_group(listing);
    else
        list_stage(listing);
}
