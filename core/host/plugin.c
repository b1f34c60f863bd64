/* From a file to an instance and back. What the events of an instance do is dispatch's, and
 * when it comes and goes is reload's. */
#include "core/host/plugin.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/engine.h"
#include "core/host/engine_so.h"
#include "core/loop/mailbox.h"

/* What every plugin must have: everything up to and including its routes. */
#define ENTRY_MIN (offsetof(struct jf_plugin, routes) + sizeof(const struct jf_route *))

static int complain(char error[PLUGIN_ERROR_MAX], const char *file, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int complain(char error[PLUGIN_ERROR_MAX], const char *file, const char *format, ...)
{
    int n = snprintf(error, PLUGIN_ERROR_MAX, "%s: ", file);
    va_list args;
    va_start(args, format);
    if (n > 0 && n < PLUGIN_ERROR_MAX)
        vsnprintf(error + n, PLUGIN_ERROR_MAX - (size_t)n, format, args);
    va_end(args);
    return JF_E_INVALID;
}

static int check_entry(const struct jf_plugin *entry, const char *file,
                       char error[PLUGIN_ERROR_MAX])
{
    if (entry->size < ENTRY_MIN)
        return complain(error, file, "its description is %u octets, %zu are the least",
                        entry->size, ENTRY_MIN);
    if (entry->abi_major != JF_ABI_MAJOR)
        return complain(error, file,
                        "built for ABI %u.%u, this host speaks %u.%u; rebuild it with this "
                        "host's jackfield.h",
                        entry->abi_major, entry->abi_minor, JF_ABI_MAJOR, JF_ABI_MINOR);
    if (entry->abi_minor > JF_ABI_MINOR)
        return complain(error, file,
                        "built for ABI %u.%u, newer than this host's %u.%u; use a newer "
                        "host or rebuild it with this host's jackfield.h",
                        entry->abi_major, entry->abi_minor, JF_ABI_MAJOR, JF_ABI_MINOR);
    if (!entry->name || !*entry->name)
        return complain(error, file, "has no name");
    return JF_OK;
}

/* ---- Routes ------------------------------------------------------------- */

static bool key_allowed(jf_bytes key)
{
    if (!key.len)
        return false;
    return key.ptr[0] != '$' || bytes_eq(key, "$authorize") || bytes_eq(key, "$connect") ||
           bytes_eq(key, "$disconnect") || bytes_eq(key, "$default");
}

static struct route *find_route(struct plugin *plugin, jf_bytes key)
{
    for (size_t i = 0; i < plugin->route_count; i++) {
        if (jf_same(plugin->routes[i].key, key))
            return &plugin->routes[i];
    }
    return NULL;
}

static jf_bytes key_of(jf_bytes text)
{
    return jf_view(xdup(text), text.len);
}

static void free_key(jf_bytes key)
{
    union {
        const char *in;
        void *out;
    } pointer = { .in = key.ptr };
    free(pointer.out);
}

int plugin_add_route(struct plugin *plugin, jf_bytes key, jf_event_fn *handler, void *data)
{
    if (!plugin->initialising || !handler || !key_allowed(key) || find_route(plugin, key))
        return JF_E_INVALID;
    plugin->routes =
        xrealloc(plugin->routes, (plugin->route_count + 1) * sizeof(*plugin->routes));
    plugin->routes[plugin->route_count++] =
        (struct route){ key_of(key), plugin, handler, data };
    return JF_OK;
}

static int add_constant_routes(struct plugin *plugin, char error[PLUGIN_ERROR_MAX])
{
    const struct jf_route *route = plugin->entry.routes;
    for (; route && route->key; route++) {
        if (plugin_add_route(plugin, jf_str(route->key), route->handler, NULL) == JF_OK)
            continue;
        return complain(
            error, plugin->file,
            "route \"%s\" is not acceptable: a key is not empty, stands there "
            "once, has a handler, and begins with \"$\" only as $authorize, $connect, "
            "$disconnect or $default",
            route->key);
    }
    return JF_OK;
}

/* "routes" of the configuration: the stage's key for a route the plugin calls otherwise. */
static int rename_routes(struct plugin *plugin, const struct config_plugin *config,
                         char error[PLUGIN_ERROR_MAX])
{
    for (size_t i = 0; i < config->rename_count; i++) {
        const struct config_rename *rename = &config->renames[i];
        struct route *route = find_route(plugin, jf_str(rename->name));
        if (!route)
            return complain(error, plugin->file,
                            "the configuration maps \"%s\" to \"%s\", but it has no such "
                            "route",
                            rename->key, rename->name);
        if (!key_allowed(jf_str(rename->key)))
            return complain(error, plugin->file, "\"%s\" cannot be a route key",
                            rename->key);
        free_key(route->key);
        route->key = key_of(jf_str(rename->key));
    }
    return JF_OK;
}

/* ---- Files -------------------------------------------------------------- */

static struct plugin_file *find_file(struct plugin *plugin, const char *path)
{
    for (size_t i = 0; i < plugin->file_count; i++) {
        if (strcmp(plugin->files[i].path, path) == 0)
            return &plugin->files[i];
    }
    return NULL;
}

static int keep_file(struct plugin *plugin, const char *path, struct file_stamp stamp)
{
    if (plugin->file_count == PLUGIN_WATCHED_MAX)
        return JF_E_FULL;
    plugin->files =
        xrealloc(plugin->files, (plugin->file_count + 1) * sizeof(*plugin->files));
    plugin->files[plugin->file_count++] = (struct plugin_file){ xdup(jf_str(path)), stamp };
    return JF_OK;
}

int plugin_add_file_as(struct plugin *plugin, jf_bytes path, struct file_stamp stamp)
{
    AUTO_FREE char *text = xdup(path);
    return find_file(plugin, text) ? JF_OK : keep_file(plugin, text, stamp);
}

bool plugin_is_path(jf_bytes path)
{
    return path.len && path.len < PATH_MAX && bytes_find(path, '\0') == path.len;
}

int plugin_add_file(struct plugin *plugin, jf_bytes path)
{
    if (!plugin_is_path(path))
        return JF_E_INVALID;
    AUTO_FREE char *text = xdup(path);
    return plugin_add_file_as(plugin, path, file_stamp_of(text));
}

void plugin_learn_files(struct plugin *plugin, const struct plugin *from)
{
    for (size_t i = 0; i < from->file_count; i++) {
        const struct plugin_file *file = &from->files[i];
        struct plugin_file *known = find_file(plugin, file->path);
        if (known)
            known->stamp = file->stamp;
        else
            keep_file(plugin, file->path, file->stamp);
    }
}

bool plugin_files_changed(const struct plugin *plugin)
{
    for (size_t i = 0; i < plugin->file_count; i++) {
        struct file_stamp now = file_stamp_of(plugin->files[i].path);
        if (!file_stamp_missing(&now) && !file_stamp_same(&now, &plugin->files[i].stamp))
            return true;
    }
    return false;
}

/* ---- From file to instance ---------------------------------------------- */

/* One that does not stand in an error of ours is a line of its own after all. */
static void say_complaint(struct plugin *plugin)
{
    char quoted[PLUGIN_ERROR_MAX];
    if (!plugin->complaint)
        return;
    LOG_ERROR(PLUGIN, "event=says plugin=%s text=%s", plugin->name,
              log_quote_long(jf_str(plugin->complaint), quoted, sizeof(quoted)));
    free(plugin->complaint);
    plugin->complaint = NULL;
}

void plugin_keep_complaint(struct plugin *plugin, jf_bytes text)
{
    say_complaint(plugin);
    plugin->complaint = xdup(text);
}

static int run_init(struct plugin *plugin, const char *options,
                    char error[PLUGIN_ERROR_MAX])
{
    if (!plugin->entry.init)
        return JF_OK;
    int status = plugin->entry.init(&plugin->self, jf_str(options));
    if (status == JF_OK) {
        say_complaint(plugin);
        return JF_OK;
    }
    if (plugin->complaint)
        return complain(error, plugin->file, "%s (its init failed: %s)", plugin->complaint,
                        status_name(status));
    return complain(error, plugin->file, "its init failed: %s", status_name(status));
}

static void describe(struct plugin *plugin, const struct jf_plugin *entry,
                     const struct jf_host *table, uint32_t worker_count)
{
    size_t size = entry->size < sizeof(*entry) ? entry->size : sizeof(*entry);
    memcpy(&plugin->entry, entry, size);
    plugin->self.host = table;
    plugin->self.worker_count = worker_count;
    plugin->seats = xcalloc(worker_count, sizeof(*plugin->seats));
    for (uint32_t i = 0; i < worker_count; i++) {
        plugin->seats[i].pub = (jf_worker){ .self = &plugin->self, .index = i };
        plugin->seats[i].plugin = plugin;
    }
}

static struct plugin *plugin_new(const char *file, const struct stage *stage,
                                 struct mailbox *box)
{
    struct plugin *plugin = xnew(struct plugin);
    plugin->file = xdup(jf_str(file));
    plugin->stage = stage;
    plugin->box = box;
    atomic_init(&plugin->holds, 1); /* the router's */
    return plugin;
}

static void release(struct plugin *plugin)
{
    for (size_t i = 0; i < plugin->route_count; i++)
        free_key(plugin->routes[i].key);
    for (size_t i = 0; i < plugin->file_count; i++)
        free(plugin->files[i].path);
    free(plugin->routes);
    free(plugin->files);
    free(plugin->complaint);
    free(plugin->seats);
    free(plugin->name);
    free(plugin->file);
    free(plugin);
}

/* A script is called by its own name, not by its engine's. */
static char *name_of(const struct plugin *plugin, const char *path, bool is_script)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    if (!is_script)
        return xdup(jf_str(plugin->entry.name));
    return xdup(jf_view(base, strcspn(base, ".")));
}

