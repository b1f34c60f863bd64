/*
 * memory - how we allocate.
 *
 * Fixed and small: xnew() and friends, which abort, so that there is no error path to
 * test. Sized by somebody else: bounded by a limit first, then try_alloc(), which may say
 * NULL. Everything is released with free(). [any thread]
 */
#ifndef JF_BASE_MEMORY_H
#define JF_BASE_MEMORY_H

#include <stdlib.h>
#include <string.h>

#include "core/base/check.h"
#include "sdk/jackfield.h"

static inline void *xalloc(size_t size)
{
    void *memory = malloc(size);
    CHECK(memory || size == 0);
    return memory;
}

static inline void *xcalloc(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    CHECK(memory || size == 0);
    return memory;
}

static inline void *xrealloc(void *old, size_t size)
{
    void *memory = realloc(old, size);
    CHECK(memory || size == 0);
    return memory;
}

/* A zeroed struct. */
#define xnew(type) ((type *)xcalloc(1, sizeof(type)))

/* A NUL-terminated copy. */
static inline char *xdup(jf_bytes text)
{
    char *copy = xalloc(text.len + 1);
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

/* For sizes that somebody else decides: may return NULL. */
static inline void *try_alloc(size_t size)
{
    return malloc(size);
}

/* On NULL the old block is still there. */
static inline void *try_realloc(void *old, size_t size)
{
    return realloc(old, size);
}

static inline void auto_free(void *slot)
{
    free(*(void **)slot);
}

/* Scratch memory that lives as long as the function. */
#define AUTO_FREE __attribute__((cleanup(auto_free)))

#endif
