/* From a configuration and plugins to stages and routes. The plugins are in this file: the
 * engine that would open shared objects is played by the test. */
#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/host/engine_so.h"
#include "core/host/lineup.h"
#include "core/host/router.h"
#include "core/loop/mailbox.h"

/* ---- Plugins ------------------------------------------------------------ */

static char story[256]; /* who was begun and ended, in order */

static void tell(const char *what, const jf_self *self)
{
    const struct plugin *plugin = plugin_of_const(self);
    size_t len = strlen(story);
    snprintf(story + len, sizeof(story) - len, "%s%s:%s ", what, plugin->file,
             plugin->stage->name.ptr);
}

static int on_event(struct jf_event *ev)
{
    (void)ev;
    return JF_OK;
}

static int on_other(struct jf_event *ev)
{
    (void)ev;
    return JF_E_DENIED;
}

static int begin(jf_self *self, jf_bytes options)
{
    (void)options;
    tell("+", self);
    return JF_OK;
}

static void end(jf_self *self)
{
    tell("-", self);
}

static int begin_badly(jf_self *self, jf_bytes options)
{
    (void)options;
    tell("!", self);
    return JF_E_UNAVAILABLE;
}

static int say_later(jf_self *self, jf_bytes options)
{
    (void)self, (void)options;
    return JF_LATER;
}

static int route_data;

static int add_routes(jf_self *self, jf_bytes options)
{
    assert_true(jf_same(options, jf_str("{\"x\":1}")));
    assert_int_equal(jf_route_add(self, jf_str(""), on_event, NULL), JF_E_INVALID);
    assert_int_equal(jf_route_add(self, jf_str("$other"), on_event, NULL), JF_E_INVALID);
    assert_int_equal(jf_route_add(self, jf_str("nobody"), NULL, NULL), JF_E_INVALID);
    assert_int_equal(jf_route_add(self, jf_str("added"), on_other, &route_data), JF_OK);
    assert_int_equal(jf_route_add(self, jf_str("added"), on_event, NULL), JF_E_INVALID);
    return JF_OK;
}

static const struct jf_route talk_routes[] = {
    { "$connect", on_event },
    { "$disconnect", on_event },
    { "talk", on_event },
    { NULL, NULL },
};
static const struct jf_route rest_routes[] = { { "$default", on_other }, { NULL, NULL } };
static const struct jf_route claim_routes[] = { { "talk", on_other }, { NULL, NULL } };
static const struct jf_route twice_routes[] = {
    { "a", on_event },
    { "a", on_event },
    { NULL, NULL },
};

#define SELF .size = sizeof(struct jf_plugin), .abi_major = JF_ABI_MAJOR
static const struct jf_plugin talk = { SELF, .name = "talk", .routes = talk_routes,
                                       .init = begin, .fini = end };
static const struct jf_plugin rest = { SELF, .name = "rest", .routes = rest_routes,
                                       .init = begin, .fini = end };
static const struct jf_plugin claim = { SELF, .name = "claim", .routes = claim_routes,
                                        .init = begin, .fini = end };
static const struct jf_plugin adds = { SELF, .name = "adds", .init = add_routes };
static const struct jf_plugin twice = { SELF, .name = "twice", .routes = twice_routes };
static const struct jf_plugin fails = { SELF, .name = "fails", .init = begin_badly,
                                        .fini = end };
static const struct jf_plugin laters = { SELF, .name = "laters", .init = say_later,
                                         .fini = end };
static const struct jf_plugin nameless = { SELF, .name = "" };
static const struct jf_plugin newer = { SELF, .abi_minor = JF_ABI_MINOR + 1, .name = "n" };
static const struct jf_plugin other = { .size = sizeof(struct jf_plugin),
                                        .abi_major = JF_ABI_MAJOR + 1,
                                        .name = "o" };
static const struct jf_plugin small = { .size = 8, .abi_major = JF_ABI_MAJOR, .name = "s" };

static const struct {
    const char *file;
    const struct jf_plugin *entry;
} files[] = {
    { "/talk", &talk },    { "/rest", &rest },         { "/claim", &claim },
    { "/adds", &adds },    { "/twice", &twice },       { "/fails", &fails },
    { "/later", &laters }, { "/nameless", &nameless }, { "/newer", &newer },
    { "/other", &other },  { "/small", &small },
};

