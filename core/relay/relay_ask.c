/* Open questions, in a list in the order of their numbers, and in a table by number. */
#include "core/relay/relay_ask.h"

#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/base/table.h"

struct relay_asker {
    size_t count_max;
    struct list_node open;
    struct table by_number;
    uint64_t last; /* number given */
};

static jf_bytes key_of(const uint64_t *number)
{
    return jf_view(number, sizeof(*number));
}

int relay_asker_new(size_t count_max, struct relay_asker **out)
{
    struct relay_asker *asker = xnew(struct relay_asker);
    asker->count_max = count_max;
    list_init(&asker->open);
    table_init(&asker->by_number);
    random_fill(&asker->last, sizeof(asker->last));
    asker->last >>= 1; /* there are enough to come that none is ever 0 */
    *out = asker;
    return JF_OK;
}

void relay_asker_free(struct relay_asker *asker)
{
    if (!asker)
        return;
    CHECK(asker->by_number.count == 0);
    table_fini(&asker->by_number);
    free(asker);
}

int relay_ask(struct relay_asker *asker, struct relay_out *out, uint16_t node,
              struct letter *letter, struct relay_question *question)
{
    if (asker->by_number.count >= asker->count_max)
        return JF_E_FULL;
    letter->number = asker->last + 1;
    int status = relay_send(out, node, letter);
    if (status < 0)
        return status;
    question->number = ++asker->last;
    question->node = node;
    list_append(&asker->open, &question->node_link);
    table_put(&asker->by_number, key_of(&question->number), question);
    return JF_OK;
}

static void end(struct relay_asker *asker, struct relay_question *question)
{
    list_remove(&question->node_link);
    table_remove(&asker->by_number, key_of(&question->number));
}

static void fail(struct relay_asker *asker, struct relay_question *question, int status)
{
    end(asker, question);
    question->done(question, status, NULL);
}

bool relay_ask_answer(struct relay_asker *asker, uint16_t node, const struct letter *answer)
{
    struct relay_question *question =
        table_find(&asker->by_number, key_of(&answer->number));
    if (answer->kind != LETTER_ANSWER || !question || question->node != node)
        return false;
    end(asker, question);
    question->done(question, JF_OK, answer);
    return true;
}

void relay_ask_forget(struct relay_asker *asker, struct relay_question *question)
{
    if (list_linked(&question->node_link))
        end(asker, question);
}

/* By number, for done() may change the list. Those in between went to other nodes. */
void relay_ask_undelivered(struct relay_asker *asker, uint16_t node, uint64_t first,
                           uint64_t last, int status)
{
    if (last > asker->last)
        last = asker->last;
    for (uint64_t number = first; number && number <= last; number++) {
        struct relay_question *question = table_find(&asker->by_number, key_of(&number));
        if (question && question->node == node)
            fail(asker, question, status);
    }
}

/* What done() asks anew has a larger number. */
void relay_ask_fail_all(struct relay_asker *asker, int status)
{
    uint64_t last = asker->last;
    struct list_node *first;
    while ((first = list_first(&asker->open))) {
        struct relay_question *question =
            CONTAINER_OF(first, struct relay_question, node_link);
        if (question->number > last)
            return;
        fail(asker, question, status);
    }
}

size_t relay_ask_count(const struct relay_asker *asker)
{
    return asker->by_number.count;
}
