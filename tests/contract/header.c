/* jackfield.h alone, as C99 with every warning there is: a plugin of the plainest kind that
 * calls every function once, so that each is compiled and not only read. */
#include "jackfield.h"

static void on_run(jf_worker *w, void *data)
{
    jf_timer_stop(w, *(jf_timer *)data);
}

static void on_ready(jf_worker *w, void *data, uint32_t ready)
{
    jf_poll_change(w, *(jf_poll *)data, ready ^ JF_WRITABLE);
    jf_poll_stop(w, *(jf_poll *)data);
}

static void on_done(jf_worker *w, void *data, int status)
{
    (void)data;
    jf_log(w->self, JF_DEBUG, "status=%d", status);
}

static void on_value(jf_worker *w, void *data, int status, jf_bytes value)
{
    (void)value;
    on_done(w, data, status);
}

static void on_members(jf_worker *w, void *data, int status, const jf_conn_id *ids,
                       size_t count)
{
    (void)ids;
    (void)count;
    on_done(w, data, status);
}

static void on_count(jf_worker *w, void *data, int status, uint64_t count)
{
    (void)count;
    on_done(w, data, status);
}

static int on_connect(struct jf_event *ev)
{
    jf_bytes name = jf_find(ev->connect->query, ev->connect->query_count, "name");
    if (jf_same(name, jf_str("")) && jf_subprotocol(ev, jf_str("chat")) == JF_OK)
        return JF_OK;
    return jf_refuse(ev, 403, jf_view(name.ptr, name.len));
}

static int on_store(struct jf_event *ev)
{
    jf_bytes key = jf_str("key");
    if (jf_attr_set(ev->worker, ev->conn, key, key, on_done, NULL) < 0 ||
        jf_attr_get(ev->worker, ev->conn, key, on_value, NULL) < 0 ||
        jf_group_join(ev->worker, key, ev->conn, on_done, NULL) < 0 ||
        jf_group_leave(ev->worker, key, ev->conn, on_done, NULL) < 0 ||
        jf_group_members(ev->worker, key, on_members, NULL) < 0 ||
        jf_group_count(ev->worker, key, on_count, NULL) < 0 || !jf_event_json(ev).ptr)
        return JF_E_INTERNAL;
    jf_finish(ev, JF_OK);
    return JF_LATER;
}

static int on_send(struct jf_event *ev)
{
    char text[JF_CONN_ID_TEXT + 1];
    static jf_timer timer;
    static jf_poll poll;
    jf_conn_id id;
    jf_id_to_text(ev->self, ev->conn, text);
    if (jf_id_from_text(ev->self, jf_str(text), &id) < 0 ||
        jf_send(ev->self, id, JF_TEXT, ev->message->body) < 0 ||
        jf_send_many(ev->self, &id, 1, JF_BINARY, ev->message->body) < 0 ||
        jf_send_group(ev->self, jf_str("key"), JF_TEXT, ev->message->body) < 0 ||
        jf_send_all(ev->self, ev->stage, JF_TEXT, ev->message->body) < 0 ||
        jf_send_then(ev->worker, id, JF_TEXT, ev->message->body, on_done, NULL) < 0 ||
        jf_post(ev->self, 0, on_run, &timer) < 0 ||
        jf_timer_start(ev->worker, 1, on_run, &timer, &timer) < 0 ||
        jf_poll_start(ev->worker, 0, JF_READABLE, on_ready, &poll, &poll) < 0)
        return JF_E_INTERNAL;
    return jf_close(ev->self, id, 1000, jf_str("bye"));
}

static int take_over(jf_self *self, const jf_self *old)
{
    self->state = old->state;
    return JF_OK;
}

static int init(jf_self *self, jf_bytes options)
{
    int status = jf_watch(self, jf_str("header.conf"));
    (void)options;
    if (status < 0)
        return status;
    return jf_route_add(self, jf_str("send"), on_send, NULL);
}

#define XX(code, upper, lower, text) lower,
static const char *const status_names[] = { JF_STATUS_MAP(XX) };
#undef XX

static const struct jf_route routes[] = {
    { "$connect", on_connect },
    { "store", on_store },
    { NULL, NULL },
};

JF_PLUGIN(.name = "header", .version = "1.0", .routes = routes, .init = init,
          .take_over = take_over);

int main(void)
{
    return jf_entry.size == sizeof(struct jf_plugin) && status_names[0][0] == 'i' ? 0 : 1;
}
