/*
 * plugin - an instance's life: check the descriptor, init ... fini.
 *
 * An instance is one version of one entry of a stage's "plugins": a description, a jf_self,
 * and a seat per worker. It is built on the main thread, and ended there when nothing holds
 * it any more: events, questions and tasks of its own, and the router while it serves.
 */
#ifndef JF_HOST_PLUGIN_H
#define JF_HOST_PLUGIN_H

#include <stdatomic.h>
#include <stdbool.h>

#include "core/base/list.h"
#include "core/host/plugin_file.h"
#include "core/loop/task.h"
#include "core/parse/config.h"
#include "sdk/jackfield.h"

#define PLUGIN_ERROR_MAX 1024
#define PLUGIN_WATCHED_MAX 256 /* files */

struct gateway;
struct library;
struct mailbox;
struct plugin;
struct stage;

/* Where an event goes, under the key the stage knows it by. Read by dispatch on every
 * event, hence the bodies here. */
struct route {
    jf_bytes key;
    struct plugin *plugin;
    jf_event_fn *handler;
    void *data;
};

/* The instance on one worker. */
struct plugin_seat {
    jf_worker pub; /* first: what a plugin is handed is the address of this */
    struct plugin *plugin;
    /* that worker's */
    struct list_node
        node;    /* in the worker's list, from its worker_init to its worker_fini */
    bool parked; /* its timers do not ring */
};

struct plugin_file {
    char *path;
    struct file_stamp stamp;
};

/* The first events of a new version, counted by the workers: see trial.h. */
struct trial {
    _Atomic bool on;
    _Atomic uint32_t handled, failed;
    uint32_t events, failures; /* how many decide */
    struct task news;
};

/* From its init to its fini; the later ones are an instance's that another has replaced. */
enum plugin_life {
    PLUGIN_NOT_LOADED,
    PLUGIN_LOADED,
    PLUGIN_SERVING,
    PLUGIN_LEAVING, /* until its last event is finished */
    PLUGIN_PARKING,
    PLUGIN_STANDBY, /* parked; it could serve again */
    PLUGIN_CLOSING, /* until its last question is answered */
    PLUGIN_ENDING,
};

struct plugin {
    jf_self self; /* first: what a plugin is handed is the address of this */

    /* never changes after plugin_load() */
    char *name; /* for the log: the plugin's own, or its script's */
    char *file; /* as the configuration names it */
    const struct stage *stage;
    struct jf_plugin entry; /* a copy, zeroed where an older plugin's is shorter */
    struct library *library;
    struct plugin_seat *seats;
    struct route *routes;
    size_t route_count;

    struct mailbox *box; /* the main thread's */

    /* the main thread's */
    bool initialising;         /* jf_route_add() is allowed */
    char *complaint;           /* the last error it logged in its init */
    struct plugin_file *files; /* the first is the one that was opened */
    size_t file_count;
    struct list_node node; /* among all instances, in the order loaded */
    enum plugin_life life;
    bool kept; /* on standby until it is released */
    struct gateway *gateway;
    struct plugin *previous; /* on trial: the one before, which could serve again */
    uint64_t trial_until;

    /* shared */
    _Atomic uint64_t unfinished; /* events it has not finished yet, over all workers */
    _Atomic uint64_t holds;
    _Atomic bool awaited; /* tell when the last hold is gone */
    _Atomic bool closed;  /* no new questions, tasks and timers */
    struct task let_go_news;
    struct trial trial;
};

static inline struct plugin *plugin_of(jf_self *self)
{
    return (struct plugin *)(void *)self;
}

static inline const struct plugin *plugin_of_const(const jf_self *self)
{
    return (const struct plugin *)(const void *)self;
}

static inline struct plugin_seat *plugin_seat_of(jf_worker *w)
{
    return (struct plugin_seat *)(void *)w;
}

/* What an instance is made from. */
struct plugin_source {
    const struct config *config;
    const struct config_plugin *entry;
    const struct stage *stage; /* must outlive it, as must the box */
    const struct jf_host *table;
    uint32_t worker_count;
    struct mailbox *box; /* the main thread's */
};

/* Open the file, check what it says of itself, run its init, let it take over from `old`
 * (NULL: there is none). On failure *error says which file and why, and `old` has learnt
 * which versions of which files were tried. [main thread] */
int plugin_load(const struct plugin_source *from, struct plugin *old, struct plugin **out,
                char error[PLUGIN_ERROR_MAX]);

/* Is one of its files another one than it was? One that is missing has not changed: it may
 * be about to be replaced. [main thread] */
bool plugin_files_changed(const struct plugin *plugin);

/* The versions of files that `from` was made of count as known. [main thread] */
void plugin_learn_files(struct plugin *plugin, const struct plugin *from);

/* fini, if no event is unfinished; then release. `unload`: nothing can return into it any
 * more, so its library may be closed. NULL is accepted. [main thread] */
void plugin_free(struct plugin *plugin, bool unload);

/* On the worker's thread. */
int plugin_worker_init(struct plugin *plugin, uint32_t index);
void plugin_worker_fini(struct plugin *plugin, uint32_t index);

/* Behind jf_route_add(). [main thread] */
int plugin_add_route(struct plugin *plugin, jf_bytes key, jf_event_fn *handler, void *data);

/* Behind jf_watch(). JF_E_FULL: it watches PLUGIN_WATCHED_MAX already. [main thread] */
int plugin_add_file(struct plugin *plugin, jf_bytes path);

/* The same with the stamp taken before. */
int plugin_add_file_as(struct plugin *plugin, jf_bytes path, struct file_stamp stamp);

/* Could it be the path of a file? [any thread] */
bool plugin_is_path(jf_bytes path);

/* What it logs as an error in its init is kept, to stand in the host's own if the init
 * fails; the last one of several. [main thread] */
void plugin_keep_complaint(struct plugin *plugin, jf_bytes text);

/* As long as somebody holds it, it is not ended. [any thread] */
static inline void plugin_hold(struct plugin *plugin)
{
    atomic_fetch_add(&plugin->holds, 1);
}
void plugin_unhold(struct plugin *plugin);

/* Give up the router's hold, and run `let_go` on the main thread when that was the last;
 * once. [main thread] */
void plugin_await(struct plugin *plugin, void (*let_go)(struct task *task));

/* The router holds it again. If `let_go` has been posted already, it still runs, so it
 * looks whether it is still wanted. [main thread] */
void plugin_hold_again(struct plugin *plugin);

#endif
