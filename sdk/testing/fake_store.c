/*
 * Attributes and groups in one list, searched from the front: a test has few of them.
 *
 * The change is made when it is asked for, so that what is asked next already sees it; the
 * answer is told by a job, in the next turn. That is how a store answers in the real host.
 */
#include "fake_inside.h"

#include <stdlib.h>

#define KEY_MAX 256
#define VALUE_MAX 65536

bool fake_same_conn(jf_conn_id a, jf_conn_id b)
{
    return memcmp(a.octet, b.octet, sizeof(a.octet)) == 0;
}

struct fake_fact *fake_next_fact(struct fake_fact *from, bool is_group, jf_bytes key)
{
    while (from &&
           (from->is_group != is_group || !jf_same(jf_view(from->key, from->key_len), key)))
        from = from->next;
    return from;
}

static struct fake_fact *find(struct fake_host *host, jf_conn_id conn, bool is_group,
                              jf_bytes key)
{
    struct fake_fact *fact = fake_next_fact(host->facts, is_group, key);
    while (fact && !fake_same_conn(fact->conn, conn))
        fact = fake_next_fact(fact->next, is_group, key);
    return fact;
}

static void put(struct fake_host *host, jf_conn_id conn, bool is_group, jf_bytes key,
                jf_bytes value)
{
    struct fake_fact *fact = find(host, conn, is_group, key);
    if (!fact) {
        struct fake_fact **end = &host->facts;
        while (*end)
            end = &(*end)->next;
        *end = fact = fake_take(&host->memory, sizeof(*fact));
        fact->conn = conn;
        fact->is_group = is_group;
        fact->key = fake_text(&host->memory, key);
        fact->key_len = key.len;
    }
    fact->value = fake_text(&host->memory, value);
    fact->value_len = value.len;
}

/* What the host itself says of a connection. */
void fake_put_attr(struct fake_host *host, jf_conn_id conn, jf_bytes key, jf_bytes value)
{
    put(host, conn, false, key, value);
}

static void drop(struct fake_host *host, const struct fake_fact *fact)
{
    struct fake_fact **slot = &host->facts;
    while (*slot && *slot != fact)
        slot = &(*slot)->next;
    if (*slot)
        *slot = fact->next;
}

void fake_forget(struct fake_host *host, struct fake_conn *conn)
{
    struct fake_fact **slot = &host->facts;
    conn->forgotten = true;
    while (*slot) {
        if (fake_same_conn((*slot)->conn, conn->id))
            *slot = (*slot)->next;
        else
            slot = &(*slot)->next;
    }
}

/* What all six check before they do anything. */
static int check(jf_worker *w, const jf_conn_id *id, jf_bytes key, const char *what)
{
    struct fake_host *host = fake_host_of(w->self);
    if (!fake_at_home(host, w, what) || key.len == 0 || key.len > KEY_MAX)
        return JF_E_INVALID;
    if (!id)
        return JF_OK;
    const struct fake_conn *conn = fake_find(host, *id);
    return conn && !conn->forgotten ? JF_OK : JF_E_GONE;
}

/* Who is gone may be asked about and may leave; it gets nothing new. */
static int check_alive(jf_worker *w, jf_conn_id id, jf_bytes key, const char *what)
{
    int status = check(w, &id, key, what);
    if (status == JF_OK && fake_find(fake_host_of(w->self), id)->state == FAKE_GONE)
        status = JF_E_GONE;
    return status;
}

static void answer(struct fake_host *host, jf_worker *w, jf_done_fn *done, void *data)
{
    if (!done)
        return;
    struct fake_job *job = fake_add_job(host, w, FAKE_DONE);
    job->call.done = done;
    job->data = data;
    job->status = host->store_status;
}

int fake_attr_set(jf_worker *w, jf_conn_id conn, jf_bytes key, jf_bytes value,
                  jf_done_fn *done, void *data)
{
    struct fake_host *host = fake_enter(w->self);
    int status = check_alive(w, conn, key, "jf_attr_set");
    if (status == JF_OK && value.len > VALUE_MAX)
        status = JF_E_TOO_BIG;
    if (status < 0)
        return fake_leave(host, status);
    if (host->store_status == JF_OK && value.len)
        put(host, conn, false, key, value);
    else if (host->store_status == JF_OK)
        drop(host, find(host, conn, false, key));
    answer(host, w, done, data);
    return fake_leave(host, JF_OK);
}

