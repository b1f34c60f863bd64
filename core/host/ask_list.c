/* A visit looks at a bounded part of the slot table, so that a large one holds nobody up.
 */
#include "core/host/ask_list.h"

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/host/ask_impl.h"
#include "core/parse/conn_id.h"

#define SLOTS_PER_VISIT 65536
#define PAGE_HEAD 8

struct ask_order ask_list_order(uint16_t node, uint8_t worker, uint32_t slot,
                                jf_bytes stage, uint8_t limit[ASK_LIST_LIMIT])
{
    return (struct ask_order){ .kind = ASK_LIST,
                               .conn = conn_id_make(node, worker, slot),
                               .key = stage,
                               .value = jf_view(limit, ASK_LIST_LIMIT) };
}

void ask_list_limit(uint8_t limit[ASK_LIST_LIMIT], uint16_t number)
{
    bytes_put_number(limit, number, ASK_LIST_LIMIT);
}

bool ask_page_read(jf_bytes answer, struct ask_page *out)
{
    if (answer.len < PAGE_HEAD || (answer.len - PAGE_HEAD) % sizeof(jf_conn_id))
        return false;
    out->next = (uint32_t)bytes_get_number(answer.ptr, 4);
    out->count = (uint32_t)bytes_get_number(answer.ptr + 4, 4);
    out->ids = bytes_from(answer, PAGE_HEAD);
    return out->ids.len == 0 || out->ids.len / sizeof(jf_conn_id) == out->count;
}

jf_conn_id ask_page_id(const struct ask_page *page, size_t index)
{
    jf_conn_id id;
    memcpy(&id, page->ids.ptr + index * sizeof(id), sizeof(id));
    return id;
}

static bool is_listed(struct conn *conn, jf_bytes stage)
{
    const struct session *session = session_of(conn);
    return session->admitted && jf_same(session->stage->name, stage);
}

int ask_do_list(struct ask *ask)
{
    struct server *server = ask->home->server;
    size_t limit = bytes_get_number(ask->order.value.ptr, ASK_LIST_LIMIT);
    uint32_t slot = conn_id_slot(ask->order.conn), end = slot + SLOTS_PER_VISIT, count = 0;
    if (limit > ASK_LIST_MAX)
        return JF_E_INVALID;
    char *answer = try_alloc(PAGE_HEAD + limit * sizeof(jf_conn_id));
    if (!answer)
        return JF_E_NOMEM;
    char *at = answer + PAGE_HEAD;
    struct conn *conn = NULL;
    while ((!limit || count < limit) && (conn = server_next(server, &slot, end))) {
        jf_conn_id id = conn_id(conn);
        if (!is_listed(conn, ask->order.key))
            continue;
        count++;
        if (limit)
            bytes_keep(jf_view(&id, sizeof(id)), &at);
    }
    bytes_put_number((uint8_t *)answer, slot, 4);
    bytes_put_number((uint8_t *)answer + 4, count, 4);
    ask->answer = answer;
    ask->answer_len = (size_t)(at - answer);
    return JF_OK;
}
