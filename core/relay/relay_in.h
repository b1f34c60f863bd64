/*
 * relay_in - letters from other nodes.
 *
 * Listens on the channel of one node number and on that of all, and again after Redis was
 * away, had cut us because we were too slow, or had refused. Batches are cut into letters;
 * what is no batch or no letter, or comes from an earlier holder of a number than one that
 * has been heard of, is counted and dropped. What comes from our own number is our own, and
 * dropped too. [home thread]
 */
#ifndef JF_RELAY_RELAY_IN_H
#define JF_RELAY_RELAY_IN_H

#include "core/relay/batch.h"
#include "core/relay/letter.h"
#include "core/relay/relay_out.h"

struct relay_in;

/* On the loop, never from inside a call. Each may call anything here but relay_in_close().
 */
struct relay_in_events {
    /* Borrowed for the length of the call. None comes after relay_in_ignore(). */
    void (*on_letter)(void *data, const struct batch_from *from,
                      const struct letter *letter);
    void (*on_listening)(void *data); /* from now on nothing is missed; may be NULL */
    void (*on_deaf)(void *data);      /* what is sent now is lost; may be NULL */
};

struct relay_in_counts {
    uint64_t batches, letters; /* that were good */
    uint64_t garbage;          /* batches or letters that were none */
    uint64_t stale;            /* batches of an earlier holder */
    uint64_t deaf;             /* times that it fell deaf */
};

/* Connects; listens to nothing yet. url, prefix, events and data outlive it. */
int relay_in_open(struct loop *loop, const struct relay_options *options,
                  const struct relay_in_events *events, void *data, struct relay_in **out);
void relay_in_close(struct relay_in *in); /* no more events; NULL is accepted */

void relay_in_listen(struct relay_in *in, uint16_t node); /* instead of another number */
void relay_in_ignore(struct relay_in *in);                /* it is not even deaf */

bool relay_in_is_listening(const struct relay_in *in);
void relay_in_count(const struct relay_in *in, struct relay_in_counts *counts);

#endif
