/*
 * settings - what a stage's configuration tells its handlers.
 *
 * A router has those of its stages. A reload makes new ones; an event that outlives the
 * router it came by holds what it began with, so that a plugin's thread may read it.
 * Immutable. [any thread]
 */
#ifndef JF_HOST_SETTINGS_H
#define JF_HOST_SETTINGS_H

#include "core/parse/config.h"
#include "sdk/jackfield.h"

struct settings;

/* A copy of what `config` says; one reference. */
struct settings *settings_new(const struct config_stage *config,
                              enum config_profile profile);

struct settings *settings_ref(struct settings *settings);
void settings_unref(struct settings *settings); /* NULL is accepted */

jf_bytes settings_api_id(const struct settings *settings);
const struct jf_pair *settings_variables(const struct settings *settings, size_t *count);

/* What becomes of a body that a handler of this route returns. */
enum jf_way settings_way(const struct settings *settings, jf_bytes route);

#endif
