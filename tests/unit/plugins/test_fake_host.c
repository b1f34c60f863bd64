/* The fake host: it must be as strict as the real one, or tests with it prove nothing. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdlib.h>

#include "sdk/testing/fake_host.h"

/* What a plugin under test noted down. One program, one note. */
static struct note {
    struct jf_event *held;
    jf_worker *worker;
    int done, status;
    char text[128];
    size_t count;
    jf_timer timer;
    uint32_t kind, code;
} note;

static int hold(struct jf_event *ev)
{
    note.held = ev;
    return JF_LATER;
}

static void on_done(jf_worker *w, void *data, int status)
{
    (void)data;
    note.worker = w;
    note.done++;
    note.status = status;
}

static void on_value(jf_worker *w, void *data, int status, jf_bytes value)
{
    on_done(w, data, status);
    snprintf(note.text, sizeof(note.text), "%.*s", (int)value.len,
             value.ptr ? value.ptr : "");
}

static void on_members(jf_worker *w, void *data, int status, const jf_conn_id *ids,
                       size_t count)
{
    on_done(w, data, status);
    note.count = count;
    if (count)
        jf_id_to_text(w->self, ids[count - 1], note.text);
}

static int join(struct jf_event *ev)
{
    return jf_group_join(ev->worker, jf_str("g"), ev->conn, on_done, NULL);
}

static int leave(struct jf_event *ev)
{
    return jf_group_leave(ev->worker, jf_str("g"), ev->conn, on_done, NULL);
}

static int members(struct jf_event *ev)
{
    return jf_group_members(ev->worker, jf_str("g"), on_members, NULL);
}

static int tell_group(struct jf_event *ev)
{
    return jf_send_group(ev->self, jf_str("g"), JF_TEXT, ev->message->body);
}

static int set(struct jf_event *ev)
{
    return jf_attr_set(ev->worker, ev->conn, jf_str("k"), ev->message->body, on_done, NULL);
}

static int get(struct jf_event *ev)
{
    return jf_attr_get(ev->worker, ev->conn, jf_str("k"), on_value, NULL);
}

static int on_disconnect(struct jf_event *ev)
{
    note.kind = ev->kind;
    note.code = ev->disconnect->code;
    note.status = jf_send(ev->self, ev->conn, JF_TEXT, jf_str("bye"));
    int status = get(ev);
    return status < 0 ? status : hold(ev);
}

static int close_it(struct jf_event *ev)
{
    return jf_close(ev->self, ev->conn, 4000, jf_str("enough"));
}

static int finish_now(struct jf_event *ev)
{
    jf_finish(ev, JF_OK);
    return JF_OK;
}

static int garbage(struct jf_event *ev)
{
    (void)ev;
    return 12345;
}

static void count_up(jf_worker *w, void *data)
{
    note.worker = w;
    ++*(int *)data;
}

static int start_timer(struct jf_event *ev)
{
    return jf_timer_start(ev->worker, 10, count_up, &note.done, &note.timer);
}

static int stop_timer(struct jf_event *ev)
{
    jf_timer_stop(ev->worker, note.timer);
    return JF_OK;
}

static int refuse_or_hold(struct jf_event *ev)
{
    jf_bytes how = jf_find(ev->connect->query, ev->connect->query_count, "how");
    if (jf_same(how, jf_str("hold")))
        return jf_send(ev->self, ev->conn, JF_TEXT, jf_str("first")) < 0 ? JF_E_INTERNAL
                                                                         : hold(ev);
    return jf_same(how, jf_str("refuse")) ? JF_E_TIMEOUT : JF_OK;
}

static const struct jf_route routes[] = {
    { "$connect", refuse_or_hold },
    { "$disconnect", on_disconnect },
    { "hold", hold },
    { "join", join },
    { "leave", leave },
    { "members", members },
    { "tell", tell_group },
    { "set", set },
    { "get", get },
    { "close", close_it },
    { "finish_now", finish_now },
    { "garbage", garbage },
    { "timer", start_timer },
    { "stop", stop_timer },
    { NULL, NULL },
};

