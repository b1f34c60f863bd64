/* Alarms hashed by their tick into slots. Time is counted in ticks of WHEEL_TICK_MS; an
 * alarm belongs to the first tick that is not before its due time, so it never rings early,
 * and waits in the slot `tick % SLOTS`. An alarm further away than one rotation shares a
 * slot with nearer ones and is put back each time the hand comes by. A bit per slot says
 * whether it holds anything, so one timer set to the next such slot is enough. */
#include "core/loop/wheel.h"

#include "core/base/check.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"

#define SLOTS 4096 /* a power of two; a rotation is 65 s */
#define SLOT_MASK (SLOTS - 1)
#define WORD_BITS 64
#define WORDS (SLOTS / WORD_BITS)
#define NEVER UINT64_MAX

struct wheel {
    struct loop *loop;
    struct timer *timer;
    uint64_t hand;             /* the last tick that has been looked at */
    uint64_t wake;             /* the tick the timer is set to; NEVER: not set */
    bool turning;              /* inside turn() */
    struct list_node checking; /* taken out by turn(), rung or put back one by one */
    uint64_t occupied[WORDS];
    struct list_node slots[SLOTS];
};

/* The first tick not before `due`. */
static uint64_t tick_of(uint64_t due)
{
    return due / WHEEL_TICK_MS + (due % WHEEL_TICK_MS != 0);
}

static void link_alarm(struct wheel *wheel, struct alarm *alarm, uint64_t tick)
{
    size_t slot = tick & SLOT_MASK;
    list_append(&wheel->slots[slot], &alarm->node);
    wheel->occupied[slot / WORD_BITS] |= 1ULL << slot % WORD_BITS;
}

/* The last one out turns off the light; its neighbour is the head of its list, and which
 * slot that is follows from its address. */
static void unlink_alarm(struct wheel *wheel, struct alarm *alarm)
{
    struct list_node *head = alarm->node.next;
    bool last = head == alarm->node.prev;
    list_remove(&alarm->node);
    if (!last || head == &wheel->checking)
        return;
    size_t slot = (size_t)(head - wheel->slots);
    wheel->occupied[slot / WORD_BITS] &= ~(1ULL << slot % WORD_BITS);
}

static void wake_at(struct wheel *wheel, uint64_t tick)
{
    uint64_t now = loop_now(wheel->loop), now_tick = now / WHEEL_TICK_MS;
    uint64_t ms = 0;
    if (tick > now_tick)
        ms = (tick - now_tick) * WHEEL_TICK_MS - now % WHEEL_TICK_MS;
    timer_start(wheel->timer, ms);
    wheel->wake = tick;
}

/* Slots from `from` to the next occupied one, going round; SLOTS if there is none. */
static size_t distance_to_occupied(const struct wheel *wheel, size_t from)
{
    size_t word = from / WORD_BITS;
    uint64_t bits = wheel->occupied[word] & (~0ULL << from % WORD_BITS);
    for (size_t i = 0; i <= WORDS; i++) {
        if (bits) {
            size_t slot = word * WORD_BITS + (size_t)__builtin_ctzll(bits);
            return (slot - from) & SLOT_MASK;
        }
        word = (word + 1) % WORDS;
        bits = wheel->occupied[word];
    }
    return SLOTS;
}

/* Take out everything in the slots the hand has passed. After a long sleep it has passed
 * each of them, some many times; once round is enough. */
static void take_passed(struct wheel *wheel, uint64_t now_tick)
{
    uint64_t passed = now_tick - wheel->hand;
    size_t left = passed < SLOTS ? (size_t)passed : SLOTS;
    size_t slot = (wheel->hand + 1) & SLOT_MASK;
    for (;;) {
        size_t skip = distance_to_occupied(wheel, slot);
        if (skip >= left)
            break;
        slot = (slot + skip) & SLOT_MASK;
        list_take_all(&wheel->checking, &wheel->slots[slot]);
        wheel->occupied[slot / WORD_BITS] &= ~(1ULL << slot % WORD_BITS);
        left -= skip;
    }
    wheel->hand = now_tick;
}

/* Ring what is due. Alarms set meanwhile land in slots ahead of the hand and those stopped
 * just leave the list, so whatever ring() does, each alarm is looked at once. */
static void turn(void *data)
{
    struct wheel *wheel = data;
    uint64_t now_tick = loop_now(wheel->loop) / WHEEL_TICK_MS;
    wheel->turning = true;
    wheel->wake = 0; /* nothing is earlier, so nobody sets the timer */
    take_passed(wheel, now_tick);
    struct list_node *node;
    while ((node = list_first(&wheel->checking))) {
        struct alarm *alarm = CONTAINER_OF(node, struct alarm, node);
        list_remove(node);
        if (tick_of(alarm->due) > now_tick)
            link_alarm(wheel, alarm, tick_of(alarm->due));
        else
            alarm->ring(alarm); /* may free the alarm */
    }
    wheel->turning = false;

    size_t distance = distance_to_occupied(wheel, (now_tick + 1) & SLOT_MASK);
    if (distance < SLOTS)
        wake_at(wheel, now_tick + 1 + distance);
    else
        wheel->wake = NEVER;
}

int wheel_new(struct loop *loop, struct wheel **out)
{
    struct wheel *wheel = xnew(struct wheel);
    wheel->loop = loop;
    wheel->hand = loop_now(loop) / WHEEL_TICK_MS;
    wheel->wake = NEVER;
    list_init(&wheel->checking);
    for (size_t i = 0; i < SLOTS; i++)
        list_init(&wheel->slots[i]);
    timer_new(loop, turn, wheel, &wheel->timer);
    *out = wheel;
    return JF_OK;
}

void wheel_free(struct wheel *wheel)
{
    if (!wheel)
        return;
    CHECK(!wheel->turning);
    for (size_t i = 0; i < SLOTS; i++) {
        struct list_node *node;
        while ((node = list_first(&wheel->slots[i])))
            list_remove(node); /* not set any more, for those who ask later */
    }
    timer_free(wheel->timer);
    free(wheel);
}

void alarm_set(struct wheel *wheel, struct alarm *alarm, uint64_t due)
{
    uint64_t tick = tick_of(due);
    if (tick <= wheel->hand)
        tick = wheel->hand + 1;
    else if (list_linked(&alarm->node) && tick == tick_of(alarm->due)) {
        alarm->due = due; /* it is in the right slot already */
        return;
    }
    if (list_linked(&alarm->node))
        unlink_alarm(wheel, alarm);
    alarm->due = due;
    link_alarm(wheel, alarm, tick);
    if (tick < wheel->wake)
        wake_at(wheel, tick);
}

void alarm_stop(struct wheel *wheel, struct alarm *alarm)
{
    if (list_linked(&alarm->node))
        unlink_alarm(wheel, alarm);
}
