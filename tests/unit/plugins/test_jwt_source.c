/* Where the token is: the first place that has one decides, and no place may have two. */
#include "tests/unit/test.h"

#include "plugins/jwt/token_source.h"

static struct token_sources sources = {
    .list = { { TOKEN_IN_HEADER, "Authorization" },
              { TOKEN_IN_HEADER, "X-Token" },
              { TOKEN_IN_QUERY, "token" },
              { TOKEN_IN_SUBPROTOCOL, NULL } },
    .count = 4,
    .subprotocols = { { "chat.v2", "chat.v1" }, 2 },
};

#define PAIR(name, value)                                                                  \
    {                                                                                      \
        { name, sizeof(name) - 1 },                                                        \
        {                                                                                  \
            value, sizeof(value) - 1                                                       \
        }                                                                                  \
    }

static void finds(const struct jf_connect *connect, enum jwt_fault fault, const char *token,
                  const char *subprotocol)
{
    struct token_found found;
    assert_int_equal(token_find(&sources, connect, &found), fault);
    if (!fault)
        assert_true(jf_same(found.token, jf_str(token)));
    if (subprotocol)
        assert_true(jf_same(found.subprotocol, jf_str(subprotocol)));
    else
        assert_null(found.subprotocol.ptr);
}

static void header(const char *name, const char *value, enum jwt_fault fault,
                   const char *token)
{
    struct jf_pair pair = { jf_str(name), jf_str(value) };
    struct jf_connect connect = { .headers = &pair, .header_count = 1 };
    finds(&connect, fault, token, NULL);
}

static void authorization_has_the_scheme_bearer(void **state)
{
    (void)state;
    header("Authorization", "Bearer abc", JWT_FAULT_NONE, "abc");
    header("authorization", "bEARER   abc ", JWT_FAULT_NONE, "abc");
    header("Authorization", "Bearer", JWT_FAULT_MISSING, NULL);
    header("Authorization", "Bearer ", JWT_FAULT_MISSING, NULL);
    header("Authorization", "Bearerabc", JWT_FAULT_MISSING, NULL);
    header("Authorization", "Basic abc", JWT_FAULT_MISSING, NULL);
    header("Authorization", "abc", JWT_FAULT_MISSING, NULL);
    header("Authorization", "", JWT_FAULT_MISSING, NULL);
    header("Authorizatio", "Bearer abc", JWT_FAULT_MISSING, NULL);
}

static void another_header_has_the_token_alone(void **state)
{
    (void)state;
    header("x-token", "abc", JWT_FAULT_NONE, "abc");
    header("X-Token", "Bearer abc", JWT_FAULT_NONE, "Bearer abc");
    header("X-Token", "", JWT_FAULT_MISSING, NULL);
}

static void the_first_source_that_has_one_decides(void **state)
{
    (void)state;
    struct jf_pair headers[] = { PAIR("X-Token", "second"),
                                 PAIR("Authorization", "Basic x") };
    struct jf_pair query[] = { PAIR("Token", "other"), PAIR("token", "third") };
    struct jf_connect connect = { .headers = headers,
                                  .header_count = 2,
                                  .query = query,
                                  .query_count = 2,
                                  .subprotocols = jf_str("jackfield.jwt, fourth") };
    finds(&connect, JWT_FAULT_NONE, "second", "jackfield.jwt");
    headers[1] = (struct jf_pair)PAIR("Authorization", "Bearer first");
    finds(&connect, JWT_FAULT_NONE, "first", "jackfield.jwt");
    connect.header_count = 0;
    finds(&connect, JWT_FAULT_NONE, "third", "jackfield.jwt");
    connect.query_count = 1;
    finds(&connect, JWT_FAULT_NONE, "fourth", "jackfield.jwt");
}

static void two_in_one_place_are_refused(void **state)
{
    (void)state;
    struct jf_pair headers[] = { PAIR("Authorization", "Bearer a"),
                                 PAIR("authorization", "Bearer b") };
    struct jf_pair query[] = { PAIR("token", "a"), PAIR("token", "a") };
    struct jf_connect connect = { .headers = headers, .header_count = 2 };
    finds(&connect, JWT_FAULT_AMBIGUOUS, NULL, NULL);
    connect = (struct jf_connect){ .query = query, .query_count = 2 };
    finds(&connect, JWT_FAULT_AMBIGUOUS, NULL, NULL);
    connect = (struct jf_connect){
        .subprotocols = jf_str("jackfield.jwt, a, jackfield.jwt, b"),
    };
    finds(&connect, JWT_FAULT_AMBIGUOUS, NULL, "jackfield.jwt");
}

static void offers(const char *offered, enum jwt_fault fault, const char *token,
                   const char *subprotocol)
{
    struct jf_connect connect = { .subprotocols = jf_str(offered) };
    finds(&connect, fault, token, subprotocol);
}

static void a_subprotocol_behind_the_marker_is_the_token(void **state)
{
    (void)state;
    offers("jackfield.jwt, a.b.c", JWT_FAULT_NONE, "a.b.c", "jackfield.jwt");
    offers("jackfield.jwt,a.b.c,chat.v1", JWT_FAULT_NONE, "a.b.c", "chat.v1");
    offers("chat.v1 ,\tjackfield.jwt ,  a.b.c , chat.v2", JWT_FAULT_NONE, "a.b.c",
           "chat.v2");
    offers("other, jackfield.jwt, a.b.c", JWT_FAULT_NONE, "a.b.c", "jackfield.jwt");
    offers("jackfield.jwt", JWT_FAULT_MISSING, NULL, "jackfield.jwt");
    offers("jackfield.jwt,", JWT_FAULT_MISSING, NULL, "jackfield.jwt");
    offers("jackfield.jwt,,a.b.c", JWT_FAULT_MISSING, NULL, "jackfield.jwt");
    offers("a.b.c, jackfield.jwt", JWT_FAULT_MISSING, NULL, "jackfield.jwt");
    offers("Jackfield.jwt, a.b.c", JWT_FAULT_MISSING, NULL, NULL);
    offers("chat.v1", JWT_FAULT_MISSING, NULL, "chat.v1");
    offers("", JWT_FAULT_MISSING, NULL, NULL);
}

/* Else a client could have its token echoed, and find it in a log. */
static void a_token_is_never_chosen_though_it_is_called_like_one(void **state)
{
    (void)state;
    offers("jackfield.jwt, chat.v1", JWT_FAULT_NONE, "chat.v1", "jackfield.jwt");
    offers("jackfield.jwt, chat.v1, chat.v1", JWT_FAULT_NONE, "chat.v1", "chat.v1");
    offers("jackfield.jwt, jackfield.jwt", JWT_FAULT_NONE, "jackfield.jwt",
           "jackfield.jwt");
}

static void where_subprotocols_are_no_source_the_marker_means_nothing(void **state)
{
    (void)state;
    sources.count = 3;
    offers("jackfield.jwt, a.b.c", JWT_FAULT_MISSING, NULL, NULL);
    sources.count = 4;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(authorization_has_the_scheme_bearer),
        cmocka_unit_test(another_header_has_the_token_alone),
        cmocka_unit_test(the_first_source_that_has_one_decides),
        cmocka_unit_test(two_in_one_place_are_refused),
        cmocka_unit_test(a_subprotocol_behind_the_marker_is_the_token),
        cmocka_unit_test(a_token_is_never_chosen_though_it_is_called_like_one),
        cmocka_unit_test(where_subprotocols_are_no_source_the_marker_means_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