/* Open it, and check what it says before a line of its code runs. */
static int open_it(struct plugin *plugin, const struct plugin_source *from, char **options,
                   char error[PLUGIN_ERROR_MAX])
{
    char path[PATH_MAX], why[PLUGIN_ERROR_MAX / 2];
    bool is_script;
    if (!plugin_file_find(plugin->file, path))
        return complain(error, plugin->file,
                        "no such file, neither there nor in JACKFIELD_PLUGIN_PATH nor in "
                        "%s",
                        JF_PLUGIN_DIR);
    int status = plugin_add_file(plugin, jf_str(path));
    if (status == JF_OK)
        status = engine_open(from->config, from->entry, path, &plugin->library, options,
                             &is_script, why, sizeof(why));
    if (status < 0)
        return complain(error, plugin->file, "%s", why);
    const struct jf_plugin *entry = library_entry(plugin->library);
    status = check_entry(entry, plugin->file, error);
    if (status < 0)
        return status;
    describe(plugin, entry, from->table, from->worker_count);
    plugin->name = name_of(plugin, path, is_script);
    return JF_OK;
}

static int begin(struct plugin *plugin, const struct config_plugin *entry,
                 const char *options, char error[PLUGIN_ERROR_MAX])
{
    plugin->initialising = true;
    int status = add_constant_routes(plugin, error);
    if (status == JF_OK)
        status = run_init(plugin, options, error);
    plugin->initialising = false;
    if (status < 0)
        return status;
    plugin->life = PLUGIN_LOADED;
    return rename_routes(plugin, entry, error);
}

