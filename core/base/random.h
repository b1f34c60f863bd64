/*
 * random - unguessable octets, from the kernel, fetched in batches.
 *
 * Each thread has its own batch, so no lock and one system call for hundreds of ids.
 * Aborts if the kernel has no randomness, which getrandom(2) rules out after boot.
 * [any thread]
 */
#ifndef JF_BASE_RANDOM_H
#define JF_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_fill(void *out, size_t len);

/* Evenly spread over 0 .. limit - 1; 0 for a limit of 0. */
uint64_t random_below(uint64_t limit);

#endif
