/*
 * schema_place - a JSON pointer (RFC 6901), written from its end to its beginning.
 *
 * Whoever finds something wrong returns, and each caller on the way out adds the step it
 * had taken; so a place costs nothing as long as nothing is wrong. What no longer fits is
 * "...".
 */
#ifndef JF_PARSE_SCHEMA_PLACE_H
#define JF_PARSE_SCHEMA_PLACE_H

#include <stdint.h>

#include "core/parse/schema.h"

/* On the stack of its user, hence the body. `at` is where it starts so far. */
struct schema_place {
    size_t at;
    bool full;
    char text[SCHEMA_PLACE_MAX];
};

static inline void schema_place_init(struct schema_place *place)
{
    place->at = sizeof(place->text) - 1;
    place->full = false;
}

/* The step before all those so far. */
void schema_place_name(struct schema_place *place, jf_bytes name);
void schema_place_index(struct schema_place *place, uint64_t index);

/* The same for a name as it stands between the quotes of a JSON text. */
void schema_place_written(struct schema_place *place, const char *at, const char *end);

void schema_place_take(const struct schema_place *place, char out[SCHEMA_PLACE_MAX]);

#endif
