/* A state with almost no memory left: whatever is done in it then works or fails, and never
 * ends the process. It is filled, then a little is given back, each time a little more, so
 * that it runs out at every place once. */
#include "tests/unit/test.h"

#include "tests/unit/plugins/lua_script.h"

#ifndef __has_feature
#define __has_feature(x) 0
#endif

/* In bytes. The thread sanitizer, which has nothing to see here, takes very long. */
#define LEFT_MAX 8000
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define STEP 2000
#else
#define STEP 88
#endif

static const char script[] =
    "local kept, pad\n"
    "local function hoard() while true do kept = { kept } end end\n"
    "return { routes = {\n"
    "  ['$connect'] = function(ev)\n"
    "    for k, v in pairs(ev.headers) do k = k .. v end\n"
    "    return { statusCode = 200, headers = { a = ev.query.a, b = ev.headers.cookie } }\n"
    "  end,\n"
    "  empty = function() kept, pad = nil, nil end,\n"
    "  fill = function(ev)\n"
    "    local left = tonumber(ev.body)\n"
    "    pcall(hoard)\n"
    "    local tables = left // 72 + 2\n" /* which is the size of one */
    "    for i = 1, tables do kept = kept[1] end\n"
    "    pad = ('x'):rep(tables * 72 - left)\n"
    "  end,\n"
    "  echo = function(ev) return ev.body .. ev.conn .. ev.route end,\n"
    "  decode = function(ev) return jf.json.encode({ ev.json, ev.event() or 0 }) end,\n"
    "  wait = function(ev)\n"
    "    jf.attr.set(ev.conn, 'a', ('b'):rep(3000))\n"
    "    jf.group.join('g', ev.conn)\n"
    "    jf.sleep(1)\n"
    "    return #jf.attr.get(ev.conn, 'a') .. table.concat(jf.group.members('g'))\n"
    "  end,\n"
    "  timer = function(ev)\n"
    "    local c = ev.conn jf.after(1, function() jf.send(c, 'later') end) end,\n"
    "  fail = function(ev) local function f(n) if n == 0 then error(ev.body) end\n"
    "    f(n - 1) return n end f(20) end,\n"
    "  load = function(ev) return require('module') end,\n"
    "} }";

static unsigned starved;

static bool is_fine(int status)
{
    starved += status == JF_E_NOMEM;
    return status == JF_OK || status == JF_E_NOMEM || status == JF_E_INTERNAL;
}

static void say(struct fake_host *host, jf_conn_id conn, const char *route,
                const char *text)
{
    fake_host_say(host, conn, route, text);
    fake_host_advance(host, 1);
    if (!is_fine(fake_host_status(host, conn)))
        fail_msg("%s: %d", route, fake_host_status(host, conn));
    while (fake_host_hear(host, conn))
        ;
}

static void play_with(struct scene *scene, int left)
{
    static const char *const routes[] = {
        "echo", "decode", "wait", "timer", "fail", "load"
    };
    struct fake_client client = { .headers = "Cookie: a=b\nA: b\nB: c", .query = "a=1" };
    struct fake_host *host = scene->host;
    char text[16];
    jf_conn_id ann = fake_host_connect(host, NULL);
    snprintf(text, sizeof(text), "%d", left);
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        say(host, ann, "fill", text);
        say(host, ann, routes[i], "{\"a\":[1,2,{\"b\":\"text\"}],\"c\":null}");
        say(host, ann, "empty", "");
    }
    say(host, ann, "fill", text);
    jf_conn_id bob = fake_host_connect_as(host, &client);
    assert_true(is_fine(fake_host_verdict(host, bob).status));
    say(host, ann, "empty", "");
    fake_host_hang_up(host, ann, 1000, "");
    fake_host_hang_up(host, bob, 1000, "");
}

static void running_out_of_memory_anywhere_is_only_a_failure(void **state)
{
    (void)state;
    struct scene scene;
    for (int left = 0; left < LEFT_MAX; left += STEP) {
        scene_init(&scene, 1);
        scene_file(&scene, "module.lua", "return { 'a module' }");
        scene_file(&scene, "main.lua", script);
        assert_int_equal(scene_run(&scene, ",\"memory_bytes\":262144"), JF_OK);
        play_with(&scene, left);
        scene_fini(&scene);
    }
    assert_true(starved > LEFT_MAX / STEP);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(running_out_of_memory_anywhere_is_only_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