int plugin_load(const struct plugin_source *from, struct plugin *old, struct plugin **out,
                char error[PLUGIN_ERROR_MAX])
{
    AUTO_FREE char *options = NULL;
    struct plugin *plugin = plugin_new(from->entry->file, from->stage, from->box);
    int status = open_it(plugin, from, &options, error);
    if (status == JF_OK)
        status = begin(plugin, from->entry, options, error);
    if (status == JF_OK && old && plugin->entry.take_over) {
        status = plugin->entry.take_over(&plugin->self, &old->self);
        if (status < 0)
            complain(error, plugin->file,
                     "it cannot take over from the version that runs: "
                     "%s",
                     status_name(status));
    }
    if (status < 0) {
        if (old)
            plugin_learn_files(old, plugin);
        plugin_free(plugin, true);
        return JF_E_INVALID;
    }
    LOG_INFO(PLUGIN, "event=loaded plugin=%s version=%s file=%s routes=%zu", plugin->name,
             plugin->entry.version ? plugin->entry.version : "-", plugin->files[0].path,
             plugin->route_count);
    *out = plugin;
    return JF_OK;
}

void plugin_free(struct plugin *plugin, bool unload)
{
    if (!plugin)
        return;
    uint64_t unfinished = atomic_load(&plugin->unfinished);
    if (unfinished) { /* it may still use what it has: let it be */
        LOG_ERROR(PLUGIN, "event=not_released plugin=%s file=%s unfinished_events=%llu",
                  plugin->name, plugin->file, (unsigned long long)unfinished);
        return;
    }
    if (plugin->life != PLUGIN_NOT_LOADED && plugin->entry.fini)
        plugin->entry.fini(&plugin->self);
    if (unload)
        library_close(plugin->library);
    release(plugin);
}

/* ---- On the workers ----------------------------------------------------- */

int plugin_worker_init(struct plugin *plugin, uint32_t index)
{
    if (!plugin->entry.worker_init)
        return JF_OK;
    int status = plugin->entry.worker_init(&plugin->seats[index].pub);
    if (status == JF_OK)
        return JF_OK;
    LOG_ERROR(PLUGIN, "event=worker_init_failed plugin=%s file=%s status=%s", plugin->name,
              plugin->file, status_name(status));
    return JF_E_INVALID;
}

void plugin_worker_fini(struct plugin *plugin, uint32_t index)
{
    if (plugin->entry.worker_fini && !atomic_load(&plugin->unfinished))
        plugin->entry.worker_fini(&plugin->seats[index].pub);
}

/* ---- Holds -------------------------------------------------------------- */

/* `box` outlives the instance; the instance, after the count has reached zero, lives at
 * least until the news has been run. */
void plugin_unhold(struct plugin *plugin)
{
    if (atomic_fetch_sub(&plugin->holds, 1) == 1 &&
        atomic_exchange(&plugin->awaited, false))
        mailbox_post_reserved(plugin->box, &plugin->let_go_news);
}

void plugin_await(struct plugin *plugin, void (*let_go)(struct task *task))
{
    plugin->let_go_news.run = let_go;
    atomic_store(&plugin->awaited, true);
    plugin_unhold(plugin);
}

void plugin_hold_again(struct plugin *plugin)
{
    atomic_store(&plugin->awaited, false);
    plugin_hold(plugin);
}
