/* require: modules below the script's folder, each in one version. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <sys/stat.h>

#include "plugins/lua/lua_source.h"
#include "tests/unit/plugins/lua_script.h"

static void modules_are_found_below_the_scripts_folder(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1);
    scene_file(&scene, "util.lua",
               "loads = (loads or 0) + 1 return { name = ..., n = loads }");
    scene_file(&scene, "bare.lua", "bare = true");
    scene_file(&scene, "off.lua", "return false");
    scene_file(&scene, "main.lua",
               "local u = require 'util'\n"
               "assert(u == require('util') and u.n == 1 and loads == 1)\n"
               "assert(require 'bare' == true and bare)\n"
               "assert(require 'off' == false and require 'off' == false)\n"
               "assert(require 'jackfield' == jf)\n"
               "return { routes = { a = function() return u.name end } }");
    assert_int_equal(scene_run(&scene, ""), JF_OK);
    scene_check(scene.host, fake_host_connect(scene.host, NULL), "a", "util");
    scene_fini(&scene);
}

static void make_folder(struct scene *scene, const char *name)
{
    char *path = scene->files[scene->file_count++];
    snprintf(path, sizeof(scene->files[0]), "%s/%s", scene->folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void folders_hold_modules_too(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1);
    make_folder(&scene, "sub");
    make_folder(&scene, "sub/deep");
    scene_file(&scene, "sub/init.lua", "return 'init'");
    scene_file(&scene, "sub/deep/a-b_c.lua", "error('inside')");
    scene_file(
        &scene, "main.lua",
        "local s = require 'sub'\n"
        "return { routes = { a = function() return s end,\n"
        "  b = function() return select(2, pcall(require, 'sub.deep.a-b_c')) end } }");
    assert_int_equal(scene_run(&scene, ""), JF_OK);
    jf_conn_id ann = fake_host_connect(scene.host, NULL);
    scene_check(scene.host, ann, "a", "init");
    scene_check(scene.host, ann, "b", "sub/deep/a-b_c.lua:1: inside");
    scene_check(scene.host, ann, "b", "sub/deep/a-b_c.lua:1: inside");
    scene_fini(&scene);
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",     ".",   "..",    "...", "a..b", ".a",  "a.",         "/etc/passwd",
        "../x", "a/b", "a\\0b", "a b", "~",    "a:b", "\\xc3\\xa4",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char script[128];
        snprintf(script, sizeof(script), "require '%s'", names[i]);
        scene_refused(script, JF_E_INVALID, "is no name of a module");
    }
    scene_refused("require(('a'):rep(201))", JF_E_INVALID, "is no name of a module");
    scene_refused("require(('a'):rep(200))", JF_E_INVALID, "not found");
    scene_refused("require({})", JF_E_INVALID, "bad argument #1 to 'require'");
}

static void modules_that_require_each_other_are_reported(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1);
    scene_file(&scene, "a.lua", "require 'b'");
    scene_file(&scene, "b.lua", "require 'a'");
    scene_file(&scene, "main.lua", "require 'a'");
    assert_int_equal(scene_run(&scene, ""), JF_E_INVALID);
    assert_true(
        fake_host_logged(scene.host, JF_ERROR,
                         "b.lua:1: module 'a' requires itself, perhaps through others"));
    scene_fini(&scene);
}

static void a_module_with_a_mistake_is_reported_with_its_place(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1);
    scene_file(&scene, "a.lua", "\nreturn +");
    scene_file(&scene, "main.lua", "require 'a'");
    assert_int_equal(scene_run(&scene, ""), JF_E_INVALID);
    assert_true(fake_host_logged(scene.host, JF_ERROR, "a.lua:2: unexpected symbol"));
    assert_true(fake_host_logged(scene.host, JF_ERROR, "main.lua:1: in main chunk"));
    scene_fini(&scene);
}

/* Each worker loads it at another time, and its file changes in between. */
static void all_workers_see_one_version_of_a_module(void **state)
{
    (void)state;
    struct scene scene;
    struct fake_client second = { .worker = 1 };
    scene_init(&scene, 2);
    scene_file(&scene, "early.lua", "return 'early 1'");
    scene_file(&scene, "late.lua", "return 'late 1'");
    scene_file(&scene, "main.lua",
               "local early = jf.worker == 0 and require 'early'\n"
               "return { routes = { early = function() return require 'early' end,\n"
               "  late = function() return require 'late' end } }");
    assert_int_equal(scene_run(&scene, ""), JF_OK);
    jf_conn_id ann = fake_host_connect(scene.host, NULL);
    jf_conn_id bob = fake_host_connect_as(scene.host, &second);
    scene_file(&scene, "early.lua", "return 'early 2'");
    scene_check(scene.host, bob, "early", "early 1");
    scene_check(scene.host, ann, "late", "late 1");
    scene_file(&scene, "late.lua", "return 'late 2'");
    scene_check(scene.host, bob, "late", "late 1");
    scene_fini(&scene);
}

