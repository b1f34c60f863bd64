/* From a URL path to a file. The longest mount wins; links are followed only as long as
 * they stay inside the folder. */
#include "core/net/http_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/base/bytes.h"
#include "core/net/server.h"

static const struct {
    const char *extension, *type;
} types[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".mjs", "text/javascript; charset=utf-8" },
    { ".json", "application/json" },
    { ".map", "application/json" },
    { ".txt", "text/plain; charset=utf-8" },
    { ".md", "text/markdown; charset=utf-8" },
    { ".svg", "image/svg+xml" },
    { ".png", "image/png" },
    { ".jpg", "image/jpeg" },
    { ".jpeg", "image/jpeg" },
    { ".gif", "image/gif" },
    { ".webp", "image/webp" },
    { ".ico", "image/x-icon" },
    { ".woff2", "font/woff2" },
    { ".wasm", "application/wasm" },
    { ".webmanifest", "application/manifest+json" },
};

const char *http_files_type(const char *file)
{
    const char *dot = strrchr(file, '.');
    for (size_t i = 0; dot && i < sizeof(types) / sizeof(types[0]); i++) {
        if (bytes_eq_nocase(jf_str(dot), types[i].extension))
            return types[i].type;
    }
    return "application/octet-stream";
}

/* What of `path` lies below `mount`; NULL if nothing does. */
static const char *below(const char *mount, const char *path)
{
    size_t len = strlen(mount);
    while (len && mount[len - 1] == '/')
        len--;
    if (strncmp(path, mount, len) != 0 || (path[len] != '/' && path[len] != '\0'))
        return NULL;
    return path + len;
}

static const struct net_static *mount_of(const struct net_static *statics, size_t count,
                                         const char *path, const char **rest)
{
    const struct net_static *best = NULL;
    for (size_t i = 0; i < count; i++) {
        const char *part = below(statics[i].path, path);
        if (part && (!best || strlen(statics[i].path) > strlen(best->path))) {
            best = &statics[i];
            *rest = part;
        }
    }
    return best;
}

bool http_files_cover(const struct net_static *statics, size_t count, const char *path)
{
    const char *rest;
    return mount_of(statics, count, path, &rest) != NULL;
}

static bool has_dotted_part(const char *path)
{
    return strstr(path, "/.") != NULL || path[0] == '.';
}

static bool is_inside(const char *folder, const char *file)
{
    size_t len = strlen(folder);
    return strncmp(folder, file, len) == 0 && (file[len] == '/' || len == 1);
}

static bool resolve(const char *folder, const char *rest, char file[PATH_MAX])
{
    char wanted[PATH_MAX], root[PATH_MAX];
    struct stat about;
    size_t len = strlen(rest);
    const char *index = len == 0 ? "/index.html" : rest[len - 1] == '/' ? "index.html" : "";
    int n = snprintf(wanted, sizeof(wanted), "%s%s%s", folder, rest, index);
    if (n < 0 || n >= PATH_MAX || !realpath(folder, root) || !realpath(wanted, file))
        return false;
    return is_inside(root, file) && stat(file, &about) == 0 && S_ISREG(about.st_mode);
}

bool http_files_find(const struct net_static *statics, size_t count, const char *path,
                     char file[PATH_MAX])
{
    const char *rest;
    const struct net_static *mount = mount_of(statics, count, path, &rest);
    return mount && !has_dotted_part(rest) && resolve(mount->folder, rest, file);
}
