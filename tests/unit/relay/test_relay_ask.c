/* Questions to another node: each is answered once, if only by a failure. */
#include "tests/unit/relay/posts.h"

#include "core/relay/relay_ask.h"

static struct post *const a = &posts[0], *const b = &posts[1], *const c = &posts[2];

static struct relay_asker *asker;

struct asked {
    struct relay_question question;
    struct letter letter;
    int done, status;
    char body[TEXT_MAX];
    void (*then)(struct asked *asked);
};

static struct asked asked[64];

static void on_done(struct relay_question *question, int status,
                    const struct letter *answer)
{
    struct asked *it = CONTAINER_OF(question, struct asked, question);
    it->done++;
    it->status = status;
    assert_int_equal(status == JF_OK, answer != NULL);
    if (answer)
        keep_text(it->body, answer->body);
    if (it->then)
        it->then(it);
}

static int ask(struct asked *it, uint16_t node)
{
    it->question.done = on_done;
    it->letter = question_of(0);
    return relay_ask(asker, a->out, node, &it->letter, &it->question);
}

static struct letter answer_to(const struct heard *heard, const char *body)
{
    return (struct letter){ .kind = LETTER_ANSWER,
                            .number = heard->number,
                            .body = jf_str(body) };
}

/* b answers all it is asked, with what it counts. */
static void answer(struct post *post)
{
    char count[16];
    const struct heard *heard = &post->heard[post->letters - 1];
    if (heard->kind != LETTER_QUESTION)
        return;
    snprintf(count, sizeof(count), "%d", post->letters);
    const struct letter letter = answer_to(heard, count);
    assert_int_equal(relay_send(post->out, heard->from, &letter), JF_OK);
}

static void take_answer(struct post *post)
{
    const struct heard *heard = &post->heard[post->letters - 1];
    const struct letter letter = answer_to(heard, heard->body);
    if (heard->kind == LETTER_ANSWER)
        relay_ask_answer(asker, heard->from, &letter);
}

static void take_failure(struct post *post)
{
    relay_ask_undelivered(asker, post->last.node, post->last.first, post->last.last,
                          post->last.status);
}

static int set_up_ask(void **state)
{
    set_up_posts(state);
    memset(asked, 0, sizeof(asked));
    assert_int_equal(relay_asker_new(32, &asker), JF_OK);
    a->then = take_answer;
    a->failed = take_failure;
    b->then = answer;
    return 0;
}

static int tear_down_ask(void **state)
{
    relay_ask_fail_all(asker, JF_E_STOPPING);
    relay_asker_free(asker);
    return tear_down_posts(state);
}

static void a_question_is_answered(void **state)
{
    struct town *town = *state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(ask(&asked[i], b->node->self.node), JF_OK);
    assert_int_equal(relay_ask_count(asker), 10);
    assert_true(pass_until(town, 2000, &asked[9].done, 1));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(asked[i].done, 1);
        assert_int_equal(asked[i].status, JF_OK);
        assert_int_equal(atoi(asked[i].body), i + 1);
        assert_true(asked[i].letter.number != 0);
        assert_true(!i || asked[i].letter.number == asked[i - 1].letter.number + 1);
    }
    assert_int_equal(relay_ask_count(asker), 0);
}

static void only_the_node_that_was_asked_may_answer_and_only_once(void **state)
{
    struct town *town = *state;
    b->then = NULL;
    assert_int_equal(ask(&asked[0], b->node->self.node), JF_OK);
    assert_true(pass_until(town, 2000, &b->letters, 1));
    struct letter letter = answer_to(&b->heard[0], "x");
    letter.number++;
    assert_false(relay_ask_answer(asker, b->node->self.node, &letter));
    letter.number--;
    assert_false(relay_ask_answer(asker, c->node->self.node, &letter));
    letter.kind = LETTER_SEND;
    assert_false(relay_ask_answer(asker, b->node->self.node, &letter));
    letter.kind = LETTER_ANSWER;
    assert_int_equal(asked[0].done, 0);
    assert_true(relay_ask_answer(asker, b->node->self.node, &letter));
    assert_false(relay_ask_answer(asker, b->node->self.node, &letter));
    assert_int_equal(asked[0].done, 1);
}

static void questions_to_nobody_are_gone_and_others_are_not(void **state)
{
    struct town *town = *state;
    pass_until_known(town);
    assert_int_equal(ask(&asked[0], 40000), JF_OK);
    assert_int_equal(ask(&asked[1], b->node->self.node), JF_OK);
    assert_int_equal(ask(&asked[2], 40000), JF_OK);
    assert_true(pass_until(town, 2000, &asked[2].done, 1));
    assert_true(pass_until(town, 2000, &asked[1].done, 1));
    assert_int_equal(asked[0].status, JF_E_GONE);
    assert_int_equal(asked[1].status, JF_OK);
    assert_int_equal(asked[2].status, JF_E_GONE);
    for (int i = 0; i < 3; i++)
        assert_int_equal(asked[i].done, 1);
}

