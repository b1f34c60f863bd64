/* What tests of the budget know of the build they are in. */
#ifndef LUA_TICKS_H
#define LUA_TICKS_H

#include <time.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define HAS_TICKS 0 /* signals are held back until the next system call */
#define SLOWNESS 100
#elif defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define HAS_TICKS 1
#define SLOWNESS 10
#else
#define HAS_TICKS 1
#define SLOWNESS 1
#endif

#define BUDGET_MS 40

static inline double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

#endif
