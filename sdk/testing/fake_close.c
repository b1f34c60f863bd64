/*
 * The functions that close: one connection, a group, or whoever has an attribute. It is
 * done at once; what follows, $disconnect, stands in line.
 */
#include "fake_inside.h"

#define NAME_MAX_OCTETS 256
#define REASON_MAX 123

/* The codes an endpoint may put into a close frame (RFC 6455, 7.4). */
static bool may_be_sent(uint32_t code, jf_bytes reason)
{
    bool ours =
        code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
    return (ours || (code >= 3000 && code <= 4999)) && reason.len <= REASON_MAX;
}

static void end(struct fake_host *host, struct fake_conn *conn, uint32_t code,
                jf_bytes reason)
{
    conn->closed.code = code;
    conn->closed.reason = fake_text(&host->memory, reason);
    fake_end(host, conn, conn->closed);
}

int fake_close(jf_self *self, jf_conn_id id, uint32_t code, jf_bytes reason)
{
    struct fake_host *host = fake_enter(self);
    struct fake_conn *conn = fake_find(host, id);
    if (!may_be_sent(code, reason))
        return fake_leave(host, JF_E_INVALID);
    if (!conn || (conn->state != FAKE_OPEN && conn->state != FAKE_ASKING))
        return fake_leave(host, JF_E_GONE);
    end(host, conn, code, reason);
    return fake_leave(host, JF_OK);
}

int fake_close_group(jf_self *self, jf_bytes group, uint32_t code, jf_bytes reason)
{
    struct fake_host *host = fake_enter(self);
    if (!group.len || group.len > NAME_MAX_OCTETS || !may_be_sent(code, reason))
        return fake_leave(host, JF_E_INVALID);
    struct fake_fact *fact = fake_next_fact(host->facts, true, group);
    for (; fact; fact = fake_next_fact(fact->next, true, group)) {
        struct fake_conn *conn = fake_find(host, fact->conn);
        if (conn && conn->state == FAKE_OPEN)
            end(host, conn, code, reason);
    }
    return fake_leave(host, JF_OK);
}

/* What an authorizer has said is an attribute, too. */
static bool is_called(const struct fake_conn *conn, jf_bytes key, jf_bytes value)
{
    static const char prefix[] = "authorizer.";
    size_t len = sizeof(prefix) - 1;
    if (key.len <= len || memcmp(key.ptr, prefix, len) != 0)
        return false;
    for (size_t i = 0; i < conn->identity.count; i++) {
        const struct jf_pair *pair = &conn->identity.pairs[i];
        if (jf_same(pair->name, jf_view(key.ptr + len, key.len - len)))
            return jf_same(pair->value, value);
    }
    return false;
}

static bool has(const struct fake_host *host, const struct fake_conn *conn, jf_bytes key,
                jf_bytes value)
{
    struct fake_fact *fact = fake_next_fact(host->facts, false, key);
    while (fact && !fake_same_conn(fact->conn, conn->id))
        fact = fake_next_fact(fact->next, false, key);
    return fact ? jf_same(jf_view(fact->value, fact->value_len), value)
                : is_called(conn, key, value);
}

int fake_close_where(jf_self *self, jf_bytes stage, jf_bytes key, jf_bytes value,
                     uint32_t code, jf_bytes reason)
{
    struct fake_host *host = fake_enter(self);
    if (!key.len || key.len > NAME_MAX_OCTETS || !value.len || !may_be_sent(code, reason))
        return fake_leave(host, JF_E_INVALID);
    for (struct fake_conn *conn = host->conns; conn; conn = conn->next) {
        bool there = conn->state == FAKE_OPEN || conn->state == FAKE_ASKING;
        if (there && jf_same(jf_str(conn->stage), stage) && has(host, conn, key, value))
            end(host, conn, code, reason);
    }
    return fake_leave(host, JF_OK);
}
