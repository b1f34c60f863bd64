/* What every kind of store promises; one suite, its argument is the kind's name. */
#include "tests/unit/test.h"

#include "tests/contract/shop.h"

/* ---- Attributes ---- */

static void an_attribute_is_what_was_set_last(void **state)
{
    assert_int_equal(get(*state, 1, "name"), JF_E_NOT_FOUND);
    assert_int_equal(set(*state, 1, "name", "ann"), JF_OK);
    assert_int_equal(get(*state, 1, "name"), JF_OK);
    assert_answer("ann");
    assert_int_equal(set(*state, 1, "name", "barbara"), JF_OK);
    assert_int_equal(set(*state, 1, "names", "no"), JF_OK);
    assert_int_equal(get(*state, 1, "name"), JF_OK);
    assert_answer("barbara");
}

static void attributes_belong_to_their_connection(void **state)
{
    assert_int_equal(set(*state, 1, "name", "ann"), JF_OK);
    assert_int_equal(set(*state, 2, "name", "bob"), JF_OK);
    assert_int_equal(get(*state, 1, "name"), JF_OK);
    assert_answer("ann");
    assert_int_equal(get(*state, 3, "name"), JF_E_NOT_FOUND);
}

static bool is(struct shop *shop, unsigned number, const char *key, const char *value)
{
    return kind->attr_is(shop->store, conn(number), jf_str(key), jf_str(value));
}

static void what_an_attribute_is_can_be_asked_at_once(void **state)
{
    assert_false(is(*state, 1, "name", "ann"));
    assert_int_equal(set(*state, 1, "name", "ann"), JF_OK);
    assert_true(is(*state, 1, "name", "ann"));
    assert_false(is(*state, 1, "name", "an"));
    assert_false(is(*state, 1, "name", "anna"));
    assert_false(is(*state, 1, "name", ""));
    assert_false(is(*state, 1, "nam", "ann"));
    assert_false(is(*state, 2, "name", "ann"));
    assert_int_equal(join(*state, "name", 2), JF_OK); /* a group is no attribute */
    assert_false(is(*state, 2, "name", ""));
    assert_int_equal(set(*state, 1, "name", "bob"), JF_OK);
    assert_false(is(*state, 1, "name", "ann"));
    assert_int_equal(forget(*state, 1), JF_OK);
    assert_false(is(*state, 1, "name", "bob"));
}

static void an_empty_value_removes(void **state)
{
    assert_int_equal(set(*state, 1, "name", ""), JF_OK); /* was not there */
    assert_int_equal(set(*state, 1, "name", "ann"), JF_OK);
    assert_int_equal(set(*state, 1, "age", "7"), JF_OK);
    assert_int_equal(set(*state, 1, "name", ""), JF_OK);
    assert_int_equal(get(*state, 1, "name"), JF_E_NOT_FOUND);
    assert_int_equal(last.answer_len, 0);
    assert_int_equal(get(*state, 1, "age"), JF_OK);
}

static void keys_and_values_are_octets(void **state)
{
    struct store_op op = op_about(1, jf_view("a\0b\r\n*", 6), jf_view("\0\xff\n", 3));
    assert_int_equal(ask(*state, kind->attr_set, op, &last), JF_OK);
    assert_int_equal(get(*state, 1, "a"), JF_E_NOT_FOUND);
    op.value = jf_str("");
    assert_int_equal(ask(*state, kind->attr_get, op, &last), JF_OK);
    assert_int_equal(last.answer_len, 3);
    assert_memory_equal(last.answer, "\0\xff\n", 3);
}

static void a_key_has_1_to_256_octets(void **state)
{
    op_fn *const fns[] = { kind->enter,      kind->attr_set,    kind->attr_get,
                           kind->group_join, kind->group_leave, kind->group_members,
                           kind->group_count };
    static char text[STORE_KEY_MAX + 1];
    memset(text, 'k', sizeof(text));
    for (size_t i = 0; i < sizeof(fns) / sizeof(fns[0]); i++) {
        struct store_op op = op_about(1, jf_view(text, STORE_KEY_MAX), jf_str("v"));
        assert_int_equal(ask(*state, fns[i], op, &last), JF_OK);
        op.key.len++;
        assert_int_equal(ask(*state, fns[i], op, &last), JF_E_INVALID);
        op.key = jf_view(NULL, 0);
        assert_int_equal(ask(*state, fns[i], op, &last), JF_E_INVALID);
    }
    turn_once(((struct shop *)*state)->loop);
    assert_int_equal(last.calls, 0); /* not even later */
}