struct library {
    const struct jf_plugin *entry;
};

static uint64_t version = 1; /* of all files */

bool plugin_file_find(const char *file, char path[PATH_MAX])
{
    snprintf(path, PATH_MAX, "%s", file);
    return strcmp(file, "/missing") != 0;
}

struct file_stamp file_stamp_of(const char *path)
{
    (void)path;
    return (struct file_stamp){ .inode = version };
}

bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->inode == b->inode;
}

bool file_stamp_missing(const struct file_stamp *stamp)
{
    return !stamp->inode;
}

int library_open(const char *path, struct library **out, char *why, size_t why_size)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (strcmp(files[i].file, path) != 0)
            continue;
        *out = xnew(struct library);
        (*out)->entry = files[i].entry;
        return JF_OK;
    }
    snprintf(why, why_size, "is no library");
    return JF_E_INVALID;
}

const struct jf_plugin *library_entry(const struct library *library)
{
    return library->entry;
}

void library_close(struct library *library)
{
    free(library);
}

void mailbox_post_reserved(struct mailbox *box, struct task *task)
{
    (void)box;
    (void)task;
}

/* ---- What the tests do with them ---------------------------------------- */

static int host_route_add(jf_self *self, jf_bytes key, jf_event_fn *handler, void *data)
{
    return plugin_add_route(plugin_of(self), key, handler, data);
}

static const struct jf_host host = { .route_add = host_route_add };
static struct config *config, *newer_config;
static struct stages stages;
static struct lineup *lineup;
static struct router *router;
static char error[PLUGIN_ERROR_MAX];

static int start(void **state)
{
    (void)state;
    log_setup(JF_ERROR, false);
    story[0] = error[0] = '\0';
    version = 1;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    router_free(router);
    for (size_t i = lineup ? lineup->count : 0; i-- > 0;)
        plugin_free(lineup->entries[i].plugin, true);
    lineup_free(lineup);
    stages_fini(&stages);
    config_free(config);
    config_free(newer_config);
    router = NULL;
    lineup = NULL;
    config = newer_config = NULL;
    return 0;
}

static int line_up(const struct lineup *before, bool all, struct lineup **out)
{
    struct lineup_order order = {
        .config = newer_config ? newer_config : config,
        .stages = &stages,
        .table = &host,
        .worker_count = 2,
        .before = before,
        .all = all,
    };
    return lineup_new(&order, out, error);
}

static int route_it(void)
{
    int status = line_up(NULL, false, &lineup);
    if (status < 0)
        return status;
    status = router_new(config, lineup, &stages, &router, error);
    if (status < 0) {
        lineup_discard(lineup);
        lineup = NULL;
    }
    return status;
}

static int build(const char *text)
{
    struct config_error wrong;
    assert_int_equal(config_parse(jf_str(text), "/", &config, &wrong), JF_OK);
    return route_it();
}

#define TWO_STAGES                                                                         \
    "{\"stages\": {\"$default\": {\"plugins\": [\"/talk\"]},"                              \
    " \"chat\": {\"plugins\": [\"/talk\", \"/rest\"]}}}"

/* `expected` is the stage and what is left of the path: "chat /room". */
static void assert_left(const char *host_header, const char *path, const char *expected)
{
    char got[128];
    jf_bytes left = jf_str("untouched");
    const struct stage_routes *routes =
        router_of_request(router, jf_str(host_header), jf_str(path), &left);
    snprintf(got, sizeof(got), "%s %.*s", routes ? routes->stage->name.ptr : "none",
             (int)left.len, left.len ? left.ptr : "");
    if (strcmp(got, expected) != 0)
        fail_msg("%s%s: %s", host_header, path, got);
}

static void the_first_part_of_a_path_is_the_stage(void **state)
{
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    assert_left("h", "/", "$default ");
    assert_left("h", "/chat", "chat ");
    assert_left("h", "/chat/", "chat /");
    assert_left("localhost:8080", "/chat/room/1", "chat /room/1");
}

