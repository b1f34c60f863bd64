/* Paths and stamps. Opening what is found is the engine's. */
#include "core/host/plugin_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

/* build/core/cli/jackfield has its plugins in build/plugins. */
static bool search_build(const char *name, char path[PATH_MAX])
{
    char program[PATH_MAX], folder[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 1);
    if (len <= 0)
        return false;
    program[len] = '\0';
    char *slash = strrchr(program, '/');
    if (!slash)
        return false;
    *slash = '\0';
    int n = snprintf(folder, sizeof(folder), "%s/../../plugins", program);
    return n > 0 && n < PATH_MAX && join(jf_str(folder), name, path);
}

bool plugin_file_find(const char *file, char path[PATH_MAX])
{
    if (strlen(file) < PATH_MAX - 2 && access(file, R_OK) == 0) {
        /* without a slash the loader would look elsewhere */
        snprintf(path, PATH_MAX, "%s%s", strchr(file, '/') ? "" : "./", file);
        return true;
    }
    const char *name = base_name(file);
    return search(getenv("JACKFIELD_PLUGIN_PATH"), name, path) ||
           search(JF_PLUGIN_DIR, name, path) || search_build(name, path);
}

struct file_stamp file_stamp_of(const char *path)
{
    struct stat about;
    struct file_stamp stamp = { 0 };
    if (stat(path, &about) == 0)
        stamp = (struct file_stamp){ about.st_dev, about.st_ino, (uint64_t)about.st_size,
                                     about.st_mtim.tv_sec, about.st_mtim.tv_nsec };
    return stamp;
}

bool file_stamp_same(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed_s == b->changed_s && a->changed_ns == b->changed_ns;
}

bool file_stamp_missing(const struct file_stamp *stamp)
{
    return !stamp->inode;
}
