/* Who hears what is sent to a name. Connections are played by the test: they count. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/host/audience.h"
#include "core/net/conn.h"
#include "core/net/frame.h"

#define MANY 200

struct conn {
    int status; /* what it says to a send */
    unsigned heard;
    struct membership *seats;
};

static struct audiences all;
static struct conn conns[MANY];
static struct frame *const some_frame =
    (struct frame *)(void *)&all; /* never looked into */

int conn_send_frame(struct conn *conn, struct frame *frame)
{
    assert_ptr_equal(frame, some_frame);
    conn->heard++;
    return conn->status;
}

void conn_prefetch(const struct conn *conn)
{
    assert_true(conn >= conns && conn < conns + MANY);
}

jf_conn_id conn_id(const struct conn *conn)
{
    return (jf_conn_id){ { (uint8_t)(conn - conns) } };
}

static int start(void **state)
{
    (void)state;
    memset(&all, 0, sizeof(all));
    memset(conns, 0, sizeof(conns));
    return 0;
}

static int stop(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        audience_leave_all(&all, &conns[i].seats);
    audiences_fini(&all);
    return 0;
}

static void join(int who, const char *name)
{
    audience_join(&all, jf_str(name), &conns[who], &conns[who].seats);
}

static void leave(int who, const char *name)
{
    audience_leave(&all, jf_str(name), &conns[who].seats);
}

static bool exists(const char *name)
{
    return audience_exists(&all, jf_str(name));
}

/* How often each of the first hears one send. */
static void assert_hear(const char *name, const char *counts)
{
    for (int i = 0; i < MANY; i++)
        conns[i].heard = 0;
    audience_send(&all, jf_str(name), some_frame);
    for (int i = 0; i < MANY; i++) {
        unsigned expected = (size_t)i < strlen(counts) ? (unsigned)(counts[i] - '0') : 0;
        assert_int_equal(conns[i].heard, expected);
    }
}

static void a_name_nobody_joined_is_nobody(void **state)
{
    (void)state;
    assert_false(exists("a"));
    assert_hear("a", "");
    leave(0, "a");
    audience_leave_all(&all, &conns[0].seats);
    assert_false(exists("a"));
}

static void members_hear_and_others_do_not(void **state)
{
    (void)state;
    join(0, "a");
    join(1, "b");
    join(2, "a");
    assert_hear("a", "101");
    assert_hear("b", "010");
    assert_hear("c", "000");
}

static void joining_twice_is_once(void **state)
{
    (void)state;
    join(0, "a");
    join(0, "b");
    join(0, "a");
    assert_hear("a", "1");
    leave(0, "a");
    assert_hear("a", "0");
    assert_hear("b", "1");
}

static void an_audience_without_members_is_forgotten(void **state)
{
    (void)state;
    join(0, "a");
    join(1, "a");
    leave(0, "a");
    assert_true(exists("a"));
    leave(1, "a");
    assert_false(exists("a"));
    leave(1, "a"); /* again is nothing */
    join(1, "a");
    assert_hear("a", "01");
}

static void leaving_what_one_is_not_in_is_nothing(void **state)
{
    (void)state;
    join(0, "a");
    join(1, "b");
    leave(1, "a");
    assert_hear("a", "10");
    assert_hear("b", "01");
}

static void leaving_all_leaves_the_others(void **state)
{
    (void)state;
    join(0, "a");
    join(0, "b");
    join(0, "c");
    join(1, "b");
    audience_leave_all(&all, &conns[0].seats);
    assert_null(conns[0].seats);
    assert_false(exists("a"));
    assert_false(exists("c"));
    assert_hear("b", "01");
}

static void whoever_leaves_the_rest_hear_once(void **state)
{
    (void)state;
    for (int left = 0; left < 6; left++) {
        char counts[7] = "111111";
        for (int i = 0; i < 6; i++)
            join(i, "a");
        leave(left, "a");
        counts[left] = '0';
        assert_hear("a", counts);
        leave((left + 1) % 6, "a"); /* who had moved into the empty seat, at times */
        leave(5, "a");
        counts[(left + 1) % 6] = counts[5] = '0';
        assert_hear("a", counts);
    }
}

