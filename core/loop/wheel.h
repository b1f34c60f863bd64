/*
 * wheel - alarms by the ten thousand.
 *
 * A hashed timing wheel (Varghese and Lauck): setting, moving and stopping an alarm cost
 * the same for one connection and for a million, there is no system timer per alarm, and
 * an idle wheel wakes nobody. An alarm rings up to WHEEL_TICK_MS late, never early.
 * [home thread]
 */
#ifndef JF_LOOP_WHEEL_H
#define JF_LOOP_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/list.h"

#define WHEEL_TICK_MS 16

struct loop;
struct wheel;

/* Embedded in what it wakes, hence the body. Zeroed: not set. */
struct alarm {
    struct list_node node;
    uint64_t due; /* loop_now() time */
    void (*ring)(struct alarm *alarm);
};

int wheel_new(struct loop *loop, struct wheel **out);
void wheel_free(struct wheel *wheel); /* alarms still set never ring; NULL is accepted */

/* Ring at `due` (loop_now() time; the past means soon), or move an alarm that is set.
 * It is no longer set when `ring` is called, which may set it again. */
void alarm_set(struct wheel *wheel, struct alarm *alarm, uint64_t due);

void alarm_stop(struct wheel *wheel, struct alarm *alarm);

static inline bool alarm_is_set(const struct alarm *alarm)
{
    return list_linked(&alarm->node);
}

#endif
