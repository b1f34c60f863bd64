/* A link over TLS, to a real redis-server whose certificate is in order, or not ours, or
 * somebody else's. */
#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/redis/redis_link.h"
#include "core/redis/redis_url.h"
#include "tests/redis/redis_server.h"

static char folder[] = "/tmp/jf_redis_tls_XXXXXX";
static char cert[64];
static struct redis_server *server;
static int tls_port;

struct scene {
    struct loop *loop;
    struct redis_url url;
    struct redis_link *link;
    struct redis_call call;
    int status;
    size_t len;
};

static struct scene scene;

static int make_certificate(void **state)
{
    (void)state;
    char command[512], options[512];
    assert_non_null(mkdtemp(folder));
    snprintf(cert, sizeof(cert), "%s/cert.pem", folder);
    snprintf(command, sizeof(command),
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
             "-days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost "
             "-keyout '%s/key.pem' -out '%s' >'%s/log' 2>&1",
             folder, cert, folder);
    assert_int_equal(system(command), 0);
    tls_port = redis_server_free_port();
    snprintf(
        options, sizeof(options),
        "--tls-port %d --tls-cert-file %s --tls-key-file %s/key.pem --tls-auth-clients no",
        tls_port, cert, folder);
    server = redis_server_new(options);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    char command[128];
    redis_server_free(server);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

static void stop(void *data)
{
    (void)data;
    loop_stop(scene.loop);
}

static void on_done(struct redis_call *call, int status, const struct redis_reply *reply)
{
    (void)call;
    scene.status = status;
    scene.len = redis_reply_bytes(reply).len;
    loop_stop(scene.loop);
}

static const struct redis_events events = { .on_up = stop };

/* Does it come up? */
static bool enter(const char *host, int port, const char *authorities)
{
    char text[128];
    const char *why;
    struct timer *guard;
    setenv("SSL_CERT_FILE", authorities, 1);
    snprintf(text, sizeof(text), "rediss://%s:%d", host, port);
    assert_int_equal(redis_url_parse(jf_str(text), &scene.url, &why), JF_OK);
    assert_int_equal(redis_link_check(&scene.url, &why), JF_OK);
    assert_int_equal(loop_new(&scene.loop), JF_OK);
    timer_new(scene.loop, stop, NULL, &guard);
    assert_int_equal(
        redis_link_open(scene.loop, &scene.url, 5000, &events, NULL, &scene.link), JF_OK);
    timer_start(guard, strcmp(authorities, cert) == 0 ? 3000 : 500);
    loop_run(scene.loop);
    timer_free(guard);
    return redis_link_is_up(scene.link);
}

static int leave(void **state)
{
    (void)state;
    redis_link_close(scene.link, 1000);
    loop_free(scene.loop);
    redis_url_fini(&scene.url);
    return 0;
}

static void send_and_wait(const char *command, jf_bytes value)
{
    const jf_bytes words[] = { jf_str(command), value };
    scene.call.done = on_done;
    scene.status = 1;
    assert_int_equal(redis_send(scene.link, &scene.call, words, 2), JF_OK);
    loop_run(scene.loop);
    assert_int_equal(scene.status, JF_OK);
}

static void it_talks_to_whom_the_certificate_names(void **state)
{
    (void)state;
    enum { SIZE = 3 << 20 };
    assert_true(enter("localhost", tls_port, cert));
    char *large = xcalloc(1, SIZE);
    send_and_wait("ECHO", jf_view(large, SIZE));
    assert_int_equal(scene.len, SIZE);
    for (int i = 0; i < 100; i++)
        send_and_wait("ECHO", jf_str("small"));
    free(large);
}

static void what_is_in_flight_at_the_close_is_done(void **state)
{
    (void)state;
    static struct redis_call calls[100];
    const jf_bytes words[] = { jf_str("INCR"), jf_str("n") };
    assert_true(enter("localhost", tls_port, cert));
    for (int i = 0; i < 100; i++) {
        calls[i].done = on_done;
        assert_int_equal(redis_send(scene.link, &calls[i], words, 2), JF_OK);
    }
    redis_link_close(scene.link, 2000);
    scene.link = NULL;
    assert_int_equal(redis_server_number(server, "GET n"), 100);
}

static void another_name_than_the_certificates_is_refused(void **state)
{
    (void)state;
    assert_false(enter("127.0.0.1", tls_port, cert));
}

static void a_certificate_that_nobody_vouches_for_is_refused(void **state)
{
    (void)state;
    assert_false(enter("localhost", tls_port, "/dev/null"));
}

static void a_server_without_tls_is_refused(void **state)
{
    (void)state;
    assert_false(enter("localhost", redis_server_port(server), cert));
}

#define TLS_TEST(name) cmocka_unit_test_teardown(name, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TLS_TEST(it_talks_to_whom_the_certificate_names),
        TLS_TEST(what_is_in_flight_at_the_close_is_done),
        TLS_TEST(another_name_than_the_certificates_is_refused),
        TLS_TEST(a_certificate_that_nobody_vouches_for_is_refused),
        TLS_TEST(a_server_without_tls_is_refused),
    };
    if (!redis_server_exists())
        return REDIS_SERVER_SKIPPED;
    return cmocka_run_group_tests(tests, make_certificate, clean_up);
}
