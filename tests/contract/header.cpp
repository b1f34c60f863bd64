// jackfield.h alone, as C++20: a plugin may be written in it.
#include "jackfield.h"

static int on_ping(struct jf_event *ev)
{
    const jf_bytes name = jf_find(ev->connect->query, ev->connect->query_count, "name");
    jf_log(ev->self, JF_INFO, "name=%d", static_cast<int>(name.len));
    if (jf_same(name, jf_view("", 0)))
        jf_finish(ev, JF_E_GONE);
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_str("pong"));
}

static const struct jf_route routes[] = {
    { "ping", on_ping },
    { nullptr, nullptr },
};

JF_PLUGIN(.name = "ping", .version = "1.0", .routes = routes);

int main()
{
    return jf_entry.routes == routes ? 0 : 1;
}
