/* The plugin as the host sees it: who is let in, with what attributes, until when. */
#include "tests/unit/test.h"

#include "tests/unit/plugins/jwt_scene.h"

static void is_refused(struct fake_host *host, const char *token)
{
    jf_conn_id conn = scene_knock(host, token, 0);
    struct fake_verdict verdict = fake_host_verdict(host, conn);
    assert_int_equal(verdict.http_status, 401);
    assert_string_equal(verdict.body, "{\"message\": \"Unauthorized\"}");
    assert_null(fake_host_attr(host, conn, "authorizer.sub"));
}

static void who_has_a_good_token_comes_in_and_its_claims_are_attributes(void **state)
{
    (void)state;
    char token[FORGE_MAX];
    struct fake_host *host = scene_start("", 1);
    scene_token_of(token, SECRET,
                   "{\"sub\":\"Ann\",\"exp\":1700000100,\"admin\":false,\"roles\":[1]}");
    jf_conn_id conn = scene_knock(host, token, 0);
    assert_int_equal(fake_host_verdict(host, conn).http_status, 101);
    assert_string_equal(fake_host_attr(host, conn, "authorizer.sub"), "Ann");
    assert_string_equal(fake_host_attr(host, conn, "authorizer.exp"), "1700000100");
    assert_string_equal(fake_host_attr(host, conn, "authorizer.admin"), "false");
    assert_null(fake_host_attr(host, conn, "authorizer.roles"));
    fake_host_free(host);
}

static void who_has_none_or_a_bad_one_gets_401_and_no_reason(void **state)
{
    (void)state;
    char token[FORGE_MAX];
    struct fake_host *host = scene_start("", 1);
    is_refused(host, "");
    is_refused(host, "nonsense");
    scene_token(token, "Ann", NOW - 1000);
    is_refused(host, token);
    assert_true(fake_host_logged(host, JF_DEBUG, "why=expired"));
    scene_token_of(token, SECRET, "{\"sub\":\"Ann\"}");
    is_refused(host, token);
    assert_true(fake_host_logged(host, JF_DEBUG, "why=no_expiry"));
    scene_token_of(token, NEXT_SECRET, "{\"sub\":\"Ann\",\"exp\":1700000100}");
    is_refused(host, token);
    assert_true(fake_host_logged(host, JF_DEBUG, "why=signature"));
    assert_false(fake_host_logged(host, JF_DEBUG, token));
    fake_host_free(host);
}

static void the_options_decide_what_is_good(void **state)
{
    (void)state;
    char token[FORGE_MAX];
    struct fake_host *host = scene_start(
        ",\"issuer\":\"us\",\"audience\":[\"chat\"],\"claims\":[\"sub\"],\"leeway_s\":0",
        1);
    scene_token_of(token, SECRET,
                   "{\"sub\":\"Ann\",\"exp\":1700000100,\"iss\":\"us\",\"aud\":\"chat\"}");
    jf_conn_id conn = scene_knock(host, token, 0);
    assert_string_equal(fake_host_attr(host, conn, "authorizer.sub"), "Ann");
    assert_null(fake_host_attr(host, conn, "authorizer.exp"));
    scene_token_of(token, SECRET,
                   "{\"sub\":\"Ann\",\"exp\":1700000100,\"iss\":\"us\",\"aud\":\"api\"}");
    is_refused(host, token);
    scene_token_of(token, SECRET,
                   "{\"sub\":\"Ann\",\"exp\":1700000000,\"iss\":\"us\",\"aud\":\"chat\"}");
    is_refused(host, token);
    fake_host_free(host);

    host = scene_start(",\"algorithms\":[\"EdDSA\",\"ES256\"]", 1);
    scene_token(token, "Ann", NOW + 100);
    is_refused(host, token);
    assert_true(fake_host_logged(host, JF_DEBUG, "why=algorithm"));
    fake_host_free(host);
}