static void a_path_that_only_resembles_one_is_no_stage(void **state)
{
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    assert_left("h", "/cha", "none untouched");
    assert_left("h", "/chatter", "none untouched");
    assert_left("h", "/CHAT", "none untouched");
    assert_left("h", "/room/chat", "none untouched");
    assert_left("h", "/chat?x", "none untouched"); /* the query was cut off before */
    jf_bytes left;
    assert_null(router_of_request(router, jf_str(""), jf_view("/chat\0", 6), &left));
    assert_left("h", "//chat", "$default /chat"); /* its first part is empty */
    assert_left("h", "", "$default ");
}

static void without_a_default_stage_the_root_is_none(void **state)
{
    (void)state;
    assert_int_equal(build("{\"stages\": {\"chat\": {\"plugins\": [\"/talk\"]}}}"), JF_OK);
    assert_left("h", "/", "none untouched");
    assert_left("h", "/chat", "chat ");
    assert_null(router_of_stage(router, stages_find(&stages, jf_str(""))));
}

static void what_begins_with_an_at_is_below_the_root(void **state)
{
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    assert_left("h", "/@connections/x", "$default /@connections/x");
    assert_left("h", "/%40connections/x", "$default /%40connections/x");
    assert_left("h", "/x40connections/x", "none untouched");
    assert_left("h", "/%4", "none untouched");
    assert_left("h", "//@x", "$default /@x");
}

static void a_domain_has_base_paths_instead_of_stages(void **state)
{
    (void)state;
    assert_int_equal(build("{\"stages\": {\"chat\": {\"plugins\": [\"/talk\"]}},"
                           " \"domains\": {\"a.example\": {\"/v1\": \"chat\"},"
                           " \"b.example\": {\"/\": \"other\"}}}"),
                     JF_OK);
    assert_left("a.example:8080", "/v1/@connections/x", "chat /@connections/x");
    assert_left("a.example:8080", "/chat", "none untouched");
    assert_left("a.example:8080", "/@connections/x", "none untouched");
    assert_left("b.example", "/", "none untouched"); /* config_check() refuses that */
    assert_left("c.example", "/chat", "chat ");
}

static const struct stage_routes *routes_of(const char *name)
{
    return router_of_stage(router, stages_find(&stages, jf_str(name)));
}

static void a_key_finds_its_route_or_the_default(void **state)
{
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    const struct stage_routes *chat = routes_of("chat");
    assert_ptr_equal(router_find(chat, jf_str("talk"))->handler, on_event);
    assert_ptr_equal(router_find(chat, jf_str("talks"))->handler, on_other);
    assert_ptr_equal(router_find(chat, jf_str(""))->handler, on_other);
    assert_ptr_equal(router_find(chat, jf_view("talk\0", 5))->handler, on_other);
    const struct stage_routes *plain = routes_of("$default");
    assert_ptr_equal(router_find(plain, jf_str("talk"))->handler, on_event);
    assert_null(router_find(plain, jf_str("talks")));
}

static void a_message_reaches_no_lifecycle_route(void **state)
{
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    const struct stage_routes *plain = routes_of("$default");
    assert_non_null(plain->connect);
    assert_non_null(plain->disconnect);
    assert_null(plain->default_route);
    assert_null(router_find(plain, jf_str("$connect")));
    assert_null(router_find(plain, jf_str("$disconnect")));
    assert_null(router_find(plain, jf_str("$default")));
}

static void each_entry_is_an_instance_and_ends_in_reverse(void **state)
{
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    assert_int_equal(lineup->count, 3);
    assert_ptr_not_equal(lineup->entries[0].plugin, lineup->entries[1].plugin);
    assert_int_equal(lineup->entries[0].plugin->self.worker_count, 2);
    assert_int_equal(lineup->entries[2].plugin->seats[1].pub.index, 1);
    stop(NULL);
    assert_string_equal(story, "+/talk:$default +/talk:chat +/rest:chat "
                               "-/rest:chat -/talk:chat -/talk:$default ");
}

static void two_claimants_are_both_named_and_undone(void **state)
{
    (void)state;
    assert_int_equal(build("{\"plugins\": [\"/talk\", \"/claim\"]}"), JF_E_INVALID);
    assert_non_null(strstr(error, "/talk"));
    assert_non_null(strstr(error, "/claim"));
    assert_non_null(strstr(error, "\"talk\""));
    assert_string_equal(story, "+/talk:$default +/claim:$default "
                               "-/claim:$default -/talk:$default ");
}

