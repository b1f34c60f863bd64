/*
 * lineup - which instances serve: one for each plugin that the configuration names.
 *
 * A lineup is made from a configuration and the lineup before: what has not changed stays
 * the same instance, what has is loaded beside the old one. [main thread]
 */
#ifndef JF_HOST_LINEUP_H
#define JF_HOST_LINEUP_H

#include "core/host/plugin.h"
#include "core/host/stage.h"

/* Read by router and reload, hence the bodies. */
struct lineup_entry {
    const struct stage *stage;
    const struct config_plugin *config;
    struct plugin *plugin;
    struct plugin *old; /* whose place it takes; NULL: nobody's */
    bool fresh;         /* it was loaded for this lineup */
};

struct lineup {
    struct lineup_entry *entries;
    size_t count;
};

struct lineup_order {
    const struct config *config; /* outlives the lineup */
    struct stages *stages;
    const struct jf_host *table;
    uint32_t worker_count;
    struct mailbox *box;         /* the main thread's */
    const struct lineup *before; /* NULL: the first */
    bool all;                    /* load all anew, changed or not */
};

/* On failure *error says which file and why, and what was loaded has ended. */
int lineup_new(const struct lineup_order *order, struct lineup **out,
               char error[PLUGIN_ERROR_MAX]);

/* The same with `now` in the place of `was`. */
struct lineup *lineup_exchange(const struct lineup *lineup, const struct plugin *was,
                               struct plugin *now);

bool lineup_has(const struct lineup *lineup, const struct plugin *plugin);
size_t lineup_fresh_count(const struct lineup *lineup);

/* End the instances that were loaded for it and never served; those whose places they were
 * to take learn which files were tried. */
void lineup_discard(struct lineup *lineup);

/* The list alone. NULL is accepted. */
void lineup_free(struct lineup *lineup);

#endif