static void the_subprotocol_that_is_chosen_is_not_the_token(void **state)
{
    (void)state;
    char token[FORGE_MAX], offered[FORGE_MAX + 64];
    struct fake_host *host =
        scene_start(",\"from\":[\"subprotocol\"],\"subprotocol\":\"chat\"", 1);
    scene_token(token, "Ann", NOW + 100);
    snprintf(offered, sizeof(offered), "jackfield.jwt, %s, chat", token);
    struct fake_client client = { .subprotocols = offered };
    jf_conn_id conn = fake_host_connect_as(host, &client);
    fake_host_turn(host);
    assert_int_equal(fake_host_verdict(host, conn).http_status, 101);
    assert_string_equal(fake_host_verdict(host, conn).subprotocol, "chat");
    snprintf(offered, sizeof(offered), "jackfield.jwt, %s", token);
    conn = fake_host_connect_as(host, &client);
    fake_host_turn(host);
    assert_string_equal(fake_host_verdict(host, conn).subprotocol, "jackfield.jwt");
    fake_host_free(host);
}

/* ---- Who it is -------------------------------------------------------------------------
 */

static void has_principal(struct fake_host *host, const char *claims, const char *principal)
{
    char token[FORGE_MAX];
    scene_token_of(token, SECRET, claims);
    jf_conn_id conn = scene_knock(host, token, 0);
    assert_int_equal(fake_host_verdict(host, conn).http_status, 101);
    const char *known = fake_host_attr(host, conn, "authorizer.principalId");
    if (principal)
        assert_string_equal(known, principal);
    else
        assert_null(known);
}

static void the_principal_is_the_subject_and_nothing_else(void **state)
{
    (void)state;
    struct fake_host *host = scene_start("", 1);
    has_principal(host, "{\"sub\":\"Ann\",\"exp\":1700000100}", "Ann");
    has_principal(host, "{\"SUB\":\"Eve\",\"exp\":1700000100}", NULL);
    has_principal(host, "{\"exp\":1700000100}", NULL);
    has_principal(host, "{\"sub\":\"\",\"exp\":1700000100}", NULL);
    has_principal(host, "{\"principalId\":\"Eve\",\"exp\":1700000100}", NULL);
    has_principal(host, "{\"principalId\":\"Eve\",\"sub\":\"Ann\",\"exp\":1700000100}",
                  "Ann");
    has_principal(host, "{\"sub\":\"Ann\",\"principalId\":\"Eve\",\"exp\":1700000100}",
                  "Ann");
    fake_host_free(host);
}

static void it_is_known_where_no_claim_is_chosen(void **state)
{
    (void)state;
    struct fake_host *host = scene_start(",\"claims\":[]", 1);
    jf_conn_id conn = scene_enter(host, "Ann", NOW + 100);
    assert_string_equal(fake_host_attr(host, conn, "authorizer.principalId"), "Ann");
    assert_null(fake_host_attr(host, conn, "authorizer.sub"));
    fake_host_free(host);
}

/* Its subject is told twice, as the principal too. */
static void the_largest_token_is_let_in(void **state)
{
    (void)state;
    char token[FORGE_MAX], claims[6096], rest[2048 + 1];
    struct fake_host *host = scene_start("", 1);
    memset(rest, 'x', 2048);
    rest[2048] = '\0';
    int len =
        snprintf(claims, sizeof(claims),
                 "{\"exp\":1700000100,\"sub\":\"%s\",\"a\":\"%s\",\"b\":\"", rest, rest);
    snprintf(claims + len, sizeof(claims) - (size_t)len, "%.*s\"}", 6095 - len - 2, rest);
    scene_token_of(token, SECRET, claims);
    assert_int_equal(strlen(token), JWS_TOKEN_MAX);
    jf_conn_id conn = scene_knock(host, token, 0);
    assert_int_equal(fake_host_verdict(host, conn).http_status, 101);
    assert_string_equal(fake_host_attr(host, conn, "authorizer.principalId"), rest);
    assert_string_equal(fake_host_attr(host, conn, "authorizer.sub"), rest);
    fake_host_free(host);
}

