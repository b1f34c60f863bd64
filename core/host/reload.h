/*
 * reload - what serves, and how something newer takes its place without dropping a socket.
 *
 *   build    read the configuration, load what has changed beside what runs (main thread)
 *   adopt    worker_init of the new instances, on every worker
 *   change   every worker takes the new router, between two events
 *   retire   the old instances end when their last event has finished (see retire.h)
 *
 * A failure of the first two leaves everything as it was. One reload at a time; what is
 * asked for meanwhile follows it. [main thread]
 */
#ifndef JF_HOST_RELOAD_H
#define JF_HOST_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/host/plugin.h"
#include "core/host/stage.h"
#include "core/parse/config.h"

struct gateway;
struct lineup;
struct reload;
struct router;
struct worker;

/* Where a configuration comes from, to be read again. */
struct config_source {
    const char *file; /* NULL: there is none, but for the command line */
    void *data;
    /* The configuration as it is now; NULL with *error. */
    struct config *(*read)(void *data, char *error, size_t error_size);
};

/* What is to be read again: files that have changed, or everything. */
enum reload_scope { RELOAD_CHANGED, RELOAD_ALL };

/* The answer to who asked: JF_OK, or a failure with what is wrong, where. */
typedef void reload_told_fn(void *data, int status, const char *text);

/* Load everything for the first time; everything borrowed outlives it. On failure *error
 * says which file and why, and what was loaded has ended. */
int reload_new(struct gateway *gateway, const struct config *config,
               const struct config_source *source, struct reload **out,
               char error[PLUGIN_ERROR_MAX]);

/* End all instances, last loaded first, while the workers are still there to be called;
 * nothing is left on the loop. */
void reload_end_plugins(struct reload *reload);

/* After that. NULL is accepted. */
void reload_free(struct reload *reload);

/* `told` may be NULL. */
void reload_ask(struct reload *reload, enum reload_scope scope, reload_told_fn *told,
                void *data);

/* The host is draining: what is asked from now on is refused. */
void reload_stop(struct reload *reload);

/* Has a file changed since it was last read, or tried? */
bool reload_is_due(const struct reload *reload);

/* For workers that are being built or start, and for what is decided on the main thread. */
const struct router *reload_router(const struct reload *reload);
const struct lineup *reload_lineup(const struct reload *reload);
const struct config *reload_config(const struct reload *reload);

/* Each file that a reload would read again. */
void reload_each_file(const struct reload *reload,
                      void (*each)(void *data, const char *path), void *data);

/* Behind jf_watch(). [any thread] */
int reload_watch_file(struct plugin *plugin, jf_bytes path);

#endif
