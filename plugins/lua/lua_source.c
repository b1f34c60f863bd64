/*
 * Files, read once and kept.
 *
 * The one lock of the engine is here, and a file may be read under it: workers that ask for
 * the same module at the same time must get the same text, and wait for it once. What the
 * text means is not known here.
 */
#include "lua_source.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct lua_source {
    /* never changes */
    jf_self *self;
    char *folder; /* with its slash; empty: the working directory */
    char *name;

    /* under the lock */
    pthread_mutex_t lock;
    struct lua_text *texts;
};

int lua_source_new(jf_self *self, const char *script, struct lua_source **out)
{
    const char *slash = strrchr(script, '/');
    const char *name = slash ? slash + 1 : script;
    if (!*name || strlen(script) >= PATH_MAX)
        return JF_E_INVALID;
    struct lua_source *source = calloc(1, sizeof(*source));
    if (!source)
        return JF_E_NOMEM;
    source->self = self;
    source->name = strdup(name);
    source->folder = strndup(script, (size_t)(name - script));
    pthread_mutex_init(&source->lock, NULL);
    if (!source->name || !source->folder) {
        lua_source_free(source);
        return JF_E_NOMEM;
    }
    *out = source;
    return JF_OK;
}

void lua_source_free(struct lua_source *source)
{
    if (!source)
        return;
    while (source->texts) {
        struct lua_text *text = source->texts;
        source->texts = text->next;
        free(text);
    }
    pthread_mutex_destroy(&source->lock);
    free(source->folder);
    free(source->name);
    free(source);
}

const char *lua_source_name(const struct lua_source *source)
{
    return source->name;
}

/* One block: the struct, its path, the chunk's name, then room for the code. */
static struct lua_text *new_text(const char *path, size_t size)
{
    size_t path_size = strlen(path) + 1;
    struct lua_text *text = malloc(sizeof(*text) + 2 * path_size + 1 + size);
    if (!text)
        return NULL;
    char *chunk = text->path + path_size;
    memcpy(text->path, path, path_size);
    chunk[0] = '@';
    memcpy(chunk + 1, path, path_size);
    text->chunk = chunk;
    text->code = chunk + 1 + path_size;
    text->len = 0;
    return text;
}

/* What Lua's own loader skips: a byte order mark, and a first line that starts with '#',
 * but for its end, so that lines keep their numbers. */
static void skip_start(struct lua_text *text)
{
    const char *end = text->code + text->len;
    if (text->len >= 3 && memcmp(text->code, "\xef\xbb\xbf", 3) == 0)
        text->code += 3;
    if (text->code < end && *text->code == '#') {
        while (text->code < end && *text->code != '\n')
            text->code++;
    }
    text->len = (size_t)(end - text->code);
}

/* The file is `size` bytes long, as far as we know. */
static int read_all(int fd, const char *path, size_t size, struct lua_text **out)
{
    struct lua_text *text = new_text(path, size);
    if (!text)
        return JF_E_NOMEM;
    while (text->len < size) {
        ssize_t n = read(fd, text->code + text->len, size - text->len);
        if (n < 0 && errno != EINTR) {
            free(text);
            return JF_E_UNAVAILABLE;
        }
        if (n == 0)
            break;
        if (n > 0)
            text->len += (size_t)n;
    }
    skip_start(text);
    *out = text;
    return JF_OK;
}

/* A pipe or a device would not end, so it is not waited for either. */
static int read_file(const char *full, const char *path, struct lua_text **out)
{
    struct stat info;
    int fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? JF_E_NOT_FOUND : JF_E_UNAVAILABLE;
    int status = JF_E_UNAVAILABLE;
    if (fstat(fd, &info) == 0) {
        if (!S_ISREG(info.st_mode))
            status = JF_E_INVALID;
        else if (info.st_size > LUA_SOURCE_MAX)
            status = JF_E_TOO_BIG;
        else
            status = read_all(fd, path, (size_t)info.st_size, out);
    }
    close(fd);
    return status;
}

static int read_new(struct lua_source *source, const char *path, bool expected,
                    struct lua_text **out)
{
    char full[PATH_MAX];
    int n = snprintf(full, sizeof(full), "%s%s", source->folder, path);
    if (n < 0 || (size_t)n >= sizeof(full))
        return JF_E_INVALID;
    if (expected || access(full, F_OK) == 0) {
        /* A host that watches nothing is no reason not to run. */
        int watched = jf_watch(source->self, jf_str(full));
        (void)watched;
    }
    return read_file(full, path, out);
}

int lua_source_get(struct lua_source *source, const char *path, bool expected,
                   const struct lua_text **out)
{
    struct lua_text *text;
    int status = JF_OK;
    pthread_mutex_lock(&source->lock);
    for (text = source->texts; text && strcmp(text->path, path) != 0; text = text->next)
        ;
    if (!text) {
        status = read_new(source, path, expected, &text);
        if (status == JF_OK) {
            text->next = source->texts;
            source->texts = text;
        }
    }
    pthread_mutex_unlock(&source->lock);
    if (status == JF_OK)
        *out = text;
    return status;
}