static void its_claims_need_no_store(void **state)
{
    (void)state;
    struct fake_host *host = scene_start("", 1);
    fake_host_store_answers(host, JF_E_UNAVAILABLE);
    (void)scene_enter(host, "Ann", NOW + 100);
    fake_host_free(host);
}

/* ---- The end of a token ----------------------------------------------------------------
 */

static void a_connection_ends_with_its_token_a_grace_later(void **state)
{
    (void)state;
    struct fake_host *host = scene_start(",\"leeway_s\":5,\"grace_s\":10", 1);
    jf_conn_id ann = scene_enter(host, "Ann", NOW + 20);
    jf_conn_id bob = scene_enter(host, "Bob", NOW + 40);
    scene_advance(host, 34);
    assert_int_equal(fake_host_closed(host, ann).code, 0);
    scene_advance(host, 1);
    assert_int_equal(fake_host_closed(host, ann).code, 4401);
    assert_string_equal(fake_host_closed(host, ann).reason, "token expired");
    assert_int_equal(fake_host_closed(host, bob).code, 0);
    scene_advance(host, 20);
    assert_int_equal(fake_host_closed(host, bob).code, 4401);
    fake_host_free(host);
}

static void one_timer_does_for_all(void **state)
{
    (void)state;
    struct fake_host *host = scene_start("", 1);
    for (int i = 0; i < 50; i++)
        (void)scene_enter(host, "Ann", NOW + 1000 + i);
    assert_int_equal(fake_host_timers(host), 1);
    fake_host_free(host);
}

static void where_it_is_ignored_a_connection_stays(void **state)
{
    (void)state;
    char token[FORGE_MAX];
    struct fake_host *host = scene_start(",\"expire\":\"ignore\"", 1);
    jf_conn_id ann = scene_enter(host, "Ann", NOW + 5);
    scene_token_of(token, SECRET, "{\"sub\":\"Ann\"}");
    assert_true(scene_lets_in(host, token));
    scene_advance(host, 200);
    assert_int_equal(fake_host_closed(host, ann).code, 0);
    assert_int_equal(fake_host_say(host, ann, "refresh", "{}"), JF_E_NOT_FOUND);
    fake_host_free(host);
}

static const struct deadlines *deadlines_of(struct fake_host *host)
{
    return &((struct jwt_plugin *)fake_host_self(host)->state)->expiry->of[0];
}

static void those_who_leave_by_themselves_are_forgotten(void **state)
{
    (void)state;
    struct fake_host *host = scene_start("", 1);
    for (int i = 0; i < 1000; i++) {
        jf_conn_id conn = scene_enter(host, "Ann", NOW + 100000);
        fake_host_hang_up(host, conn, 1000, "");
        fake_host_turn(host);
    }
    assert_true(deadlines_of(host)->count < 16);
    fake_host_free(host);
}

/* ---- Refresh ---------------------------------------------------------------------------
 */

static const char *ask_refresh(struct fake_host *host, jf_conn_id conn, const char *token)
{
    char text[FORGE_MAX + 64];
    snprintf(text, sizeof(text), "{\"action\":\"refresh\",\"token\":\"%s\"}", token);
    assert_int_equal(fake_host_say(host, conn, "refresh", text), JF_OK);
    return fake_host_hear(host, conn);
}

static void a_new_token_of_the_same_subject_moves_the_end(void **state)
{
    (void)state;
    char token[FORGE_MAX];
    struct fake_host *host = scene_start(",\"leeway_s\":0,\"grace_s\":10", 1);
    jf_conn_id ann = scene_enter(host, "Ann", NOW + 20);
    scene_advance(host, 25); /* expired, and within the grace */
    scene_token(token, "Ann", NOW + 60);
    assert_string_equal(ask_refresh(host, ann, token),
                        "{\"type\":\"refreshed\",\"expires\":1700000060}");
    scene_advance(host, 44);
    assert_int_equal(fake_host_closed(host, ann).code, 0);
    scene_advance(host, 1);
    assert_int_equal(fake_host_closed(host, ann).code, 4401);
    fake_host_free(host);
}