static const struct jf_plugin plugin = { .size = sizeof(plugin),
                                         .abi_major = JF_ABI_MAJOR,
                                         .abi_minor = JF_ABI_MINOR,
                                         .name = "test",
                                         .version = "1",
                                         .routes = routes };

static struct fake_host *start(uint32_t workers)
{
    memset(&note, 0, sizeof(note));
    struct fake_host *host = fake_host_new(&plugin, workers);
    assert_int_equal(fake_host_start(host, "{}"), JF_OK);
    return host;
}

/* The test's own $disconnect handler holds the event, so somebody must finish it. */
static void part(struct fake_host *host, jf_conn_id conn)
{
    fake_host_hang_up(host, conn, 1000, "");
    jf_finish(note.held, JF_OK);
    fake_host_turn(host);
}

/* ---- Events ----------------------------------------------------------------------------
 */

static void events_of_a_connection_come_one_at_a_time(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL);

    assert_int_equal(fake_host_say(host, ann, "hold", "1"), JF_LATER);
    struct jf_event *first = note.held;
    assert_int_equal(fake_host_say(host, ann, "hold", "2"), JF_LATER);
    assert_ptr_equal(note.held, first);

    jf_finish(first, JF_OK);
    assert_ptr_equal(note.held, first); /* nothing happens before its turn */
    fake_host_turn(host);
    assert_ptr_not_equal(note.held, first);
    assert_true(jf_same(note.held->message->body, jf_str("2")));
    jf_finish(note.held, JF_E_DENIED);
    fake_host_turn(host);
    assert_int_equal(fake_host_status(host, ann), JF_E_DENIED);
    part(host, ann);
    fake_host_free(host);
}

static void finishing_twice_is_a_fault(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL);
    fake_host_say(host, ann, "hold", "");
    jf_finish(note.held, JF_OK);
    jf_finish(note.held, JF_OK);
    assert_non_null(strstr(fake_host_fault(host), "'hold' was finished twice"));
    fake_host_turn(host);
    jf_finish(note.held, JF_OK);
    assert_non_null(strstr(fake_host_fault(host), "'hold' was finished twice"));
    part(host, ann);
    fake_host_free(host);
}

static void finishing_without_having_said_later_is_a_fault(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL);
    assert_int_equal(fake_host_say(host, ann, "finish_now", ""), JF_OK);
    assert_non_null(strstr(fake_host_fault(host), "did not return JF_LATER"));
    assert_null(fake_host_fault(host));
    part(host, ann);
    fake_host_free(host);
}

static void a_number_that_is_no_status_is_a_fault(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL);
    assert_int_equal(fake_host_say(host, ann, "garbage", ""), JF_E_INTERNAL);
    assert_non_null(strstr(fake_host_fault(host), "12345"));
    part(host, ann);
    fake_host_free(host);
}

static void what_is_never_finished_is_a_fault_at_the_end(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    fake_host_say(host, fake_host_connect(host, NULL), "hold", "");
    fake_host_stop(host);
    assert_non_null(strstr(fake_host_fault(host), "'hold' was never finished"));
    fake_host_free(host);
}

static void no_handler_is_not_found(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL);
    assert_int_equal(fake_host_say(host, ann, "unheard-of", ""), JF_E_NOT_FOUND);
    part(host, ann);
    fake_host_free(host);
}

/* ---- Coming and going ------------------------------------------------------------------
 */

static void what_is_sent_before_the_verdict_follows_it(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, "how=hold");
    assert_null(fake_host_hear(host, ann));
    jf_finish(note.held, JF_OK);
    fake_host_turn(host);
    assert_string_equal(fake_host_hear(host, ann), "first");

    jf_conn_id bob = fake_host_connect(host, "how=hold");
    jf_finish(note.held, JF_E_INTERNAL);
    fake_host_turn(host);
    assert_int_equal(fake_host_verdict(host, bob).http_status, 502);
    assert_null(fake_host_hear(host, bob));

    part(host, ann);
    fake_host_free(host);
}

