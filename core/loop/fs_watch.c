/* Folders and files as libuv watches them: inotify behind it. */
#include <uv.h>

#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/loop/uv_status.h"

struct fs_watch {
    uv_fs_event_t uv;
    void (*fire)(void *data);
    void *data;
};

static void on_event(uv_fs_event_t *uv, const char *name, int events, int status)
{
    struct fs_watch *watch = uv->data;
    (void)name, (void)events, (void)status;
    watch->fire(watch->data); /* may free the watch */
}

static void on_closed(uv_handle_t *uv)
{
    free(uv->data);
}

int fs_watch_new(struct loop *loop, const char *path, void (*fire)(void *data), void *data,
                 struct fs_watch **out)
{
    struct fs_watch *watch = xnew(struct fs_watch);
    watch->uv.data = watch;
    watch->fire = fire;
    watch->data = data;
    int code = uv_fs_event_init(loop_uv(loop), &watch->uv);
    if (code < 0) {
        free(watch);
        return uv_status(code);
    }
    code = uv_fs_event_start(&watch->uv, on_event, path, 0);
    if (code < 0) {
        fs_watch_free(watch);
        return uv_status(code);
    }
    *out = watch;
    return JF_OK;
}

void fs_watch_free(struct fs_watch *watch)
{
    if (watch)
        uv_close((uv_handle_t *)&watch->uv, on_closed);
}