static void any_other_token_moves_nothing(void **state)
{
    (void)state;
    char token[FORGE_MAX];
    struct fake_host *host = scene_start(",\"leeway_s\":0,\"grace_s\":10", 1);
    jf_conn_id ann = scene_enter(host, "Ann", NOW + 20);
    scene_token(token, "Bob", NOW + 60);
    assert_string_equal(ask_refresh(host, ann, token),
                        "{\"type\":\"error\",\"message\":\"refresh refused: subject\"}");
    scene_token(token, "Ann", NOW - 1);
    assert_string_equal(ask_refresh(host, ann, token),
                        "{\"type\":\"error\",\"message\":\"refresh refused: expired\"}");
    scene_token_of(token, NEXT_SECRET, "{\"sub\":\"Ann\",\"exp\":1700000060}");
    assert_string_equal(ask_refresh(host, ann, token),
                        "{\"type\":\"error\",\"message\":\"refresh refused: signature\"}");
    scene_token_of(token, SECRET, "{\"exp\":1700000060}");
    assert_string_equal(ask_refresh(host, ann, token),
                        "{\"type\":\"error\",\"message\":\"refresh refused: subject\"}");
    scene_advance(host, 30);
    assert_int_equal(fake_host_closed(host, ann).code, 4401);
    fake_host_free(host);
}

static void a_malformed_refresh_is_an_error_and_no_more(void **state)
{
    (void)state;
    struct fake_host *host = scene_start("", 1);
    jf_conn_id ann = scene_enter(host, "Ann", NOW + 20);
    static const char *const bodies[][2] = {
        { "", "malformed" },
        { "[]", "malformed" },
        { "{\"token\":\"a\",\"token\":\"b\"}", "malformed" },
        { "{\"token\":\"a.b\"}", "malformed" },
        { "{\"token\":5}", "missing" },
        { "{\"token\":\"\"}", "missing" },
        { "{}", "missing" },
    };
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        assert_int_equal(fake_host_say(host, ann, "refresh", bodies[i][0]), JF_OK);
        const char *heard = fake_host_hear(host, ann);
        assert_non_null(heard);
        assert_non_null(strstr(heard, bodies[i][1]));
    }
    char *huge = calloc(1, 20000);
    assert_non_null(huge);
    memset(huge, ' ', 19999);
    assert_int_equal(fake_host_say(host, ann, "refresh", huge), JF_OK);
    assert_non_null(strstr(fake_host_hear(host, ann), "too_big"));
    free(huge);
    fake_host_free(host);
}

static void the_refresh_route_has_the_name_it_is_given(void **state)
{
    (void)state;
    struct fake_host *host = scene_start(",\"refresh_route\":\"renew\"", 1);
    jf_conn_id ann = scene_enter(host, "Ann", NOW + 20);
    assert_int_equal(fake_host_say(host, ann, "renew", "{}"), JF_OK);
    assert_int_equal(fake_host_say(host, ann, "refresh", "{}"), JF_E_NOT_FOUND);
    fake_host_free(host);
    host = scene_start(",\"refresh_route\":null", 1);
    ann = scene_enter(host, "Ann", NOW + 20);
    assert_int_equal(fake_host_say(host, ann, "refresh", "{}"), JF_E_NOT_FOUND);
    fake_host_free(host);
}

/* ---- Keys that change ------------------------------------------------------------------
 */