static void a_value_has_up_to_64_kib(void **state)
{
    static char text[STORE_VALUE_MAX + 1];
    memset(text, 'v', sizeof(text));
    struct store_op op = op_about(1, jf_str("k"), jf_view(text, STORE_VALUE_MAX));
    assert_int_equal(ask(*state, kind->attr_set, op, &last), JF_OK);
    op.value.len++;
    assert_int_equal(ask(*state, kind->attr_set, op, &last), JF_E_TOO_BIG);
    assert_int_equal(get(*state, 1, "k"), JF_OK); /* the old one */
    assert_int_equal(last.answer_len, STORE_VALUE_MAX);
    assert_memory_equal(last.answer, text, STORE_VALUE_MAX);
}

static void a_connection_has_so_many_attributes(void **state)
{
    char key[16];
    for (int i = 0; i < STORE_ATTRS_MAX; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(set(*state, 1, key, "v"), JF_OK);
    }
    assert_int_equal(set(*state, 1, "more", "v"), JF_E_FULL);
    assert_int_equal(get(*state, 1, "more"), JF_E_NOT_FOUND);
    assert_int_equal(set(*state, 1, "k7", "changed"), JF_OK); /* is none more */
    assert_int_equal(set(*state, 1, "k8", ""), JF_OK);
    assert_int_equal(set(*state, 1, "more", "v"), JF_OK);
    assert_int_equal(set(*state, 2, "more", "v"), JF_OK); /* another one's count */
}

static int enter(struct shop *shop, unsigned number, const char *stage)
{
    struct store_op op = op_about(number, jf_str(stage), jf_str(""));
    op.since = 1700000000000 + number;
    return ask(shop, kind->enter, op, &last);
}

/* Nobody sees from here that it has; what there is about it is as ever. */
static void entering_is_no_attribute(void **state)
{
    char key[16];
    struct store_op op = op_about(1, jf_str(""), jf_str(""));
    assert_int_equal(enter(*state, 1, "prod"), JF_OK);
    assert_int_equal(enter(*state, 1, "prod"), JF_OK); /* twice is once */
    assert_int_equal(ask(*state, kind->attr_get, op, &last), JF_E_INVALID);
    op.value = jf_str("v");
    assert_int_equal(ask(*state, kind->attr_set, op, &last), JF_E_INVALID);
    assert_int_equal(get(*state, 1, "prod"), JF_E_NOT_FOUND);
    for (int i = 0; i < STORE_ATTRS_MAX; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(set(*state, 1, key, "v"), JF_OK);
    }
    assert_int_equal(set(*state, 1, "more", "v"), JF_E_FULL);
    assert_int_equal(enter(*state, 1, "prod"), JF_OK);
    for (int i = 0; i < STORE_ATTRS_MAX; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(set(*state, 2, key, "v"), JF_OK);
    }
    assert_int_equal(enter(*state, 2, "prod"), JF_OK); /* however late */
    assert_int_equal(get(*state, 2, "k7"), JF_OK);
    assert_answer("v");
}

/* ---- Groups ---- */

static void members_are_who_joined_and_did_not_leave(void **state)
{
    assert_int_equal(count_members(*state, "room"), 0);
    assert_int_equal(join(*state, "room", 1), JF_OK);
    assert_int_equal(join(*state, "room", 2), JF_OK);
    assert_int_equal(join(*state, "rooms", 3), JF_OK);
    assert_true(is_member(*state, "room", 1));
    assert_true(is_member(*state, "room", 2));
    assert_false(is_member(*state, "room", 3));
    assert_int_equal(leave(*state, "room", 1), JF_OK);
    assert_false(is_member(*state, "room", 1));
    assert_true(is_member(*state, "room", 2));
    assert_int_equal(leave(*state, "room", 2), JF_OK);
    assert_int_equal(count_members(*state, "room"), 0);
}