static void who_leaves_before_the_verdict_gets_a_disconnect_if_admitted(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, "how=hold");
    fake_host_hang_up(host, ann, 1006, NULL);
    assert_int_equal(jf_send(fake_host_self(host), ann, JF_TEXT, jf_str("?")), JF_E_GONE);
    jf_finish(note.held, JF_OK);
    fake_host_turn(host);
    assert_int_equal(note.kind, JF_DISCONNECT);
    assert_int_equal(note.code, 1006);
    jf_finish(note.held, JF_OK);
    fake_host_turn(host);

    note.kind = 0;
    jf_conn_id bob = fake_host_connect(host, "how=hold");
    fake_host_hang_up(host, bob, 1006, NULL);
    jf_finish(note.held, JF_E_DENIED);
    fake_host_turn(host);
    assert_int_equal(note.kind, 0);
    fake_host_free(host);
}

static void who_is_gone_can_be_read_but_not_written(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL);
    fake_host_say(host, ann, "set", "v");
    fake_host_hang_up(host, ann, 1000, "");
    assert_int_equal(note.status, JF_E_GONE);
    fake_host_turn(host);
    assert_string_equal(note.text, "v");
    assert_string_equal(fake_host_attr(host, ann, "k"), "v");
    jf_finish(note.held, JF_OK);
    fake_host_turn(host);
    assert_null(fake_host_attr(host, ann, "k"));
    assert_int_equal(fake_host_say(host, ann, "set", "v"), JF_E_GONE);
    fake_host_free(host);
}

static void a_close_by_the_plugin_is_followed_by_a_disconnect(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL);
    assert_int_equal(fake_host_closed(host, ann).code, 0);
    assert_int_equal(fake_host_say(host, ann, "close", ""), JF_OK);
    assert_int_equal(fake_host_closed(host, ann).code, 4000);
    assert_string_equal(fake_host_closed(host, ann).reason, "enough");
    assert_int_equal(note.kind, 0);
    fake_host_turn(host);
    assert_int_equal(note.kind, JF_DISCONNECT);
    assert_int_equal(note.code, 4000);
    jf_finish(note.held, JF_OK);
    fake_host_free(host);
}

static void a_connect_is_shown_as_it_was_written(void **state)
{
    (void)state;
    struct fake_host *host = start(3);
    struct fake_client client = { .path = "/prod",
                                  .stage = "prod",
                                  .worker = 2,
                                  .headers = "Host: a\nX-Twice: 1\nx-twice: 2",
                                  .query = "how=hold&name=J%c3%b6rg+B&flag&a=b=c" };
    fake_host_connect_as(host, &client);
    const struct jf_connect *connect = note.held->connect;
    assert_int_equal(note.held->worker->index, 2);
    assert_true(jf_same(note.held->stage, jf_str("prod")));
    assert_true(jf_same(connect->path, jf_str("/prod")));
    assert_int_equal(connect->header_count, 3);
    assert_true(jf_same(jf_find(connect->headers, 3, "X-TWICE"), jf_str("1")));
    assert_int_equal(connect->query_count, 4);
    assert_true(jf_same(jf_find(connect->query, 4, "name"), jf_str("J\xc3\xb6rg B")));
    assert_true(jf_same(jf_find(connect->query, 4, "a"), jf_str("b=c")));
    assert_int_equal(jf_find(connect->query, 4, "flag").len, 0);
    assert_null(jf_find(connect->query, 4, "none").ptr);
    jf_finish(note.held, JF_E_DENIED);
    fake_host_free(host);
}

/* ---- Store, time, threads --------------------------------------------------------------
 */

