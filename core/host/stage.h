/*
 * stage - the names of the served APIs.
 *
 * A connection keeps its stage over every reload, so a stage's name is made once and stays
 * until the end: routers come and go, stages do not. Adding is the main thread's; finding
 * takes no lock. [any thread]
 */
#ifndef JF_HOST_STAGE_H
#define JF_HOST_STAGE_H

#include <stdatomic.h>
#include <stdint.h>

#include "sdk/jackfield.h"

struct stage {
    jf_bytes name;
    uint32_t index; /* counts from 0, in the order added */
    const struct stage *next;
};

/* All there are; embedded, hence the body. Zeroed: none. */
struct stages {
    _Atomic(const struct stage *) newest;
};

/* The one of that name, made if there is none. [main thread] */
const struct stage *stages_add(struct stages *all, jf_bytes name);

/* NULL: there is none. [any thread] */
const struct stage *stages_find(const struct stages *all, jf_bytes name);

/* How many there are. [any thread] */
uint32_t stages_count(const struct stages *all);

/* When nobody can look any more. */
void stages_fini(struct stages *all);

#endif
