/*
 * tally_entries - whose use is to be told, and when.
 *
 * An entry for each key in use. It is due, or flies to Redis, or rests: for TALLY_EVERY_MS
 * after it was told, and then, seats that are taken, for as long as Redis may go without
 * hearing of them. An entry of which there is nothing to tell goes. No lock, no clock and
 * no Redis: those are the tally's. [one thread at a time]
 */
#ifndef JF_RELAY_TALLY_ENTRIES_H
#define JF_RELAY_TALLY_ENTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/list.h"
#include "core/base/table.h"
#include "core/relay/tally.h"

enum tally_place { TALLY_NOWHERE, TALLY_DUE, TALLY_FLYING, TALLY_RESTING, TALLY_SEATED };

/* What else Redis has to know: of a bucket its rate, millionths gained in a millisecond and
 * the most that can be missing; of a quota, in milliseconds, how long it is kept. */
struct tally_terms {
    uint64_t first, second;
};

/* The tally adds to it, and reads what flies, hence the body. */
struct tally_entry {
    enum tally_kind kind;
    enum tally_place place;
    struct list_node node; /* in the list of its place, if that has one */
    bool dirty;            /* there is something to tell */
    uint64_t amount;       /* taken or spent, and not told; the connections there are */
    struct tally_terms terms;
    uint64_t flying; /* what is on its way, and nobody adds to */
    struct tally_terms flying_terms;
    uint64_t told_at;
    size_t len;
    char key[]; /* begins with the letter of its kind */
};

/* Embedded by the tally, hence the body. */
struct tally_entries {
    struct table table;
    struct list_node due;
    struct list_node resting, seated; /* in the order in which they were told */
    uint64_t refresh_ms;              /* seats are told so often */
};

void tally_entries_init(struct tally_entries *entries, uint64_t refresh_ms);
void tally_entries_fini(struct tally_entries *entries);

/* Something of that key is used, and to be told: due, unless it flies or rests from being
 * told. NULL: there are TALLY_MAX others, or it is longer than TALLY_KEY_MAX. */
struct tally_entry *tally_entries_use(struct tally_entries *entries, enum tally_kind kind,
                                      jf_bytes key);

/* Without the letter of its kind. */
jf_bytes tally_entry_key(const struct tally_entry *entry);

/* One that is due, the longest first; it flies, with all that is to tell. NULL: none is. */
struct tally_entry *tally_entries_take(struct tally_entries *entries);

/* One that flew was told, or was not; then what was taken from a bucket is let go, and the
 * rest is to be told again, if it shall. It rests either way. */
void tally_entries_told(struct tally_entries *entries, struct tally_entry *entry,
                        uint64_t now);
void tally_entries_missed(struct tally_entries *entries, struct tally_entry *entry,
                          bool again, uint64_t now);
/* Redis has not even looked at it: all of it is to be told again. */
void tally_entries_undone(struct tally_entries *entries, struct tally_entry *entry,
                          uint64_t now);

/* Who has rested by then is due, or goes; by UINT64_MAX all have. And when the next will
 * have; UINT64_MAX: nobody rests. */
void tally_entries_wake(struct tally_entries *entries, uint64_t now);
uint64_t tally_entries_next(const struct tally_entries *entries);

/* Redis has gone, and what it knew perhaps with it: buckets go, since they refill, and all
 * else that is used is due. Nothing flies. */
void tally_entries_renew(struct tally_entries *entries);

/* The end: all that is to be told is due, and that there are no connections. */
void tally_entries_end(struct tally_entries *entries);

#endif