static void joining_twice_and_leaving_unjoined_are_ok(void **state)
{
    assert_int_equal(leave(*state, "room", 1), JF_OK);
    assert_int_equal(join(*state, "room", 1), JF_OK);
    assert_int_equal(join(*state, "room", 1), JF_OK);
    assert_int_equal(count_members(*state, "room"), 1);
    assert_int_equal(leave(*state, "room", 2), JF_OK);
    assert_int_equal(leave(*state, "room", 1), JF_OK);
    assert_int_equal(leave(*state, "room", 1), JF_OK);
    assert_int_equal(count_members(*state, "room"), 0);
}

static void a_count_is_of_one_group_and_changes_nothing(void **state)
{
    struct store_op op = op_about(1, jf_str("room"), jf_str(""));
    assert_int_equal(ask(*state, kind->group_count, op, &last), JF_OK);
    assert_int_equal(last.number, 0);
    assert_int_equal(join(*state, "room", 2), JF_OK);
    assert_int_equal(join(*state, "room", 2), JF_OK);
    assert_int_equal(join(*state, "room", 3), JF_OK);
    assert_int_equal(join(*state, "rooms", 4), JF_OK);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ask(*state, kind->group_count, op, &last), JF_OK);
        assert_int_equal(last.number, 2);
    }
    assert_int_equal(forget(*state, 3), JF_OK);
    assert_int_equal(last.number, 0); /* nothing is left over in another answer */
    assert_int_equal(ask(*state, kind->group_count, op, &last), JF_OK);
    assert_int_equal(last.number, 1);
    assert_int_equal(leave(*state, "room", 2), JF_OK);
    assert_int_equal(ask(*state, kind->group_count, op, &last), JF_OK);
    assert_int_equal(last.number, 0);
}

static void a_connection_is_in_so_many_groups(void **state)
{
    char name[16];
    for (int i = 0; i < STORE_GROUPS_MAX; i++) {
        snprintf(name, sizeof(name), "g%d", i);
        assert_int_equal(join(*state, name, 1), JF_OK);
    }
    assert_int_equal(join(*state, "more", 1), JF_E_FULL);
    assert_int_equal(count_members(*state, "more"), 0);
    assert_int_equal(join(*state, "g7", 1), JF_OK); /* is in it already */
    assert_int_equal(leave(*state, "g8", 1), JF_OK);
    assert_int_equal(join(*state, "more", 1), JF_OK);
    assert_int_equal(join(*state, "g8", 2), JF_OK); /* another one's count */
}

/* Ids that differ in any one octet are different members; the first two are the node. */
static void every_octet_of_an_id_counts(void **state)
{
    struct store_op op = op_about(0, jf_str("room"), jf_str(""));
    size_t first = is_memory() ? 0 : 2;
    for (size_t i = first; i < sizeof(op.conn.octet); i++) {
        op.conn = (jf_conn_id){ { 0, is_memory() ? 0 : NODE } };
        op.conn.octet[i] = 1;
        assert_int_equal(ask(*state, kind->group_join, op, &last), JF_OK);
    }
    assert_int_equal(count_members(*state, "room"), sizeof(op.conn.octet) - first);
}

/* Where there are several nodes, each knows its own connections; the others must be asked
 * about theirs. */
static void connections_of_other_nodes_are_not_here(void **state)
{
    op_fn *const fns[] = { kind->enter,      kind->attr_set,    kind->attr_get,
                           kind->group_join, kind->group_leave, kind->forget };
    struct store_op op = op_about(1, jf_str("k"), jf_str("v"));
    if (is_memory())
        return; /* there is one node only */
    for (size_t octet = 0; octet < 2; octet++) {
        for (size_t i = 0; i < sizeof(fns) / sizeof(fns[0]); i++) {
            op.conn = conn(1);
            op.conn.octet[octet] ^= 2;
            assert_int_equal(ask(*state, fns[i], op, &last), JF_E_GONE);
        }
    }
    assert_int_equal(count_members(*state, "k"), 0);
}

