/*
 * watch - sees that files have changed, and asks for a reload when they have settled.
 *
 * It is folders that are watched, since editors and builds write a new file and rename it
 * over the old one; and what counts is whether a file differs from what was last read, so
 * an event too many does no harm. [main thread]
 */
#ifndef JF_HOST_WATCH_H
#define JF_HOST_WATCH_H

struct gateway;
struct watch;

void watch_new(struct gateway *gateway, struct watch **out);

/* From now on, until it is stopped for good. */
void watch_start(struct watch *watch);
void watch_stop(struct watch *watch);

/* Which files there are may have changed. */
void watch_update(struct watch *watch);

void watch_free(struct watch *watch); /* NULL is accepted */

#endif