static void completions_come_later_and_once(void **state)
{
    (void)state;
    struct fake_host *host = start(2);
    struct fake_client on_two = { .worker = 1 };
    jf_conn_id ann = fake_host_connect_as(host, &on_two);
    fake_host_say(host, ann, "get", "");
    assert_int_equal(note.done, 0);
    assert_int_equal(fake_host_turn(host), 1);
    assert_int_equal(note.done, 1);
    assert_int_equal(note.status, JF_E_NOT_FOUND);
    assert_int_equal(note.worker->index, 1);

    fake_host_say(host, ann, "set", "v");
    fake_host_say(host, ann, "get", "");
    fake_host_turn(host);
    assert_string_equal(note.text, "v");
    fake_host_say(host, ann, "set", "");
    fake_host_say(host, ann, "get", "");
    fake_host_turn(host);
    assert_int_equal(note.status, JF_E_NOT_FOUND);
    part(host, ann);
    fake_host_free(host);
}

static void groups_reach_their_members_only(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL), bob = fake_host_connect(host, NULL);
    char bobs_text[JF_CONN_ID_TEXT + 1];
    fake_host_say(host, ann, "join", "");
    fake_host_say(host, bob, "join", "");
    fake_host_say(host, bob, "join", "");
    assert_int_equal(fake_host_members(host, "g"), 2);
    fake_host_say(host, ann, "members", "");
    fake_host_turn(host);
    jf_id_to_text(fake_host_self(host), bob, bobs_text);
    assert_int_equal(note.count, 2);
    assert_string_equal(note.text, bobs_text);

    fake_host_say(host, ann, "leave", "");
    fake_host_say(host, ann, "tell", "hi");
    assert_null(fake_host_hear(host, ann));
    assert_string_equal(fake_host_hear(host, bob), "hi");

    fake_host_hang_up(host, bob, 1000, "");
    fake_host_say(host, ann, "tell", "anyone?");
    assert_null(fake_host_hear(host, bob));
    fake_host_turn(host);
    jf_finish(note.held, JF_OK);
    fake_host_turn(host);
    assert_int_equal(fake_host_members(host, "g"), 0);
    part(host, ann);
    fake_host_free(host);
}

static void a_store_that_is_away_says_so_and_changes_nothing(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL);
    fake_host_store_answers(host, JF_E_UNAVAILABLE);
    assert_int_equal(fake_host_say(host, ann, "join", ""), JF_OK);
    fake_host_turn(host);
    assert_int_equal(note.status, JF_E_UNAVAILABLE);
    assert_int_equal(fake_host_members(host, "g"), 0);
    part(host, ann);
    fake_host_free(host);
}

static void a_timer_fires_once_unless_it_is_stopped(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL);
    fake_host_say(host, ann, "timer", "");
    assert_int_not_equal(note.timer, 0);
    assert_int_equal(fake_host_timers(host), 1);
    fake_host_advance(host, 9);
    assert_int_equal(note.done, 0);
    fake_host_advance(host, 100);
    assert_int_equal(note.done, 1);

    fake_host_say(host, ann, "stop", ""); /* too late, and harmless */
    fake_host_say(host, ann, "timer", "");
    fake_host_say(host, ann, "stop", "");
    fake_host_advance(host, 100);
    assert_int_equal(note.done, 1);
    part(host, ann);
    fake_host_free(host);
}

static void *finish_from_outside(void *data)
{
    struct jf_event *ev = data;
    int status = jf_send(ev->self, ev->conn, JF_TEXT, ev->message->body);
    if (jf_post(ev->self, 0, count_up, &note.count) < 0)
        status = JF_E_INTERNAL;
    jf_log(ev->self, JF_INFO, "finished by %s", "a thread");
    jf_finish(ev, status);
    return NULL;
}

static void another_thread_can_send_post_and_finish(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_conn_id ann = fake_host_connect(host, NULL);
    assert_false(fake_host_wait(host, 1));
    fake_host_say(host, ann, "hold", "hi");

    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, finish_from_outside, note.held), 0);
    while (fake_host_status(host, ann) == JF_LATER)
        assert_true(fake_host_wait(host, 5000));
    pthread_join(thread, NULL);
    assert_string_equal(fake_host_hear(host, ann), "hi");
    assert_int_equal(note.count, 1);
    assert_true(fake_host_logged(host, JF_INFO, "by a thread"));
    assert_false(fake_host_logged(host, JF_WARN, "by a thread"));
    part(host, ann);
    fake_host_free(host);
}

