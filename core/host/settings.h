/*
 * settings - what a stage's configuration tells its handlers.
 *
 * A router has those of its stages. A reload makes new ones; an event that outlives the
 * router it came by holds what it began with, so that a plugin's thread may read it.
 * Immutable. [any thread]
 */
#ifndef JF_HOST_SETTINGS_H
#define JF_HOST_SETTINGS_H

#include <stdbool.h>

#include "core/parse/config.h"
#include "sdk/jackfield.h"

struct api_key;
struct api_keys;
struct rate_plan;
struct settings;

/* A copy of what `config` says; one reference. Takes one of `keys`, which may be NULL. */
struct settings *settings_new(const struct config_stage *config,
                              enum config_profile profile, struct api_keys *keys);

struct settings *settings_ref(struct settings *settings);
void settings_unref(struct settings *settings); /* NULL is accepted */

jf_bytes settings_api_id(const struct settings *settings);
const struct jf_pair *settings_variables(const struct settings *settings, size_t *count);

/* What becomes of a body that a handler of this route returns. */
enum jf_way settings_way(const struct settings *settings, jf_bytes route);

/* May pages of that origin connect? */
bool settings_allows_origin(const struct settings *settings, jf_bytes origin);

/* Does the client bring what its authorizer is to look at? */
bool settings_has_identity(const struct settings *settings,
                           const struct jf_connect *connect);

/* Does a message have the form that is wanted for its route? */
bool settings_fits_model(const struct settings *settings, jf_bytes route, jf_bytes body);

/* Must a client bring an API key? */
bool settings_wants_key(const struct settings *settings);

/* All there are, if the stage asks for one; NULL: none. */
const struct api_keys *settings_api_keys(const struct settings *settings);
enum config_api_key_source settings_api_key_source(const struct settings *settings);

/* The key of that value, if it lets in here; NULL: there is none, it is disabled, or its
 * plan is not for this stage. */
const struct api_key *settings_find_key(const struct settings *settings, jf_bytes value);

/* How much clients may do; zeroed if nothing is said. */
const struct rate_plan *settings_rates(const struct settings *settings);

#endif
