/* How much clients may do: in a connection, from an address, on a stage. */
#include "tests/unit/host/rates.h"

#include "core/host/identity.h"

/* ---- Messages ----------------------------------------------------------- */

static void without_rates_nothing_is_looked_at(void **state)
{
    (void)state;
    take_plan();
    assert_false(plan.limits_messages || plan.limits_connects || plan.shares_messages);
}

static void a_connection_has_its_own_bucket(void **state)
{
    (void)state;
    struct rate_use *one = NULL, *two = NULL;
    config.messages[RATE_CONNECTION] = rate(10, 2);
    take_plan();
    assert_true(plan.limits_messages && !plan.shares_messages);
    assert_int_equal(say(&one, ann, "x", 1, 1000), RATE_PASS);
    assert_int_equal(say(&one, ann, "x", 1, 1000), RATE_PASS);
    assert_int_equal(say(&one, ann, "x", 1, 1000), RATE_REFUSE);
    assert_int_equal(say(&two, ann, "x", 1, 1000), RATE_PASS);
    assert_int_equal(say(&one, ann, "x", 1, 1099), RATE_REFUSE);
    assert_int_equal(say(&one, ann, "x", 1, 1100), RATE_PASS);
    leave(one);
    leave(two);
}

static void an_address_has_one_for_all_its_connections(void **state)
{
    (void)state;
    struct rate_use *one = NULL, *two = NULL, *three = NULL;
    config.messages[RATE_ADDRESS] = rate(1, 2);
    take_plan();
    assert_true(plan.shares_messages);
    assert_int_equal(say(&one, ann, "x", 1, 0), RATE_PASS);
    assert_int_equal(say(&two, ann, "x", 1, 0), RATE_PASS);
    assert_int_equal(say(&one, ann, "x", 1, 0), RATE_REFUSE);
    assert_int_equal(say(&three, bob, "x", 1, 0), RATE_PASS);
    leave(one);
    leave(two);
    leave(three);
}

static void a_stage_has_one_for_all(void **state)
{
    (void)state;
    struct rate_use *one = NULL, *two = NULL, *three = NULL;
    config.messages[RATE_STAGE] = rate(1, 2);
    take_plan();
    assert_int_equal(say(&one, ann, "x", 1, 0), RATE_PASS);
    assert_int_equal(say(&two, bob, "x", 1, 0), RATE_PASS);
    assert_int_equal(say(&two, bob, "x", 1, 0), RATE_REFUSE);
    assert_int_equal(say_on(other, &three, bob, "x", 1, 0), RATE_PASS);
    leave(one);
    leave(two);
    leave(three);
}

static void octets_are_counted_too(void **state)
{
    (void)state;
    struct rate_use *use = NULL;
    config.bytes[RATE_CONNECTION] = rate(1000, 5000);
    take_plan();
    assert_int_equal(say(&use, ann, "x", 4000, 0), RATE_PASS);
    assert_int_equal(say(&use, ann, "x", 2000, 0), RATE_REFUSE);
    assert_int_equal(say(&use, ann, "x", 1000, 0), RATE_PASS);
    assert_int_equal(say(&use, ann, "x", 2000, 1999), RATE_REFUSE);
    assert_int_equal(say(&use, ann, "x", 2000, 2000), RATE_PASS);
    leave(use);
}

static void a_refusal_costs_nothing(void **state)
{
    (void)state;
    struct rate_use *use = NULL;
    config.messages[RATE_STAGE] = rate(1, 3);
    config.bytes[RATE_CONNECTION] = rate(1, 10);
    take_plan();
    assert_int_equal(say(&use, ann, "x", 10, 0), RATE_PASS);
    for (int i = 0; i < 5; i++)
        assert_int_equal(say(&use, ann, "x", 10, 0), RATE_REFUSE);
    struct rate_use *others = NULL;
    assert_int_equal(say(&others, bob, "x", 5, 0), RATE_PASS);
    assert_int_equal(say(&others, bob, "x", 5, 0), RATE_PASS);
    leave(use);
    leave(others);
}

static void a_route_may_have_its_own(void **state)
{
    (void)state;
    struct rate_use *use = NULL;
    char key[] = "slow";
    struct config_route_rate routes[] = { { key, rate(1, 1) } };
    config.routes = routes;
    config.route_count = 1;
    take_plan();
    assert_true(plan.limits_messages);
    assert_int_equal(say(&use, ann, "slow", 1, 0), RATE_PASS);
    assert_int_equal(say(&use, ann, "slow", 1, 0), RATE_REFUSE);
    assert_int_equal(say(&use, ann, "fast", 1, 0), RATE_PASS);
    leave(use);
}

static void more_routes_may_come_with_a_reload(void **state)
{
    (void)state;
    struct rate_use *use = NULL;
    char a[] = "a", b[] = "b";
    struct config_route_rate routes[] = { { a, rate(1, 1) }, { b, rate(1, 1) } };
    config.routes = routes;
    config.route_count = 1;
    take_plan();
    assert_int_equal(say(&use, ann, "a", 1, 0), RATE_PASS);
    rate_plan_fini(&plan);
    config.route_count = 2;
    take_plan();
    assert_int_equal(say(&use, ann, "a", 1, 0), RATE_REFUSE);
    assert_int_equal(say(&use, ann, "b", 1, 0), RATE_PASS);
    assert_int_equal(say(&use, ann, "b", 1, 0), RATE_REFUSE);
    leave(use);
}