static void a_renamed_route_is_out_of_the_way(void **state)
{
    (void)state;
    assert_int_equal(build("{\"plugins\": [\"/talk\","
                           " {\"file\": \"/claim\", \"routes\": {\"say\": \"talk\"}}]}"),
                     JF_OK);
    const struct stage_routes *stage = routes_of("$default");
    assert_ptr_equal(router_find(stage, jf_str("talk"))->handler, on_event);
    assert_ptr_equal(router_find(stage, jf_str("say"))->handler, on_other);
}

static void a_rename_of_nothing_is_refused(void **state)
{
    (void)state;
    assert_int_equal(
        build("{\"plugins\": [{\"file\": \"/claim\", \"routes\": {\"a\": \"none\"}}]}"),
        JF_E_INVALID);
    assert_non_null(strstr(error, "/claim"));
    assert_non_null(strstr(error, "\"none\""));
    assert_string_equal(story, "+/claim:$default -/claim:$default ");
}

static void routes_are_added_in_init_only(void **state)
{
    (void)state;
    assert_int_equal(
        build("{\"plugins\": [{\"file\": \"/adds\", \"options\": {\"x\": 1}}]}"), JF_OK);
    const struct stage_routes *stage = routes_of("$default");
    const struct route *route = router_find(stage, jf_str("added"));
    assert_ptr_equal(route->handler, on_other);
    assert_ptr_equal(route->data, &route_data);
    jf_self *self = &lineup->entries[0].plugin->self;
    assert_int_equal(jf_route_add(self, jf_str("late"), on_event, NULL), JF_E_INVALID);
}

static void assert_refused(const char *file, const char *why)
{
    char text[128];
    start(NULL);
    snprintf(text, sizeof(text), "{\"plugins\": [\"/talk\", \"%s\"]}", file);
    assert_true(build(text) < 0);
    assert_non_null(strstr(error, file));
    if (!strstr(error, why))
        fail_msg("%s", error);
    assert_null(router);
    assert_non_null(strstr(story, "-/talk")); /* and undone */
    stop(NULL);
}

static void a_plugin_unfit_to_run_is_named_with_the_reason(void **state)
{
    (void)state;
    assert_refused("/missing", "no such file");
    assert_refused("/other", "ABI");
    assert_refused("/newer", "newer than this host");
    assert_refused("/small", "octets");
    assert_refused("/nameless", "no name");
    assert_refused("/twice", "\"a\"");
    assert_refused("/fails", "unavailable");
    assert_refused("/later", "its init failed");
}

static void what_was_not_begun_is_not_ended(void **state)
{
    (void)state;
    assert_true(build("{\"plugins\": [\"/fails\"]}") < 0);
    assert_string_equal(story, "!/fails:$default ");
}

/* The configuration refuses such a one already; a caller of its own might not. */
static void a_bad_expression_is_named_with_its_place(void **state)
{
    (void)state;
    struct config_error wrong;
    const char *text = "{\"stages\": {\"chat\": {\"plugins\": [\"/talk\"]}}}";
    assert_int_equal(config_parse(jf_str(text), "/", &config, &wrong), JF_OK);
    free(config->stages[0].route);
    config->stages[0].route = strdup("$request.body.");
    assert_int_equal(route_it(), JF_E_INVALID);
    assert_non_null(strstr(error, "chat"));
    assert_non_null(strstr(error, "character 15"));
    assert_string_equal(story, "+/talk:chat -/talk:chat ");
}

/* ---- A lineup after another ---------------------------------------------- */

/* What each of the old ones becomes: the same, another one in its place, or gone. */
static void replace(struct lineup *after)
{
    for (size_t i = lineup->count; i-- > 0;) {
        if (!lineup_has(after, lineup->entries[i].plugin))
            plugin_free(lineup->entries[i].plugin, true);
    }
    lineup_free(lineup);
    lineup = after;
}