static void only_those_that_were_in_the_batch_fail(void **state)
{
    struct town *town = *state;
    relay_in_ignore(c->in);
    b->then = NULL;
    pass(town, 50);
    assert_int_equal(ask(&asked[0], c->node->self.node), JF_OK);
    assert_true(pass_until(town, 2000, &asked[0].done, 1));
    assert_int_equal(asked[0].status, JF_E_UNAVAILABLE);
    relay_in_listen(c->in, c->node->self.node);
    assert_true(pass_until(town, 2000, &c->listening, 2));
    assert_int_equal(ask(&asked[1], c->node->self.node), JF_OK);
    assert_true(pass_until(town, 2000, &c->letters, 1));
    relay_in_ignore(c->in);
    pass(town, 50);
    assert_int_equal(ask(&asked[2], c->node->self.node), JF_OK);
    assert_true(pass_until(town, 2000, &asked[2].done, 1));
    assert_int_equal(asked[1].done, 0); /* it may yet be answered */
}

static void what_is_forgotten_is_never_done(void **state)
{
    struct town *town = *state;
    assert_int_equal(ask(&asked[0], b->node->self.node), JF_OK);
    assert_int_equal(ask(&asked[1], b->node->self.node), JF_OK);
    relay_ask_forget(asker, &asked[0].question);
    relay_ask_forget(asker, &asked[0].question);
    assert_true(pass_until(town, 2000, &asked[1].done, 1));
    relay_ask_forget(asker, &asked[1].question);
    pass(town, 50);
    assert_int_equal(asked[0].done, 0);
    assert_int_equal(relay_ask_count(asker), 0);
}

static void more_than_may_be_open_are_refused(void **state)
{
    struct town *town = *state;
    b->then = NULL;
    for (int i = 0; i < 32; i++)
        assert_int_equal(ask(&asked[i], b->node->self.node), JF_OK);
    assert_int_equal(ask(&asked[32], b->node->self.node), JF_E_FULL);
    relay_ask_forget(asker, &asked[7].question);
    assert_int_equal(ask(&asked[32], b->node->self.node), JF_OK);
    pass(town, 50);
    assert_int_equal(b->letters, 33);
}

static void a_question_that_is_refused_is_not_open(void **state)
{
    struct town *town = *state;
    redis_server_kill(server);
    assert_true(pass_until(town, 2000, &a->deaf, 1));
    pass(town, 50);
    assert_int_equal(ask(&asked[0], b->node->self.node), JF_E_UNAVAILABLE);
    assert_int_equal(relay_ask_count(asker), 0);
    redis_server_start(server);
}

static void ask_anew(struct asked *it)
{
    it->then = NULL;
    relay_ask_forget(asker, &asked[2].question);
    assert_int_equal(ask(&asked[60], b->node->self.node), JF_OK);
}

static void all_fail_that_are_open_now_and_in_order(void **state)
{
    struct town *town = *state;
    b->then = NULL;
    for (int i = 0; i < 4; i++)
        assert_int_equal(ask(&asked[i], b->node->self.node), JF_OK);
    asked[1].then = ask_anew;
    relay_ask_fail_all(asker, JF_E_UNAVAILABLE);
    assert_int_equal(asked[0].done + asked[1].done + asked[3].done, 3);
    assert_int_equal(asked[0].status, JF_E_UNAVAILABLE);
    assert_int_equal(asked[2].done, 0);  /* forgotten */
    assert_int_equal(asked[60].done, 0); /* asked after */
    assert_int_equal(relay_ask_count(asker), 1);
    pass(town, 20);
}

static void ranges_that_make_no_sense_hurt_nobody(void **state)
{
    (void)state;
    uint16_t node = b->node->self.node;
    assert_int_equal(ask(&asked[0], node), JF_OK);
    uint64_t number = asked[0].letter.number;
    relay_ask_undelivered(asker, node, 0, 0, JF_E_GONE);
    relay_ask_undelivered(asker, node, 0, UINT64_MAX, JF_E_GONE);
    relay_ask_undelivered(asker, node, number + 1, UINT64_MAX, JF_E_GONE);
    relay_ask_undelivered(asker, node, number, number - 1, JF_E_GONE);
    assert_int_equal(asked[0].done, 0);
    relay_ask_undelivered(asker, node, number, UINT64_MAX, JF_E_GONE);
    assert_int_equal(asked[0].done, 1);
}

#define ASK_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_ask, tear_down_ask)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ASK_TEST(a_question_is_answered),
        ASK_TEST(only_the_node_that_was_asked_may_answer_and_only_once),
        ASK_TEST(questions_to_nobody_are_gone_and_others_are_not),
        ASK_TEST(only_those_that_were_in_the_batch_fail),
        ASK_TEST(what_is_forgotten_is_never_done),
        ASK_TEST(more_than_may_be_open_are_refused),
        ASK_TEST(a_question_that_is_refused_is_not_open),
        ASK_TEST(all_fail_that_are_open_now_and_in_order),
        ASK_TEST(ranges_that_make_no_sense_hurt_nobody),
    };
    return run_with_server(tests, sizeof(tests) / sizeof(tests[0]));
}