static void who_is_in_it_can_be_copied(void **state)
{
    (void)state;
    jf_conn_id *ids = NULL;
    size_t count = 1;
    assert_int_equal(audience_members(&all, jf_str("a"), &ids, &count), JF_OK);
    assert_null(ids);
    assert_int_equal(count, 0);
    join(3, "a");
    join(4, "b");
    join(5, "a");
    assert_int_equal(audience_members(&all, jf_str("a"), &ids, &count), JF_OK);
    audience_leave_all(&all, &conns[3].seats); /* the copy is not the audience */
    assert_int_equal(count, 2);
    assert_int_equal(ids[0].octet[0] + ids[1].octet[0], 8);
    free(ids);
}

static void one_who_cannot_take_it_is_no_reason_for_the_others(void **state)
{
    (void)state;
    for (int i = 0; i < 9; i++) {
        conns[i].status = i % 2 ? JF_E_FULL : JF_E_GONE;
        join(i, "a");
    }
    assert_hear("a", "111111111");
}

static void names_are_octets_of_any_kind(void **state)
{
    (void)state;
    jf_bytes nul = jf_view("a\0b", 3), longer = jf_view("a\0bc", 4);
    audience_join(&all, nul, &conns[0], &conns[0].seats);
    assert_false(exists("a"));
    assert_false(audience_exists(&all, longer));
    assert_true(audience_exists(&all, nul));
    audience_leave(&all, longer, &conns[0].seats);
    assert_true(audience_exists(&all, nul));
}

static void a_name_is_the_audiences_own(void **state)
{
    (void)state;
    char name[] = "room";
    audience_join(&all, jf_str(name), &conns[0], &conns[0].seats);
    memset(name, '#', 4);
    assert_true(exists("room"));
    assert_hear("room", "1");
}

/* Against a table of who is where. */
static void a_crowd_comes_and_goes(void **state)
{
    (void)state;
    static bool in[MANY][8];
    unsigned seed = 7;
    memset(in, 0, sizeof(in));
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1103515245u + 12345u;
        unsigned who = (seed >> 8) % MANY, group = (seed >> 20) % 8;
        char name[2] = { (char)('a' + group), '\0' };
        if (seed >> 31)
            join((int)who, name);
        else
            leave((int)who, name);
        in[who][group] = seed >> 31;
    }
    for (unsigned group = 0; group < 8; group++) {
        char name[2] = { (char)('a' + group), '\0' }, counts[MANY + 1] = { 0 };
        for (int i = 0; i < MANY; i++)
            counts[i] = in[i][group] ? '1' : '0';
        assert_hear(name, counts);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_name_nobody_joined_is_nobody, start, stop),
        cmocka_unit_test_setup_teardown(members_hear_and_others_do_not, start, stop),
        cmocka_unit_test_setup_teardown(joining_twice_is_once, start, stop),
        cmocka_unit_test_setup_teardown(an_audience_without_members_is_forgotten, start,
                                        stop),
        cmocka_unit_test_setup_teardown(leaving_what_one_is_not_in_is_nothing, start, stop),
        cmocka_unit_test_setup_teardown(leaving_all_leaves_the_others, start, stop),
        cmocka_unit_test_setup_teardown(whoever_leaves_the_rest_hear_once, start, stop),
        cmocka_unit_test_setup_teardown(who_is_in_it_can_be_copied, start, stop),
        cmocka_unit_test_setup_teardown(one_who_cannot_take_it_is_no_reason_for_the_others,
                                        start, stop),
        cmocka_unit_test_setup_teardown(names_are_octets_of_any_kind, start, stop),
        cmocka_unit_test_setup_teardown(a_name_is_the_audiences_own, start, stop),
        cmocka_unit_test_setup_teardown(a_crowd_comes_and_goes, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
