/* The fake host's start: which plugins it takes, and how it undoes what failed. */
#include "tests/unit/test.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdk/testing/fake_host.h"

static int on_message(struct jf_event *ev)
{
    (void)ev;
    return JF_OK;
}

static const struct jf_route routes[] = { { "a", on_message }, { NULL, NULL } };

static const struct jf_plugin plugin = { .size = sizeof(plugin),
                                         .abi_major = JF_ABI_MAJOR,
                                         .abi_minor = JF_ABI_MINOR,
                                         .name = "test",
                                         .version = "1",
                                         .routes = routes };

static void ids_go_to_text_and_back(void **state)
{
    (void)state;
    struct fake_host *host = fake_host_new(&plugin, 1);
    jf_self *self = fake_host_self(host);
    static const char *const bad[] = { "", "JC1dgf9yoAMCK-g", "JC1dgf9yoAMCK-h=",
                                       "JC1dgf9yoAMC+-g=", "JC1dgf9yoAMCK-g=x" };
    char text[JF_CONN_ID_TEXT + 1];
    jf_conn_id id;
    assert_int_equal(jf_id_from_text(self, jf_str("JC1dgf9yoAMCK-g="), &id), JF_OK);
    assert_int_equal(id.octet[0], 0x24);
    assert_int_equal(id.octet[10], 0xe8);
    jf_id_to_text(self, id, text);
    assert_string_equal(text, "JC1dgf9yoAMCK-g=");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(jf_id_from_text(self, jf_str(bad[i]), &id), JF_E_INVALID);
    fake_host_free(host);
}

static int starts(struct jf_plugin tried)
{
    struct fake_host *host = fake_host_new(&tried, 2);
    int status = fake_host_start(host, "{}");
    fake_host_free(host);
    return status;
}

static void a_description_that_cannot_be_used_is_refused(void **state)
{
    (void)state;
    static const struct jf_route twice[] = { { "a", on_message },
                                             { "a", on_message },
                                             { NULL, NULL } };
    static const struct jf_route hollow[] = { { "a", NULL }, { NULL, NULL } };
    struct jf_plugin other = plugin;
    assert_int_equal(starts(other), JF_OK);
    other.abi_major++;
    assert_int_equal(starts(other), JF_E_INVALID);
    other = plugin;
    other.abi_minor++;
    assert_int_equal(starts(other), JF_E_INVALID);
    other = plugin;
    other.name = NULL;
    assert_int_equal(starts(other), JF_E_INVALID);
    other = plugin;
    other.routes = twice;
    assert_int_equal(starts(other), JF_E_INVALID);
    other.routes = hollow;
    assert_int_equal(starts(other), JF_E_INVALID);
}

static int order[8];
static size_t steps;

static int init(jf_self *self, jf_bytes options)
{
    (void)options;
    order[steps++] = 1;
    return jf_route_add(self, jf_str("added"), on_message, order);
}

static int worker_init_not_on_1(jf_worker *w)
{
    order[steps++] = 10 + (int)w->index;
    return w->index == 1 ? JF_E_NOMEM : JF_OK;
}

static void worker_fini(jf_worker *w)
{
    order[steps++] = 20 + (int)w->index;
}

static void fini(jf_self *self)
{
    (void)self;
    order[steps++] = 2;
}

static void a_failed_start_is_undone_in_reverse(void **state)
{
    (void)state;
    static const int expected[] = { 1, 10, 11, 20, 2 };
    struct jf_plugin other = plugin;
    other.init = init;
    other.worker_init = worker_init_not_on_1;
    other.worker_fini = worker_fini;
    other.fini = fini;
    steps = 0;
    assert_int_equal(starts(other), JF_E_NOMEM);
    assert_int_equal(steps, 5);
    assert_memory_equal(order, expected, sizeof(expected));
}

static void a_short_struct_ends_where_its_size_says(void **state)
{
    (void)state;
    struct jf_plugin other = plugin;
    other.size = offsetof(struct jf_plugin, worker_fini);
    other.worker_fini = worker_fini;
    other.fini = fini;
    steps = 0;
    assert_int_equal(starts(other), JF_OK);
    assert_int_equal(steps, 0);
}

static int forget_it(struct jf_event *ev)
{
    (void)ev;
    return JF_LATER;
}

static void tick_without_end(jf_worker *w, void *data)
{
    if (jf_timer_start(w, 0, tick_without_end, data, NULL) < 0)
        abort();
}

static int start_ticking(jf_worker *w)
{
    tick_without_end(w, NULL);
    return JF_OK;
}

/* A test that did not look must not pass. */
static void a_fault_nobody_asked_for_aborts(void **state)
{
    (void)state;
    static const struct jf_route forgetful[] = { { "a", forget_it }, { NULL, NULL } };
    struct jf_plugin other = plugin;
    other.routes = forgetful;
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        struct fake_host *host = fake_host_new(&other, 1);
        if (fake_host_start(host, "{}") < 0)
            _exit(1);
        fake_host_say(host, fake_host_connect(host, NULL), "a", "");
        fake_host_free(host);
        _exit(0);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
}

static void who_runs_in_a_circle_is_stopped(void **state)
{
    (void)state;
    struct jf_plugin other = plugin;
    other.worker_init = start_ticking;
    struct fake_host *host = fake_host_new(&other, 1);
    assert_int_equal(fake_host_start(host, "{}"), JF_OK);
    fake_host_advance(host, 1000);
    assert_non_null(strstr(fake_host_fault(host), "does not come to an end"));
    fake_host_stop(host);
    while (fake_host_fault(host))
        ;
    fake_host_free(host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_go_to_text_and_back),
        cmocka_unit_test(a_description_that_cannot_be_used_is_refused),
        cmocka_unit_test(a_failed_start_is_undone_in_reverse),
        cmocka_unit_test(a_short_struct_ends_where_its_size_says),
        cmocka_unit_test(a_fault_nobody_asked_for_aborts),
        cmocka_unit_test(who_runs_in_a_circle_is_stopped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