static void keys_that_change_are_read_by_every_worker(void **state)
{
    (void)state;
    char old[FORGE_MAX], new[FORGE_MAX];
    struct fake_host *host = scene_start("", 2);
    scene_token(old, "Ann", NOW + 1000);
    scene_token_of(new, NEXT_SECRET, "{\"sub\":\"Ann\",\"exp\":1700001000}");
    for (uint32_t worker = 0; worker < 2; worker++) {
        jf_conn_id a = scene_knock(host, old, worker), b = scene_knock(host, new, worker);
        assert_int_equal(fake_host_verdict(host, a).http_status, 101);
        assert_int_equal(fake_host_verdict(host, b).http_status, 401);
    }
    scene_write(NEXT_SECRET);
    scene_advance(host, 1);
    for (uint32_t worker = 0; worker < 2; worker++) {
        jf_conn_id a = scene_knock(host, old, worker), b = scene_knock(host, new, worker);
        assert_int_equal(fake_host_verdict(host, a).http_status, 401);
        assert_int_equal(fake_host_verdict(host, b).http_status, 101);
    }
    assert_true(fake_host_logged(host, JF_INFO, "event=keys_read count=1"));
    fake_host_free(host);
}

static void a_broken_file_leaves_the_keys_as_they_were(void **state)
{
    (void)state;
    char token[FORGE_MAX];
    struct fake_host *host = scene_start("", 1);
    scene_token(token, "Ann", NOW + 1000);
    scene_write("short");
    scene_advance(host, 2);
    assert_true(scene_lets_in(host, token));
    assert_true(fake_host_logged(host, JF_ERROR, "32 to 1024 octets"));
    assert_int_equal(unlink(scene_file), 0);
    scene_advance(host, 2);
    assert_true(scene_lets_in(host, token));
    assert_true(fake_host_logged(host, JF_ERROR, "it cannot be opened"));
    scene_write(NEXT_SECRET);
    scene_advance(host, 2);
    assert_false(scene_lets_in(host, token));
    fake_host_free(host);
}

/* ---- Reload ----------------------------------------------------------------------------
 */

static void a_reload_forgets_nobodys_end(void **state)
{
    (void)state;
    char options[1024], token[FORGE_MAX];
    struct fake_host *old = scene_start(",\"leeway_s\":0,\"grace_s\":0", 1);
    jf_conn_id ann = scene_enter(old, "Ann", NOW + 20);
    jf_conn_id bob = scene_enter(old, "Bob", NOW + 20);
    scene_options(options, sizeof(options), ",\"leeway_s\":0,\"grace_s\":0");
    struct fake_host *new = fake_host_new(&jf_entry, 1);
    assert_int_equal(fake_host_take_over(new, old, options), JF_OK);
    ((struct jwt_plugin *)fake_host_self(new)->state)->now_s = scene_clock;
    fake_host_stop(old);
    scene_token(token, "Bob", NOW + 60);
    assert_non_null(strstr(ask_refresh(new, bob, token), "refreshed"));
    scene_advance(new, 20);
    assert_int_equal(fake_host_closed(new, ann).code, 4401);
    assert_int_equal(fake_host_closed(new, bob).code, 0);
    fake_host_free(new);
    fake_host_free(old);
}

/* ---- Options ---------------------------------------------------------------------------
 */

static void option_is_refused(const char *options, const char *part)
{
    struct fake_host *host = fake_host_new(&jf_entry, 1);
    assert_int_equal(fake_host_start(host, options), JF_E_INVALID);
    assert_true(fake_host_logged(host, JF_ERROR, part));
    fake_host_free(host);
}

