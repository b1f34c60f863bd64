/* A watcher per folder, and a timer that waits until they are quiet. */
#include "core/host/watch.h"

#include <limits.h>
#include <stdbool.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/gateway.h"
#include "core/host/plugin_file.h"
#include "core/host/reload.h"
#include "core/loop/loop.h"

#define RETRY_MS 1000 /* for a folder that is not there */
#define PATIENCE 10   /* times settle_ms: somebody else's file may change all the time */

struct folder {
    struct list_node node;
    char *path;
    struct file_stamp stamp;
    struct fs_watch *watch; /* NULL: it could not be watched */
    bool wanted;
};

struct watch {
    struct gateway *gateway;
    struct list_node folders;
    struct timer *quiet;
    uint64_t stirred_at; /* 0: all is quiet */
    bool running, missing, armed;
};

static uint64_t settle_ms(const struct watch *watch)
{
    return reload_config(gateway_reload(watch->gateway))->reload.settle_ms;
}

static void on_event(void *data)
{
    struct watch *watch = data;
    uint64_t now = loop_now(gateway_loop(watch->gateway)), wait = settle_ms(watch);
    if (!watch->stirred_at)
        watch->stirred_at = now;
    if (now - watch->stirred_at < wait * PATIENCE)
        timer_start(watch->quiet, wait);
}

/* ---- Folders ------------------------------------------------------------ */

static void folder_free(struct folder *folder)
{
    list_remove(&folder->node);
    fs_watch_free(folder->watch);
    free(folder->path);
    free(folder);
}

static struct folder *find(struct watch *watch, const char *path)
{
    for (struct list_node *at = watch->folders.next; at != &watch->folders; at = at->next) {
        struct folder *folder = CONTAINER_OF(at, struct folder, node);
        if (strcmp(folder->path, path) == 0)
            return folder;
    }
    return NULL;
}

static void want(void *data, const char *file)
{
    struct watch *watch = data;
    const char *slash = strrchr(file, '/');
    size_t len = !slash ? 0 : slash == file ? 1 : (size_t)(slash - file);
    AUTO_FREE char *path = xdup(len ? jf_view(file, len) : jf_str("."));
    struct folder *folder = find(watch, path);
    if (!folder) {
        folder = xnew(struct folder);
        folder->path = xdup(jf_str(path));
        list_append(&watch->folders, &folder->node);
    }
    folder->wanted = true;
}

static bool same_folder(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode;
}

/* A folder may have been replaced by another one of its name. */
static void arm(struct watch *watch, struct folder *folder)
{
    struct file_stamp now = file_stamp_of(folder->path);
    bool missing = file_stamp_missing(&now);
    watch->missing = watch->missing || missing;
    if (same_folder(&now, &folder->stamp))
        return;
    fs_watch_free(folder->watch);
    folder->watch = NULL;
    folder->stamp = now;
    if (missing)
        return;
    int status = fs_watch_new(gateway_loop(watch->gateway), folder->path, on_event, watch,
                              &folder->watch);
    watch->armed = true;
    if (status < 0)
        LOG_WARN(MAIN,
                 "event=not_watched folder=%s status=%s hint=\"SIGHUP and jackfield reload "
                 "still work\"",
                 folder->path, status_name(status));
}

static void update_folders(struct watch *watch)
{
    struct list_node *at = watch->folders.next;
    watch->missing = watch->armed = false;
    while (at != &watch->folders) {
        struct folder *folder = CONTAINER_OF(at, struct folder, node);
        at = at->next;
        if (!folder->wanted) {
            folder_free(folder);
            continue;
        }
        folder->wanted = false;
        arm(watch, folder);
    }
}

void watch_update(struct watch *watch)
{
    struct reload *reload = gateway_reload(watch->gateway);
    if (!watch->running)
        return;
    if (reload_config(reload)->reload.watch)
        reload_each_file(reload, want, watch);
    update_folders(watch);
    if (watch->armed) /* it may have changed before it was watched */
        on_event(watch);
    else if (watch->missing && !watch->stirred_at)
        timer_start(watch->quiet, RETRY_MS);
}

static void on_quiet(void *data)
{
    struct watch *watch = data;
    struct reload *reload = gateway_reload(watch->gateway);
    watch->stirred_at = 0;
    watch_update(watch);
    if (!watch->running || !reload_config(reload)->reload.watch || !reload_is_due(reload))
        return;
    LOG_INFO(MAIN, "event=files_changed");
    reload_ask(reload, RELOAD_CHANGED, NULL, NULL);
}

/* ---- Its life ----------------------------------------------------------- */

void watch_new(struct gateway *gateway, struct watch **out)
{
    struct watch *watch = xnew(struct watch);
    watch->gateway = gateway;
    list_init(&watch->folders);
    timer_new(gateway_loop(gateway), on_quiet, watch, &watch->quiet);
    *out = watch;
}

void watch_start(struct watch *watch)
{
    watch->running = true;
    watch_update(watch);
}

void watch_stop(struct watch *watch)
{
    struct list_node *node;
    watch->running = false;
    timer_stop(watch->quiet);
    while ((node = list_first(&watch->folders)))
        folder_free(CONTAINER_OF(node, struct folder, node));
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    watch_stop(watch);
    timer_free(watch->quiet);
    free(watch);
}
