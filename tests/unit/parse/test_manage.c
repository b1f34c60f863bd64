/* What management requests say: their paths, and the bodies of batches. */
#include "tests/unit/test.h"

#include "core/base/bytes.h"
#include "core/parse/manage_batch.h"
#include "core/parse/manage_path.h"

/* ---- Paths -------------------------------------------------------------- */

#define same(view, text) assert_true(bytes_eq(view, text))

static struct manage_path meant(const char *path)
{
    struct manage_path out;
    assert_true(manage_path_read(jf_str(path), &out));
    return out;
}

static void a_connection_is_named_below_any_prefix(void **state)
{
    (void)state;
    static const char *const prefixes[] = { "", "/prod", "/$default", "/a/b",
                                            "/v2/orders" };
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        char path[100];
        (void)snprintf(path, sizeof(path), "%s/@connections/AbC_-1=", prefixes[i]);
        struct manage_path out = meant(path);
        assert_int_equal(out.what, MANAGE_CONNECTION);
        same(out.prefix, prefixes[i]);
        same(out.name, "AbC_-1=");
    }
}

static void each_resource_has_its_path(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum manage_what what;
        const char *name, *attribute;
    } all[] = {
        { "/p/@connections", MANAGE_CONNECTIONS, "", "" },
        { "/p/@connections/", MANAGE_CONNECTIONS, "", "" },
        { "/p/@connections/x", MANAGE_CONNECTION, "x", "" },
        { "/p/@connections/x/", MANAGE_CONNECTION, "x", "" },
        { "/p/@connections/x/attributes/k", MANAGE_ATTRIBUTE, "x", "k" },
        { "/p/@connections/x/attributes/a/b/", MANAGE_ATTRIBUTE, "x", "a/b/" },
        { "/p/@groups/g", MANAGE_GROUP, "g", "" },
        { "/p/@groups/a/@b", MANAGE_GROUP, "a/@b", "" },
        { "/p/@broadcast", MANAGE_BROADCAST, "", "" },
        { "/p/@broadcast/", MANAGE_BROADCAST, "", "" },
        { "/p/@batch", MANAGE_BATCH, "", "" },
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct manage_path out = meant(all[i].path);
        assert_int_equal(out.what, all[i].what);
        same(out.prefix, "/p");
        same(out.name, all[i].name);
        same(out.attribute, all[i].attribute);
    }
}

static void all_else_is_no_path_of_the_management(void **state)
{
    (void)state;
    static const char *const others[] = {
        "",
        "/",
        "@connections",
        "/@",
        "/@connection",
        "/@connectionsx",
        "/connections/x",
        "/p/@connections/x/attributes",
        "/p/@connections/x/attributes/",
        "/p/@connections/x/y/k",
        "/p/@connections//attributes/k",
        "/p/@groups",
        "/p/@groups/",
        "/p/@broadcast/x",
        "/p/@batch/x",
        "/@x/@connections/y",
        "/p@/connections/x",
    };
    struct manage_path out;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (manage_path_read(jf_str(others[i]), &out))
            fail_msg("\"%s\" was taken for one", others[i]);
    }
}

/* ---- Batches ------------------------------------------------------------ */

static struct manage_batch read_batch(const char *body)
{
    struct manage_batch out;
    const char *why = NULL;
    if (manage_batch_read(jf_str(body), &out, &why) < 0)
        fail_msg("%s: %s", body, why);
    return out;
}

static void a_batch_has_ids_and_text(void **state)
{
    (void)state;
    struct manage_batch batch =
        read_batch("{\"connectionIds\":[\"a\",\"\",\"a\"],\"data\":\"h\\u00e9\",\"x\":1}");
    assert_int_equal(batch.count, 3);
    same(batch.ids[0], "a");
    same(batch.ids[1], "");
    assert_int_equal(batch.opcode, JF_TEXT);
    same(batch.data, "h\xc3\xa9");
    manage_batch_fini(&batch);
}

static void base64_is_a_binary_message(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t len;
        uint8_t octets[4];
    } all[] = {
        { "", 0, { 0 } },           { "AA==", 1, { 0 } },
        { "AA", 1, { 0 } },         { "/+8=", 2, { 0xff, 0xef } },
        { "AQID", 3, { 1, 2, 3 } }, { "AQIDBA==", 4, { 1, 2, 3, 4 } },
    };
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        char body[100];
        (void)snprintf(body, sizeof(body),
                       "{\"connectionIds\":[],\"data\":\"%s\",\"isBase64Encoded\":true}",
                       all[i].text);
        struct manage_batch batch = read_batch(body);
        assert_int_equal(batch.opcode, JF_BINARY);
        assert_int_equal(batch.data.len, all[i].len);
        assert_memory_equal(batch.data.ptr, all[i].octets, all[i].len);
        manage_batch_fini(&batch);
    }
}

static void a_batch_that_is_none_is_refused_with_a_reason(void **state)
{
    (void)state;
    static const struct {
        const char *body, *why;
    } all[] = {
        { "", "object" },
        { "[]", "object" },
        { "{", "object" },
        { "{}", "connectionIds" },
        { "{\"connectionIds\":\"a\",\"data\":\"\"}", "connectionIds" },
        { "{\"connectionIds\":[1],\"data\":\"\"}", "connectionIds" },
        { "{\"connectionIds\":[]}", "data" },
        { "{\"connectionIds\":[],\"data\":{}}", "data" },
        { "{\"connectionIds\":[],\"data\":\"a\\u0000b\"}", "NUL" },
        { "{\"connectionIds\":[],\"data\":\"\xff\"}", "UTF-8" },
        { "{\"connectionIds\":[],\"data\":\"*\",\"isBase64Encoded\":true}", "base64" },
        { "{\"connectionIds\":[],\"data\":\"\",\"isBase64Encoded\":1}", "isBase64Encoded" },
    };
    struct manage_batch out;
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const char *why = NULL;
        assert_int_equal(manage_batch_read(jf_str(all[i].body), &out, &why), JF_E_INVALID);
        if (!strstr(why, all[i].why))
            fail_msg("%s: %s", all[i].body, why);
    }
}

static void a_batch_has_at_most_so_many_ids(void **state)
{
    (void)state;
    static char body[16 * MANAGE_BATCH_MAX];
    struct manage_batch out;
    const char *why = NULL;
    for (int more = 0; more < 2; more++) {
        size_t len = (size_t)snprintf(body, sizeof(body), "{\"connectionIds\":[");
        for (int i = 0; i < MANAGE_BATCH_MAX + more; i++)
            len += (size_t)snprintf(body + len, sizeof(body) - len, "%s\"%d\"",
                                    i ? "," : "", i);
        (void)snprintf(body + len, sizeof(body) - len, "],\"data\":\"\"}");
        int status = manage_batch_read(jf_str(body), &out, &why);
        assert_int_equal(status, more ? JF_E_INVALID : JF_OK);
        if (!more)
            manage_batch_fini(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_is_named_below_any_prefix),
        cmocka_unit_test(each_resource_has_its_path),
        cmocka_unit_test(all_else_is_no_path_of_the_management),
        cmocka_unit_test(a_batch_has_ids_and_text),
        cmocka_unit_test(base64_is_a_binary_message),
        cmocka_unit_test(a_batch_that_is_none_is_refused_with_a_reason),
        cmocka_unit_test(a_batch_has_at_most_so_many_ids),
    };
    return cmocka_run_group_tests_name("manage", tests, NULL, NULL);
}