/* A group that grows and shrinks at random, against an array of who is in it. */
static void a_group_agrees_with_a_model_through_churn(void **state)
{
    enum { CONNS = 1500, STEPS = 12000 };
    static bool in[CONNS];
    uint32_t random = 3;
    size_t size = 0;
    memset(in, 0, sizeof(in));
    for (int step = 0; step < STEPS; step++) {
        random = random * 1103515245u + 12345u;
        unsigned number = (random >> 8) % CONNS;
        bool grow = ((random >> 4) & 7) < (step / 3000 % 2 ? 1 : 6);
        op_fn *fn = grow ? kind->group_join : kind->group_leave;
        struct store_op op = op_about(number, jf_str("room"), jf_str(""));
        assert_int_equal(ask(*state, fn, op, &last), JF_OK);
        size = size + (grow && !in[number]) - (!grow && in[number]);
        in[number] = grow;
    }
    assert_int_equal(count_members(*state, "room"), size);
    static bool seen[CONNS];
    memset(seen, 0, sizeof(seen));
    for (size_t i = 0; i < last.member_count; i++) {
        unsigned number;
        memcpy(&number, last.members[i].octet + 3, sizeof(number));
        assert_true(number < CONNS && in[number] && !seen[number]);
        seen[number] = true;
    }
}

/* ---- The end of a connection, and the other worker ---- */

static void forgetting_takes_everything_of_one_and_nothing_of_others(void **state)
{
    assert_int_equal(set(*state, 1, "name", "ann"), JF_OK);
    assert_int_equal(set(*state, 2, "name", "bob"), JF_OK);
    assert_int_equal(join(*state, "room", 1), JF_OK);
    assert_int_equal(join(*state, "hall", 1), JF_OK);
    assert_int_equal(join(*state, "room", 2), JF_OK);
    assert_int_equal(forget(*state, 1), JF_OK);
    assert_int_equal(get(*state, 1, "name"), JF_E_NOT_FOUND);
    assert_int_equal(count_members(*state, "hall"), 0);
    assert_false(is_member(*state, "room", 1));
    assert_true(is_member(*state, "room", 2));
    assert_int_equal(get(*state, 2, "name"), JF_OK);
    assert_int_equal(forget(*state, 1), JF_OK); /* nothing is nothing */
    assert_int_equal(forget(*state, 77), JF_OK);
}

static void another_worker_sees_the_same(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(join(shop, "room", 1), JF_OK);
    struct store *mine = shop->store;
    shop->store = shop->other;
    assert_int_equal(join(shop, "room", 2), JF_OK);
    assert_true(is_member(shop, "room", 1));
    assert_int_equal(forget(shop, 2), JF_OK);
    shop->store = mine;
    assert_int_equal(count_members(shop, "room"), 1);
}

/* Records of connections and groups, or, twice as many, keys in Redis: what a connection
 * has and its name in a list of all, what a group has and the numbers of its members. */
static void assert_kept(struct shop *shop, size_t records)
{
    if (is_memory()) {
        assert_int_equal(store_memory_size(shop->shared), records);
        return;
    }
#ifdef JF_REDIS
    count_members(shop, "room"); /* what was told before has been done */
    char keys[1024];
    snprintf(keys, sizeof(keys), "%s", redis_server_ask(server, "KEYS %s*", shop->prefix));
    size_t lines = 1;
    for (const char *at = keys; (at = strchr(at, '\n')); at++)
        lines++;
    assert_non_null(strstr(keys, "m:1")); /* the node has told all it knows */
    assert_int_equal(lines, 1 + records * 2 + (records > 1)); /* its groups */
#endif
}

static void nothing_is_kept_for_a_connection_that_has_nothing(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(get(shop, 1, "name"), JF_E_NOT_FOUND);
    assert_int_equal(count_members(shop, "room"), 0);
    assert_int_equal(leave(shop, "room", 1), JF_OK);
    assert_int_equal(set(shop, 1, "name", ""), JF_OK);
    assert_kept(shop, 0);
    assert_int_equal(set(shop, 1, "name", "ann"), JF_OK);
    assert_kept(shop, 1);
    assert_int_equal(join(shop, "room", 1), JF_OK);
    assert_kept(shop, 2);
    assert_int_equal(set(shop, 1, "name", ""), JF_OK);
    assert_int_equal(leave(shop, "room", 1), JF_OK);
    assert_kept(shop, 0);
    assert_int_equal(leave(shop, "room", 1), JF_OK);
    assert_int_equal(set(shop, 1, "name", ""), JF_OK);
    assert_int_equal(forget(shop, 1), JF_OK);
    assert_kept(shop, 0);
}