static void who_persists_is_closed(void **state)
{
    (void)state;
    struct rate_use *use = NULL;
    config.messages[RATE_CONNECTION] = rate(1, 1);
    config.close_after = 3;
    take_plan();
    assert_int_equal(say(&use, ann, "x", 1, 0), RATE_PASS);
    assert_int_equal(say(&use, ann, "x", 1, 0), RATE_REFUSE);
    assert_int_equal(say(&use, ann, "x", 1, 0), RATE_REFUSE);
    assert_int_equal(say(&use, ann, "x", 1, 1000), RATE_PASS);
    assert_int_equal(say(&use, ann, "x", 1, 1000), RATE_REFUSE);
    assert_int_equal(say(&use, ann, "x", 1, 1000), RATE_REFUSE);
    assert_int_equal(say(&use, ann, "x", 1, 1000), RATE_CLOSE);
    leave(use);
}

/* ---- Connects ----------------------------------------------------------- */

static void connects_are_limited_by_address_and_stage(void **state)
{
    (void)state;
    config.connects[RATE_ADDRESS] = rate(1, 2);
    config.connects[RATE_STAGE] = rate(1, 3);
    take_plan();
    assert_true(plan.limits_connects && !plan.limits_messages);
    assert_int_equal(come_to_stay(0, stage, ann, 0), 0);
    assert_int_equal(come_to_stay(1, stage, ann, 0), 0);
    assert_int_equal(come_to_stay(2, stage, ann, 0), 1000);
    assert_int_equal(come_to_stay(3, stage, bob, 0), 0);
    assert_int_equal(come_to_stay(4, stage, bob, 0), 1000);
    assert_int_equal(come_to_stay(5, other, ann, 0), 0);
    assert_int_equal(come_to_stay(6, stage, ann, 1000), 0);
}

static void an_address_has_so_many_connections_at_a_time(void **state)
{
    (void)state;
    config.connections_per_address = 2;
    take_plan();
    assert_int_equal(come_to_stay(0, stage, ann, 0), 0);
    assert_int_equal(come_to_stay(1, stage, ann, 0), 0);
    assert_true(come_to_stay(2, stage, ann, 0) > 0);
    assert_int_equal(come_to_stay(3, stage, bob, 0), 0);
    depart(0);
    assert_int_equal(come_to_stay(4, stage, ann, 0), 0);
    assert_true(come_to_stay(5, stage, ann, 0) > 0);
}

static void who_leaves_without_having_come_does_no_harm(void **state)
{
    (void)state;
    config.connections_per_address = 1;
    take_plan();
    struct rate_use *refused = NULL;
    assert_int_equal(come_to_stay(0, stage, ann, 0), 0);
    assert_true(come(&refused, stage, ann, 0) > 0);
    leave(refused);
    leave(NULL);
    assert_true(come_to_stay(1, stage, ann, 0) > 0);
}

static void an_ipv6_address_counts_as_its_64(void **state)
{
    (void)state;
    uint8_t one[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, [15] = 1 };
    uint8_t two[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 9, 9, [15] = 2 };
    uint8_t far[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 2, [15] = 1 };
    config.connections_per_address = 1;
    take_plan();
    assert_int_equal(come_to_stay(0, stage, one, 0), 0);
    assert_true(come_to_stay(1, stage, two, 0) > 0);
    assert_int_equal(come_to_stay(2, stage, far, 0), 0);
    depart(0);
    assert_int_equal(come_to_stay(3, stage, one, 0), 0);
}

/* ---- Ceilings ----------------------------------------------------------- */

static bool come_as(struct rate_use **use, const char *name, const char *value)
{
    const struct rate_ask it = ask(stage, ann, 0);
    struct identity *identity = NULL;
    assert_int_equal(identity_set(&identity, jf_str("other"), jf_str(value)), JF_OK);
    assert_int_equal(identity_set(&identity, jf_str(name), jf_str(value)), JF_OK);
    bool came = rates_connect_as(&it, use, identity).verdict == RATE_PASS;
    identity_free(identity);
    return came;
}

static void a_user_has_so_many_connections_at_a_time(void **state)
{
    (void)state;
    char principal[] = "principalId", team[] = "team", both[301];
    struct config_ceiling ceilings[] = { { principal, 2 }, { team, 1 } };
    config.ceilings = ceilings;
    config.ceiling_count = 2;
    take_plan();
    assert_false(plan.limits_connects || plan.limits_messages);
    assert_true(come_as(&stayed[0], "principalId", "ann"));
    assert_true(come_as(&stayed[1], "principalId", "ann"));
    assert_false(come_as(&stayed[2], "principalId", "ann"));
    assert_true(come_as(&stayed[2], "team", "ann"));
    assert_false(come_as(&stayed[3], "team", "ann"));
    assert_true(come_as(&stayed[3], "principalId", "bob"));
    assert_true(come_as(&stayed[4], "principalId", "")); /* who says nothing is nobody */
    depart(1);
    assert_true(come_as(&stayed[1], "principalId", "ann"));
    memset(both, 'x', sizeof(both)); /* alike in what counts of a long name */
    both[300] = '\0';
    assert_true(come_as(&stayed[5], "team", both));
    both[299] = 'y';
    assert_false(come_as(&stayed[6], "team", both));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_rates_nothing_is_looked_at, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_connection_has_its_own_bucket, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_has_one_for_all_its_connections, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_stage_has_one_for_all, set_up, tear_down),
        cmocka_unit_test_setup_teardown(octets_are_counted_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_refusal_costs_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_route_may_have_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_routes_may_come_with_a_reload, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_persists_is_closed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(connects_are_limited_by_address_and_stage, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_address_has_so_many_connections_at_a_time,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_leaves_without_having_come_does_no_harm, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_ipv6_address_counts_as_its_64, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_user_has_so_many_connections_at_a_time, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("rates", tests, NULL, NULL);
}