static void a_workers_function_called_from_elsewhere_is_a_fault(void **state)
{
    (void)state;
    struct fake_host *host = start(2);
    jf_conn_id ann = fake_host_connect(host, NULL);
    fake_host_say(host, ann, "hold", "");
    jf_worker *w = note.held->worker;
    assert_int_equal(jf_timer_start(w, 1, count_up, NULL, NULL), JF_E_INVALID);
    assert_non_null(strstr(fake_host_fault(host), "jf_timer_start"));
    jf_finish(note.held, JF_OK);
    fake_host_turn(host);
    part(host, ann);
    fake_host_free(host);
}

/* ---- What is checked -------------------------------------------------------------------
 */

static void arguments_are_checked_as_by_the_real_host(void **state)
{
    (void)state;
    struct fake_host *host = start(1);
    jf_self *self = fake_host_self(host);
    jf_conn_id ann = fake_host_connect(host, NULL), nobody = { { 0 } };
    static const char long_reason[124];
    jf_bytes hi = jf_str("hi");
    assert_int_equal(jf_send(self, ann, 8, hi), JF_E_INVALID);
    assert_int_equal(jf_send(self, nobody, JF_TEXT, hi), JF_E_GONE);
    assert_int_equal(jf_send_many(self, &nobody, 1, JF_TEXT, hi), JF_OK);
    assert_int_equal(jf_send_group(self, jf_str(""), JF_TEXT, hi), JF_E_INVALID);
    assert_int_equal(jf_send_all(self, jf_str("$default"), JF_TEXT, hi), JF_OK);
    assert_string_equal(fake_host_hear(host, ann), "hi");
    assert_int_equal(jf_close(self, ann, 1005, hi), JF_E_INVALID);
    assert_int_equal(jf_close(self, ann, 1000, jf_view(long_reason, 124)), JF_E_INVALID);
    assert_int_equal(jf_close(self, nobody, 1000, hi), JF_E_GONE);
    assert_int_equal(jf_route_add(self, hi, hold, NULL), JF_E_INVALID);
    assert_int_equal(jf_post(self, 1, count_up, NULL), JF_E_INVALID);
    fake_host_say(host, ann, "hold", "");
    assert_int_equal(jf_refuse(note.held, 403, hi), JF_E_INVALID);
    assert_int_equal(jf_subprotocol(note.held, hi), JF_E_INVALID);
    jf_finish(note.held, JF_OK);
    fake_host_turn(host);
    part(host, ann);
    fake_host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_of_a_connection_come_one_at_a_time),
        cmocka_unit_test(finishing_twice_is_a_fault),
        cmocka_unit_test(finishing_without_having_said_later_is_a_fault),
        cmocka_unit_test(a_number_that_is_no_status_is_a_fault),
        cmocka_unit_test(what_is_never_finished_is_a_fault_at_the_end),
        cmocka_unit_test(no_handler_is_not_found),
        cmocka_unit_test(what_is_sent_before_the_verdict_follows_it),
        cmocka_unit_test(who_leaves_before_the_verdict_gets_a_disconnect_if_admitted),
        cmocka_unit_test(who_is_gone_can_be_read_but_not_written),
        cmocka_unit_test(a_close_by_the_plugin_is_followed_by_a_disconnect),
        cmocka_unit_test(a_connect_is_shown_as_it_was_written),
        cmocka_unit_test(completions_come_later_and_once),
        cmocka_unit_test(groups_reach_their_members_only),
        cmocka_unit_test(a_store_that_is_away_says_so_and_changes_nothing),
        cmocka_unit_test(a_timer_fires_once_unless_it_is_stopped),
        cmocka_unit_test(another_thread_can_send_post_and_finish),
        cmocka_unit_test(a_workers_function_called_from_elsewhere_is_a_fault),
        cmocka_unit_test(arguments_are_checked_as_by_the_real_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