int fake_attr_get(jf_worker *w, jf_conn_id conn, jf_bytes key, jf_value_fn *done,
                  void *data)
{
    struct fake_host *host = fake_enter(w->self);
    int status = check(w, &conn, key, "jf_attr_get");
    if (status == JF_OK && !done)
        status = JF_E_INVALID;
    if (status < 0)
        return fake_leave(host, status);
    const struct fake_fact *fact = find(host, conn, false, key);
    struct fake_job *job = fake_add_job(host, w, FAKE_VALUE);
    job->call.value = done;
    job->data = data;
    job->status = host->store_status;
    if (job->status == JF_OK && !fact)
        job->status = JF_E_NOT_FOUND;
    if (job->status == JF_OK) {
        jf_bytes value = jf_view(fact->value, fact->value_len);
        job->value = jf_view(fake_text(&job->memory, value), value.len);
    }
    return fake_leave(host, JF_OK);
}

int fake_group_join(jf_worker *w, jf_bytes group, jf_conn_id conn, jf_done_fn *done,
                    void *data)
{
    struct fake_host *host = fake_enter(w->self);
    int status = check_alive(w, conn, group, "jf_group_join");
    if (status < 0)
        return fake_leave(host, status);
    if (host->store_status == JF_OK)
        put(host, conn, true, group, jf_view(NULL, 0));
    answer(host, w, done, data);
    return fake_leave(host, JF_OK);
}

int fake_group_leave(jf_worker *w, jf_bytes group, jf_conn_id conn, jf_done_fn *done,
                     void *data)
{
    struct fake_host *host = fake_enter(w->self);
    int status = check(w, &conn, group, "jf_group_leave");
    if (status < 0)
        return fake_leave(host, status);
    if (host->store_status == JF_OK)
        drop(host, find(host, conn, true, group));
    answer(host, w, done, data);
    return fake_leave(host, JF_OK);
}

static size_t count_from(struct fake_fact *fact, jf_bytes group)
{
    size_t count = 0;
    for (; fact; fact = fake_next_fact(fact->next, true, group))
        count++;
    return count;
}

int fake_group_members(jf_worker *w, jf_bytes group, jf_members_fn *done, void *data)
{
    struct fake_host *host = fake_enter(w->self);
    int status = check(w, NULL, group, "jf_group_members");
    if (status == JF_OK && !done)
        status = JF_E_INVALID;
    if (status < 0)
        return fake_leave(host, status);
    struct fake_job *job = fake_add_job(host, w, FAKE_MEMBERS);
    job->call.members = done;
    job->data = data;
    job->status = host->store_status;
    struct fake_fact *fact = fake_next_fact(host->facts, true, group);
    size_t count = count_from(fact, group);
    if (job->status == JF_OK && count) {
        job->ids = fake_take(&job->memory, count * sizeof(*job->ids));
        for (; fact; fact = fake_next_fact(fact->next, true, group))
            job->ids[job->count++] = fact->conn;
    }
    return fake_leave(host, JF_OK);
}

int fake_group_count(jf_worker *w, jf_bytes group, jf_count_fn *done, void *data)
{
    struct fake_host *host = fake_enter(w->self);
    int status = check(w, NULL, group, "jf_group_count");
    if (status == JF_OK && !done)
        status = JF_E_INVALID;
    if (status < 0)
        return fake_leave(host, status);
    struct fake_job *job = fake_add_job(host, w, FAKE_COUNT);
    job->call.count = done;
    job->data = data;
    job->status = host->store_status;
    if (job->status == JF_OK)
        job->count = count_from(fake_next_fact(host->facts, true, group), group);
    return fake_leave(host, JF_OK);
}

void fake_move_facts(struct fake_host *from, struct fake_host *to, jf_conn_id conn)
{
    struct fake_fact *fact = from->facts;
    while (fact) {
        struct fake_fact *next = fact->next;
        if (fake_same_conn(fact->conn, conn)) {
            put(to, conn, fact->is_group, jf_view(fact->key, fact->key_len),
                jf_view(fact->value, fact->value_len));
            drop(from, fact);
        }
        fact = next;
    }
}