static void what_has_not_changed_stays_the_same_instance(void **state)
{
    struct lineup *after;
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    assert_int_equal(line_up(lineup, false, &after), JF_OK);
    assert_int_equal(after->count, 3);
    assert_int_equal(lineup_fresh_count(after), 0);
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(after->entries[i].plugin, lineup->entries[i].plugin);
    replace(after);
}

static void what_has_changed_is_loaded_beside_the_old(void **state)
{
    struct lineup *after;
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    version = 2;
    story[0] = '\0';
    assert_int_equal(line_up(lineup, false, &after), JF_OK);
    assert_string_equal(story, "+/talk:$default +/talk:chat +/rest:chat ");
    assert_int_equal(lineup_fresh_count(after), 3);
    for (size_t i = 0; i < 3; i++)
        assert_ptr_equal(after->entries[i].old, lineup->entries[i].plugin);
    replace(after);
}

static void a_file_that_is_missing_has_not_changed(void **state)
{
    struct lineup *after;
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    version = 0;
    assert_int_equal(line_up(lineup, false, &after), JF_OK);
    assert_int_equal(lineup_fresh_count(after), 0);
    replace(after);
}

static void all_anew_means_all(void **state)
{
    struct lineup *after;
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    assert_int_equal(line_up(lineup, true, &after), JF_OK);
    assert_int_equal(lineup_fresh_count(after), 3);
    replace(after);
}

static void a_failure_ends_the_new_ones_and_is_not_tried_again(void **state)
{
    struct lineup *after = NULL;
    struct config_error wrong;
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    assert_int_equal(
        config_parse(jf_str("{\"stages\": {\"$default\": {\"plugins\": [\"/talk\"]},"
                            "\"chat\": {\"plugins\": [\"/talk\", \"/fails\"]}}}"),
                     "/", &newer_config, &wrong),
        JF_OK);
    version = 2;
    story[0] = '\0';
    assert_true(line_up(lineup, false, &after) < 0);
    assert_null(after);
    assert_string_equal(story, "+/talk:$default +/talk:chat !/fails:chat "
                               "-/talk:chat -/talk:$default ");
    assert_false(plugin_files_changed(lineup->entries[0].plugin));
}

static void other_options_make_another_instance(void **state)
{
    struct lineup *after;
    struct config_error wrong;
    (void)state;
    assert_int_equal(build(TWO_STAGES), JF_OK);
    assert_int_equal(
        config_parse(jf_str("{\"stages\": {\"$default\": {\"plugins\": [\"/talk\"]},"
                            "\"chat\": {\"plugins\": [{\"file\": \"/talk\", \"options\": "
                            "{\"x\": 1}}, \"/rest\"]}}}"),
                     "/", &newer_config, &wrong),
        JF_OK);
    assert_int_equal(line_up(lineup, false, &after), JF_OK);
    assert_int_equal(lineup_fresh_count(after), 1);
    assert_true(after->entries[1].fresh);
    assert_ptr_equal(after->entries[1].old, lineup->entries[1].plugin);
    replace(after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_part_of_a_path_is_the_stage),
        TEST(a_path_that_only_resembles_one_is_no_stage),
        TEST(without_a_default_stage_the_root_is_none),
        TEST(what_begins_with_an_at_is_below_the_root),
        TEST(a_domain_has_base_paths_instead_of_stages),
        TEST(a_key_finds_its_route_or_the_default),
        TEST(a_message_reaches_no_lifecycle_route),
        TEST(each_entry_is_an_instance_and_ends_in_reverse),
        TEST(two_claimants_are_both_named_and_undone),
        TEST(a_renamed_route_is_out_of_the_way),
        TEST(a_rename_of_nothing_is_refused),
        TEST(routes_are_added_in_init_only),
        TEST(a_plugin_unfit_to_run_is_named_with_the_reason),
        TEST(what_was_not_begun_is_not_ended),
        TEST(a_bad_expression_is_named_with_its_place),
        TEST(what_has_not_changed_stays_the_same_instance),
        TEST(what_has_changed_is_loaded_beside_the_old),
        TEST(a_file_that_is_missing_has_not_changed),
        TEST(all_anew_means_all),
        TEST(a_failure_ends_the_new_ones_and_is_not_tried_again),
        TEST(other_options_make_another_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
