/*
 * http_breaker - stops asking a backend that fails, and tries it again with one call.
 *
 * Closed: calls go through. After `failures` outages in a row it is open, and for `open_ms`
 * nothing is let through. Then one call is the probe: if it works all is as before, else it
 * is open again. Pure; the time is the caller's. [home worker]
 */
#ifndef HTTP_BREAKER_H
#define HTTP_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

struct http_breaker {
    uint32_t failures; /* 0: never opens */
    uint64_t open_ms;
    uint32_t in_a_row;
    bool open, probing;
    uint64_t until;
};

static inline bool http_breaker_refuses(const struct http_breaker *breaker, uint64_t now)
{
    return breaker->open && (breaker->probing || now < breaker->until);
}

/* A call begins; false: it may not. After `until` the first one is the probe. */
static inline bool http_breaker_admits(struct http_breaker *breaker, uint64_t now)
{
    if (http_breaker_refuses(breaker, now))
        return false;
    breaker->probing = breaker->open;
    return true;
}

/* What a call that was admitted came to. True: it opened now. */
static inline bool http_breaker_tell(struct http_breaker *breaker, bool outage,
                                     uint64_t now)
{
    if (!outage) {
        breaker->in_a_row = 0;
        breaker->open = breaker->probing = false;
        return false;
    }
    if (!breaker->failures)
        return false;
    bool was_probe = breaker->probing;
    breaker->in_a_row++;
    if (!was_probe && (breaker->open || breaker->in_a_row < breaker->failures))
        return false;
    breaker->probing = false;
    breaker->open = true;
    breaker->until = now + breaker->open_ms;
    return true;
}

/* The probe was not carried out after all. */
static inline void http_breaker_forget(struct http_breaker *breaker)
{
    breaker->probing = false;
}

#endif
