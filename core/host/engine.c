/* A row per extension. */
#include "core/host/engine.h"

#include <stdio.h>

#include "core/base/memory.h"
#include "core/host/engine_so.h"
#include "core/host/plugin_file.h"

static const struct {
    const char *extension, *engine;
} engines[] = {
    { ".lua", "lua.so" },
};

/* NULL: it is no script. */
static const char *engine_of(const char *path)
{
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof(engines) / sizeof(engines[0]); i++) {
        if (strcmp(dot, engines[i].extension) == 0)
            return engines[i].engine;
    }
    return NULL;
}

int engine_open(const struct config *config, const struct config_plugin *entry,
                const char *path, struct library **library, char **options, bool *is_script,
                char *error, size_t error_size)
{
    char where[PATH_MAX];
    const char *engine = engine_of(path);
    *is_script = engine != NULL;
    if (!engine) {
        *options = xdup(jf_str(entry->options));
        return library_open(path, library, error, error_size);
    }
    *options = config_script_options(config, entry, path);
    if (plugin_file_find(engine, where))
        return library_open(where, library, error, error_size);
    snprintf(error, error_size,
             "needs its engine, %s, which is neither in JACKFIELD_PLUGIN_PATH nor in %s",
             engine, JF_PLUGIN_DIR);
    return JF_E_NOT_FOUND;
}