/* Memory keeps nothing of it: nobody takes over. */
static void who_has_entered_is_kept_until_forgotten(void **state)
{
    struct shop *shop = *state;
    size_t one = is_memory() ? 0 : 1;
    assert_int_equal(enter(shop, 1, "prod"), JF_OK);
    assert_kept(shop, one);
    assert_int_equal(set(shop, 1, "name", "ann"), JF_OK);
    assert_kept(shop, 1);
    assert_int_equal(set(shop, 1, "name", ""), JF_OK);
    assert_kept(shop, one);
    assert_int_equal(forget(shop, 1), JF_OK);
    assert_kept(shop, 0);
}

/* ---- Answers ---- */

/* Notes the order of answers, and asks once more from inside one. */
struct chained {
    struct store_op op;
    struct shop *shop;
    int *order, place;
    bool again;
};

static void on_chained(struct store_op *op, int status)
{
    struct chained *chained = CONTAINER_OF(op, struct chained, op);
    assert_int_equal(status, JF_OK);
    chained->place = ++*chained->order;
    if (chained->again) {
        chained->again = false;
        assert_int_equal(kind->attr_get(chained->shop->store, op), JF_OK);
        assert_int_equal(chained->place, *chained->order); /* not from inside */
    } else if (*chained->order == 4) {
        loop_stop(chained->shop->loop);
    }
}

static void answers_come_in_order_and_an_operation_may_be_used_again(void **state)
{
    struct chained chained[3];
    int order = 0;
    assert_int_equal(set(*state, 1, "k", "v"), JF_OK);
    for (int i = 0; i < 3; i++) {
        chained[i] = (struct chained){ .op = op_about(1, jf_str("k"), jf_str("")),
                                       .shop = *state,
                                       .order = &order,
                                       .again = i == 0 };
        chained[i].op.done = on_chained;
        assert_int_equal(kind->attr_get(chained[i].shop->store, &chained[i].op), JF_OK);
    }
    loop_run(chained[0].shop->loop);
    assert_int_equal(chained[1].place, 2);
    assert_int_equal(chained[2].place, 3);
    assert_int_equal(chained[0].place, 4);
}

static void on_done_free(struct store_op *op, int status)
{
    assert_int_equal(status, JF_OK);
    free(CONTAINER_OF(op, struct question, op));
}

static void an_operation_may_be_freed_by_its_answer(void **state)
{
    struct shop *shop = *state;
    assert_int_equal(set(shop, 1, "k", "v"), JF_OK);
    for (int i = 0; i < 3; i++) {
        struct question *question = xnew(struct question);
        question->op = op_about(1, jf_str("k"), jf_str(""));
        question->op.done = on_done_free;
        assert_int_equal(kind->attr_get(shop->store, &question->op), JF_OK);
    }
    assert_int_equal(get(shop, 1, "k"), JF_OK); /* and is behind those */
}

static void closing_answers_what_is_pending_once(void **state)
{
    struct shop *shop = *state;
    static struct question questions[3];
    memset(questions, 0, sizeof(questions));
    assert_int_equal(set(shop, 1, "k", "v"), JF_OK);
    for (int i = 0; i < 3; i++) {
        questions[i].op = op_about(1, jf_str("k"), jf_str(""));
        assert_int_equal(kind->attr_get(shop->store, &questions[i].op), JF_OK);
    }
    kind->close(shop->store);
    shop->store = NULL;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(questions[i].calls, 1);
        assert_int_equal(questions[i].status, JF_E_STOPPING);
        assert_int_equal(questions[i].answer_len, 0);
    }
    turn_once(shop->loop);
    for (int i = 0; i < 3; i++)
        assert_int_equal(questions[i].calls, 1);
}

