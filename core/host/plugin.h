/*
 * plugin - an instance's life: check the descriptor, init ... fini.
 *
 * An instance is one entry of a stage's "plugins": a description, a jf_self, and a
 * jf_worker per worker. Built on the main thread, then only read, except for the count of
 * its unfinished events.
 */
#ifndef JF_HOST_PLUGIN_H
#define JF_HOST_PLUGIN_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/parse/config.h"
#include "sdk/jackfield.h"

#define PLUGIN_ERROR_MAX 1024

/* A route of the instance, under the key the stage knows it by. */
struct plugin_route {
    char *key;
    jf_event_fn *handler;
    void *data;
};

/* Read by dispatch and api on every event, hence the body. */
struct plugin {
    jf_self self; /* first: what a plugin is handed is the address of this */
    const char *file;
    const char *stage;      /* the name of the stage it serves */
    struct jf_plugin entry; /* a copy, zeroed where an older plugin's is shorter */
    jf_worker *workers;
    struct plugin_route *routes;
    size_t route_count;
    bool initialising;           /* jf_route_add() is allowed */
    _Atomic uint64_t unfinished; /* events it has not finished yet, over all workers */
};

static inline struct plugin *plugin_of(jf_self *self)
{
    return (struct plugin *)(void *)self;
}

static inline const struct plugin *plugin_of_const(const jf_self *self)
{
    return (const struct plugin *)(const void *)self;
}

/* Open the file, check what it says of itself, run its init. `config` and `stage` must
 * outlive it. On failure *error says which
 * file and why. [main thread] */
int plugin_load(const struct config_plugin *config, const char *stage,
                const struct jf_host *table, uint32_t worker_count, struct plugin **out,
                char error[PLUGIN_ERROR_MAX]);

/* fini, if init was run and no event is unfinished; then release. NULL is accepted.
 * [main thread] */
void plugin_free(struct plugin *plugin);

/* On the worker's thread. */
int plugin_worker_init(struct plugin *plugin, uint32_t index);
void plugin_worker_fini(struct plugin *plugin, uint32_t index);

/* Behind jf_route_add(). */
int plugin_add_route(struct plugin *plugin, jf_bytes key, jf_event_fn *handler, void *data);

#endif
