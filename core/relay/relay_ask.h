/*
 * relay_ask - questions to other nodes that have not been answered.
 *
 * One asker for each loop that asks, over the relay_out of that loop; the time a question
 * may take is the caller's affair. Answers come in on the loop that has the relay_in, and
 * name the worker they belong to; whoever passes them there hands them to
 * relay_ask_answer() at home. [home thread]
 */
#ifndef JF_RELAY_RELAY_ASK_H
#define JF_RELAY_RELAY_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/list.h"
#include "core/relay/letter.h"
#include "core/relay/relay_out.h"

struct relay_asker;

/* Embedded by its caller and kept still until `done` or relay_ask_forget(), hence the body.
 */
struct relay_question {
    /* Once, never from inside relay_ask(); may ask, and forget others. JF_OK with the
     * answer, a view for the length of the call; or a failure with NULL: relay_out's
     * on_undelivered says which. */
    void (*done)(struct relay_question *question, int status, const struct letter *answer);

    /* the asker's */
    struct list_node node_link;
    uint64_t number;
    uint16_t node;
};

/* `count_max`: questions without an answer, else JF_E_FULL. */
int relay_asker_new(size_t count_max, struct relay_asker **out);
void relay_asker_free(struct relay_asker *asker); /* none is open; NULL is accepted */

/* The letter, a LETTER_QUESTION, is given its number: they begin at random, since an
 * earlier holder of our node number may have asked too, and grow. JF_OK: done() will be
 * called; otherwise it won't, and the status is JF_E_FULL or relay_send()'s. */
int relay_ask(struct relay_asker *asker, struct relay_out *out, uint16_t node,
              struct letter *letter, struct relay_question *question);

/* An answer came from that node; false if nobody waits for it (any more). */
bool relay_ask_answer(struct relay_asker *asker, uint16_t node,
                      const struct letter *answer);

/* The caller's time is up: done() never comes. Nothing if it is not open. */
void relay_ask_forget(struct relay_asker *asker, struct relay_question *question);

/* For relay_out's on_undelivered. */
void relay_ask_undelivered(struct relay_asker *asker, uint16_t node, uint64_t first,
                           uint64_t last, int status);

/* All that are open now, in the order in which they were asked: our number is lost. */
void relay_ask_fail_all(struct relay_asker *asker, int status);

size_t relay_ask_count(const struct relay_asker *asker); /* that are open */

#endif