static void a_module_may_appear_later(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1);
    scene_file(&scene, "main.lua",
               "return { routes = { a = function()\n"
               "  local ok, m = pcall(require, 'later')\n"
               "  return ok and m or 'not yet' end } }");
    assert_int_equal(scene_run(&scene, ""), JF_OK);
    jf_conn_id ann = fake_host_connect(scene.host, NULL);
    scene_check(scene.host, ann, "a", "not yet");
    scene_file(&scene, "later.lua", "return 'here'");
    scene_check(scene.host, ann, "a", "here");
    scene_fini(&scene);
}

static void files_are_watched_those_that_are_expected_too(void **state)
{
    (void)state;
    struct scene scene;
    char path[64];
    static const char *const watched[] = { "main.lua", "a.lua", "b.lua", "b/init.lua" };
    scene_init(&scene, 1);
    scene_file(&scene, "a.lua", "");
    scene_file(&scene, "late.lua", "");
    scene_file(&scene, "main.lua",
               "require 'a' pcall(require, 'b')\n"
               "return { routes = { a = function() require 'late'\n"
               "  return tostring(pcall(require, 'never')) end } }");
    assert_int_equal(scene_run(&scene, ""), JF_OK);
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s/%s", scene.folder, watched[i]);
        assert_true(fake_host_watches(scene.host, path));
    }
    scene_check(scene.host, fake_host_connect(scene.host, NULL), "a", "false");
    snprintf(path, sizeof(path), "%s/late.lua", scene.folder);
    assert_true(fake_host_watches(scene.host, path));
    snprintf(path, sizeof(path), "%s/never.lua", scene.folder);
    assert_false(fake_host_watches(scene.host, path));
    scene_fini(&scene);
}

static void a_module_cannot_wait_while_it_loads(void **state)
{
    (void)state;
    struct scene scene;
    scene_init(&scene, 1);
    scene_file(&scene, "slow.lua", "jf.sleep(1)");
    scene_file(&scene, "main.lua",
               "return { routes = { a = function()\n"
               "  return select(2, pcall(require, 'slow')) end } }");
    assert_int_equal(scene_run(&scene, ""), JF_OK);
    scene_check(scene.host, fake_host_connect(scene.host, NULL), "a",
                "slow.lua:1: jf.sleep waits: not where Lua cannot, as in require, "
                "table.sort or gsub");
    scene_fini(&scene);
}

#define READERS 4

static void *read_modules(void *data)
{
    static const char *const names[] = { "a.lua", "b.lua", "c.lua", "no.lua" };
    const struct lua_text *texts[3] = { NULL };
    struct lua_source *source = data;
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 4; i++) {
            const struct lua_text *text = NULL;
            int status = lua_source_get(source, names[i], round % 2, &text);
            if ((i == 3) != (status == JF_E_NOT_FOUND) ||
                (i < 3 && texts[i] && texts[i] != text))
                return data;
            if (i < 3)
                texts[i] = text;
        }
    }
    return NULL;
}

static void threads_that_ask_together_get_the_same_text(void **state)
{
    (void)state;
    struct scene scene;
    struct lua_source *source = NULL;
    pthread_t threads[READERS];
    char script[64];
    scene_init(&scene, 1);
    scene_file(&scene, "a.lua", "return 'a'");
    scene_file(&scene, "b.lua", "");
    scene_file(&scene, "c.lua", "return 'c'");
    snprintf(script, sizeof(script), "%s/main.lua", scene.folder);
    assert_int_equal(lua_source_new(fake_host_self(scene.host), script, &source), JF_OK);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_modules, source), 0);
    for (int i = 0; i < READERS; i++) {
        void *complaint;
        pthread_join(threads[i], &complaint);
        assert_null(complaint);
    }
    lua_source_free(source);
    scene_fini(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_are_found_below_the_scripts_folder),
        cmocka_unit_test(folders_hold_modules_too),
        cmocka_unit_test(names_that_lead_elsewhere_are_refused),
        cmocka_unit_test(modules_that_require_each_other_are_reported),
        cmocka_unit_test(a_module_with_a_mistake_is_reported_with_its_place),
        cmocka_unit_test(all_workers_see_one_version_of_a_module),
        cmocka_unit_test(a_module_may_appear_later),
        cmocka_unit_test(files_are_watched_those_that_are_expected_too),
        cmocka_unit_test(a_module_cannot_wait_while_it_loads),
        cmocka_unit_test(threads_that_ask_together_get_the_same_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
