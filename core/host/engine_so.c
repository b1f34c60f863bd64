/* Finds a shared object, opens it, and looks up the one symbol. */
#include "core/host/engine_so.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/bytes.h"

static const char *base_name(const char *file)
{
    const char *slash = strrchr(file, '/');
    return slash ? slash + 1 : file;
}

static bool join(jf_bytes folder, const char *name, char path[PATH_MAX])
{
    int n = snprintf(path, PATH_MAX, "%.*s/%s", BYTES_FMT(folder), name);
    return n > 0 && n < PATH_MAX && access(path, R_OK) == 0;
}

/* In the folders of a colon-separated list. */
static bool search(const char *folders, const char *name, char path[PATH_MAX])
{
    jf_bytes rest = jf_str(folders ? folders : "");
    while (rest.len) {
        size_t end = bytes_find(rest, ':');
        if (end && join(jf_view(rest.ptr, end), name, path))
            return true;
        rest = bytes_from(rest, end + 1);
    }
    return false;
}

static bool find(const char *file, char path[PATH_MAX])
{
    if (strlen(file) < PATH_MAX && access(file, R_OK) == 0) {
        /* without a slash dlopen() would look elsewhere */
        snprintf(path, PATH_MAX, "%s%s", strchr(file, '/') ? "" : "./", file);
        return true;
    }
    return search(getenv("JACKFIELD_PLUGIN_PATH"), base_name(file), path) ||
           search(JF_PLUGIN_DIR, base_name(file), path);
}

int engine_so_open(const char *file, const struct jf_plugin **out, char *error,
                   size_t error_size)
{
    char path[PATH_MAX];
    if (!find(file, path)) {
        snprintf(error, error_size,
                 "%s: no such file, neither there nor in JACKFIELD_PLUGIN_PATH nor in %s",
                 file, JF_PLUGIN_DIR);
        return JF_E_NOT_FOUND;
    }
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        snprintf(error, error_size, "%s: cannot be loaded: %s", file, dlerror());
        return JF_E_INVALID;
    }
    *out = dlsym(library, "jf_entry");
    if (!*out) {
        snprintf(error, error_size,
                 "%s: has no symbol jf_entry; a plugin ends with JF_PLUGIN(...)", file);
        return JF_E_INVALID;
    }
    return JF_OK;
}