static void options_that_are_wrong_stop_the_start_and_say_which(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        { "\"audiance\":\"x\"", "\"audiance\" why=\"there is no such" },
        { "\"keys\":[]", "\"keys\"" },
        { "\"keys\":5", "\"keys\"" },
        { "\"keys\":{\"as\":\"pem\"}", "\"keys\"" },
        { "\"keys\":{\"file\":\"a\",\"as\":\"der\"}", "\"keys\"" },
        { "\"keys\":{\"file\":\"a\",\"what\":\"b\"}", "\"keys\"" },
        { "\"algorithms\":[]", "\"algorithms\"" },
        { "\"algorithms\":[\"none\"]", "\"algorithms\"" },
        { "\"algorithms\":[\"HS256\",\"RS512\"]", "\"algorithms\"" },
        { "\"issuer\":\"\"", "\"issuer\"" },
        { "\"audience\":[5]", "\"audience\"" },
        { "\"leeway_s\":-1", "\"leeway_s\"" },
        { "\"leeway_s\":1.5", "\"leeway_s\"" },
        { "\"leeway_s\":601", "\"leeway_s\"" },
        { "\"leeway_s\":\"5\"", "\"leeway_s\"" },
        { "\"from\":[]", "\"from\"" },
        { "\"from\":[\"cookie:a\"]", "\"from\"" },
        { "\"from\":[\"header:\"]", "\"from\"" },
        { "\"from\":[\"subprotocol:x\"]", "\"from\"" },
        { "\"subprotocol\":5", "\"subprotocol\"" },
        { "\"claims\":\"some\"", "\"claims\"" },
        { "\"claims\":[\"\"]", "\"claims\"" },
        { "\"expire\":\"never\"", "\"expire\"" },
        { "\"grace_s\":86401", "\"grace_s\"" },
        { "\"refresh_route\":\"$connect\"", "\"refresh_route\"" },
        { "\"refresh_route\":\"\"", "\"refresh_route\"" },
        { "\"expire\":\"ignore\",\"grace_s\":5", "\"grace_s\"" },
        { "\"expire\":\"ignore\",\"refresh_route\":\"r\"", "\"refresh_route\"" },
    };
    scene_write(SECRET);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char options[1024], more[256];
        bool has_keys = strncmp(wrong[i][0], "\"keys\"", 6) == 0;
        snprintf(more, sizeof(more), ",%s", wrong[i][0]);
        if (has_keys)
            snprintf(options, sizeof(options), "{%s}", wrong[i][0]);
        else
            scene_options(options, sizeof(options), more);
        option_is_refused(options, wrong[i][1]);
    }
    option_is_refused("{}", "\"keys\"");
    option_is_refused("[]", "no object");
}

static void key_files_that_are_wrong_stop_the_start_and_say_which(void **state)
{
    (void)state;
    char options[256];
    option_is_refused("{\"keys\":\"/nowhere/to/be/found\"}", "/nowhere/to/be/found");
    snprintf(options, sizeof(options), "{\"keys\":\"%s\"}", scene_folder);
    option_is_refused(options, "no regular file");
    scene_write(SECRET);
    snprintf(options, sizeof(options), "{\"keys\":\"%s\"}", scene_file);
    option_is_refused(options, "there is no key in it"); /* a secret is never guessed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_has_a_good_token_comes_in_and_its_claims_are_attributes),
        cmocka_unit_test(who_has_none_or_a_bad_one_gets_401_and_no_reason),
        cmocka_unit_test(the_options_decide_what_is_good),
        cmocka_unit_test(the_subprotocol_that_is_chosen_is_not_the_token),
        cmocka_unit_test(the_principal_is_the_subject_and_nothing_else),
        cmocka_unit_test(it_is_known_where_no_claim_is_chosen),
        cmocka_unit_test(the_largest_token_is_let_in),
        cmocka_unit_test(its_claims_need_no_store),
        cmocka_unit_test(a_connection_ends_with_its_token_a_grace_later),
        cmocka_unit_test(one_timer_does_for_all),
        cmocka_unit_test(where_it_is_ignored_a_connection_stays),
        cmocka_unit_test(those_who_leave_by_themselves_are_forgotten),
        cmocka_unit_test(a_new_token_of_the_same_subject_moves_the_end),
        cmocka_unit_test(any_other_token_moves_nothing),
        cmocka_unit_test(a_malformed_refresh_is_an_error_and_no_more),
        cmocka_unit_test(the_refresh_route_has_the_name_it_is_given),
        cmocka_unit_test(keys_that_change_are_read_by_every_worker),
        cmocka_unit_test(a_broken_file_leaves_the_keys_as_they_were),
        cmocka_unit_test(a_reload_forgets_nobodys_end),
        cmocka_unit_test(options_that_are_wrong_stop_the_start_and_say_which),
        cmocka_unit_test(key_files_that_are_wrong_stop_the_start_and_say_which),
    };
    return cmocka_run_group_tests(tests, scene_setup, scene_teardown);
}
