/* A book, a stage, and those who come to it. */
#ifndef JF_TEST_RATES_H
#define JF_TEST_RATES_H

#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>

#include "core/host/rates.h"
#include "core/host/stage.h"

static struct stages stages;
static const struct stage *stage, *other;
static struct rate_book *book;
static struct config_rates config;
static struct rate_plan plan;
static const uint8_t ann[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 1 };
static const uint8_t bob[16] = { [10] = 0xff, [11] = 0xff, 192, 0, 2, 2 };

static inline void leave(struct rate_use *use)
{
    rates_leave(book, use);
}

/* Those who come to stay, until they depart or the tear-down sees to their end. */
static struct rate_use *stayed[8];

static inline void depart(int place)
{
    leave(stayed[place]);
    stayed[place] = NULL;
}

static inline int set_up(void **state)
{
    (void)state;
    memset(&stages, 0,
           sizeof(stages)); /* clang wants a pointer where it has an atomic one */
    stage = stages_add(&stages, jf_str("prod"));
    other = stages_add(&stages, jf_str("beta"));
    book = rate_book_new();
    config = (struct config_rates){ 0 };
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++)
        depart(i);
    rate_plan_fini(&plan);
    rate_book_free(book);
    stages_fini(&stages);
    return 0;
}

static inline void take_plan(void)
{
    rate_plan_init(&plan, &config);
}

static inline struct config_rate rate(uint64_t per_second, uint32_t burst)
{
    return (struct config_rate){ per_second * 1000, burst };
}

static inline struct rate_ask ask(const struct stage *where, const uint8_t *address,
                                  uint64_t now)
{
    struct rate_ask it = { .book = book, .stage = where, .plan = &plan, .now_ms = now };
    memcpy(it.address, address, sizeof(it.address));
    return it;
}

static inline enum rate_verdict say_on(const struct stage *where, struct rate_use **use,
                                       const uint8_t *address, const char *route,
                                       size_t len, uint64_t now)
{
    const struct rate_ask it = ask(where, address, now);
    return rates_message(&it, use, jf_str(route), len).verdict;
}

static inline enum rate_verdict say(struct rate_use **use, const uint8_t *address,
                                    const char *route, size_t len, uint64_t now)
{
    return say_on(stage, use, address, route, len, now);
}

/* How long it has to wait; 0: it is in, until leave(). */
static inline uint64_t come(struct rate_use **use, const struct stage *where,
                            const uint8_t *address, uint64_t now)
{
    const struct rate_ask it = ask(where, address, now);
    struct rate_answer answer = rates_connect(&it, use);
    assert_int_equal(answer.verdict == RATE_PASS, answer.wait_ms == 0);
    return answer.wait_ms;
}

static inline uint64_t come_to_stay(int place, const struct stage *where,
                                    const uint8_t *address, uint64_t now)
{
    return come(&stayed[place], where, address, now);
}

#endif