/* Asks again from inside the answer that tells it of the end. */
static void on_done_again(struct store_op *op, int status)
{
    struct question *question = CONTAINER_OF(op, struct question, op);
    question->calls++;
    question->status = status;
    assert_int_equal(kind->attr_get(op->store, op), JF_E_STOPPING);
}

static void a_closing_store_takes_no_more(void **state)
{
    struct shop *shop = *state;
    static struct question question;
    memset(&question, 0, sizeof(question));
    question.op = op_about(1, jf_str("k"), jf_str(""));
    question.op.done = on_done_again;
    assert_int_equal(kind->attr_get(shop->store, &question.op), JF_OK);
    kind->close(shop->store);
    shop->store = NULL;
    assert_int_equal(question.calls, 1);
    assert_int_equal(question.status, JF_E_STOPPING);
}

/* Closes the store from inside the first answer, with two more behind it. */
struct closer {
    struct store_op op;
    struct shop *shop;
};

static void on_done_close(struct store_op *op, int status)
{
    struct closer *closer = CONTAINER_OF(op, struct closer, op);
    assert_int_equal(status, JF_OK);
    kind->close(closer->shop->store);
    closer->shop->store = NULL;
    loop_stop(closer->shop->loop);
}

static void an_answer_may_close_its_store(void **state)
{
    struct shop *shop = *state;
    static struct question questions[2];
    memset(questions, 0, sizeof(questions));
    struct closer closer = { op_about(1, jf_str("k"), jf_str("v")), shop };
    closer.op.done = on_done_close;
    assert_int_equal(kind->attr_set(shop->store, &closer.op), JF_OK);
    for (int i = 0; i < 2; i++) {
        questions[i].op = op_about(1, jf_str("k"), jf_str(""));
        assert_int_equal(kind->attr_get(shop->store, &questions[i].op), JF_OK);
    }
    loop_run(shop->loop);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(questions[i].calls, 1);
        assert_int_equal(questions[i].status, JF_E_STOPPING);
    }
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(an_attribute_is_what_was_set_last),
        STORE_TEST(attributes_belong_to_their_connection),
        STORE_TEST(what_an_attribute_is_can_be_asked_at_once),
        STORE_TEST(an_empty_value_removes),
        STORE_TEST(keys_and_values_are_octets),
        STORE_TEST(a_key_has_1_to_256_octets),
        STORE_TEST(a_value_has_up_to_64_kib),
        STORE_TEST(a_connection_has_so_many_attributes),
        STORE_TEST(entering_is_no_attribute),
        STORE_TEST(who_has_entered_is_kept_until_forgotten),
        STORE_TEST(members_are_who_joined_and_did_not_leave),
        STORE_TEST(joining_twice_and_leaving_unjoined_are_ok),
        STORE_TEST(a_count_is_of_one_group_and_changes_nothing),
        STORE_TEST(a_connection_is_in_so_many_groups),
        STORE_TEST(every_octet_of_an_id_counts),
        STORE_TEST(connections_of_other_nodes_are_not_here),
        STORE_TEST(a_group_agrees_with_a_model_through_churn),
        STORE_TEST(forgetting_takes_everything_of_one_and_nothing_of_others),
        STORE_TEST(another_worker_sees_the_same),
        STORE_TEST(nothing_is_kept_for_a_connection_that_has_nothing),
        STORE_TEST(answers_come_in_order_and_an_operation_may_be_used_again),
        STORE_TEST(an_operation_may_be_freed_by_its_answer),
        STORE_TEST(closing_answers_what_is_pending_once),
        STORE_TEST(a_closing_store_takes_no_more),
        STORE_TEST(an_answer_may_close_its_store),
    };
    const char *name = argc > 1 ? argv[1] : "memory";
    kind = store_kind_find(name);
    if (!kind) {
        fprintf(stderr, "no such kind of store: %s\n", name);
        return 2;
    }
#ifdef JF_REDIS
    if (!is_memory() && !redis_server_exists())
        return REDIS_SERVER_SKIPPED;
#endif
    return cmocka_run_group_tests_name(kind->name, tests, start_server, stop_server);
}
