/* Copies a shared object, looks at it, opens it, and looks up the one symbol. */
#include "core/host/engine_so.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/host/plugin_file.h"
#include "core/host/whole_file.h"
#include "core/parse/elf_file.h"

#define FILE_MAX ((size_t)1 << 30)

struct library {
    struct list_node node;
    char *path, *copy;
    struct file_stamp stamp;
    unsigned users;
    void *handle;
    const struct jf_plugin *entry;
};

static struct list_node libraries = { &libraries, &libraries };
static char folder[PATH_MAX]; /* of the copies; empty: not made yet */
static unsigned copies;

static struct library *find_open(const char *path, const struct file_stamp *stamp)
{
    for (struct list_node *at = libraries.next; at != &libraries; at = at->next) {
        struct library *library = CONTAINER_OF(at, struct library, node);
        if (strcmp(library->path, path) == 0 && file_stamp_same(&library->stamp, stamp))
            return library;
    }
    return NULL;
}

/* ---- The copy ----------------------------------------------------------- */

static bool make_folder(void)
{
    const char *where = getenv("TMPDIR");
    if (*folder)
        return true;
    int n = snprintf(folder, sizeof(folder), "%s/jackfield-XXXXXX",
                     where && *where ? where : "/tmp");
    if (n > 0 && n < PATH_MAX && mkdtemp(folder))
        return true;
    *folder = '\0';
    return false;
}

static bool write_whole(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    size_t done = 0;
    while (fd >= 0 && done < len) {
        ssize_t put = write(fd, text + done, len - done);
        if (put <= 0)
            break;
        done += (size_t)put;
    }
    return fd >= 0 && close(fd) == 0 && done == len;
}

static const char *copy_text(const char *path, const char *text, size_t len, char **out)
{
    const char *slash = strrchr(path, '/');
    char copy[PATH_MAX];
    if (!make_folder())
        return "no folder for its copy could be made; TMPDIR names where";
    int n = snprintf(copy, sizeof(copy), "%s/%u-%s", folder, ++copies,
                     slash ? slash + 1 : path);
    if (n < 0 || n >= PATH_MAX)
        return "its path is too long";
    if (!write_whole(copy, text, len)) {
        unlink(copy);
        return "it could not be copied; TMPDIR names where copies go";
    }
    *out = xdup(jf_str(copy));
    return NULL;
}

/* NULL: there is a copy. */
static const char *copy_file(struct library *library)
{
    struct stat about;
    size_t len;
    if (stat(library->path, &about) == 0 && !S_ISREG(about.st_mode))
        return "it is no file";
    AUTO_FREE char *text = whole_file_read(library->path, FILE_MAX, &len);
    if (!text)
        return strerror(errno);
    const char *problem = elf_file_problem(jf_view(text, len));
    return problem ? problem : copy_text(library->path, text, len, &library->copy);
}

/* ---- The library -------------------------------------------------------- */

static void library_free(struct library *library)
{
    if (library->copy)
        unlink(library->copy);
    list_remove(&library->node);
    free(library->copy);
    free(library->path);
    free(library);
}

/* What the loader says begins with our copy's name, which tells the reader nothing. */
static const char *loader_complaint(const struct library *library)
{
    const char *said = dlerror();
    size_t len = strlen(library->copy);
    if (!said)
        return "the loader does not say why";
    if (strncmp(said, library->copy, len) == 0 && strncmp(said + len, ": ", 2) == 0)
        return said + len + 2;
    return said;
}

static int load(struct library *library, char *error, size_t error_size)
{
    library->handle = dlopen(library->copy, RTLD_NOW | RTLD_LOCAL);
    if (!library->handle) {
        snprintf(error, error_size, "cannot be loaded: %s", loader_complaint(library));
        return JF_E_INVALID;
    }
    library->entry = dlsym(library->handle, "jf_entry");
    if (library->entry)
        return JF_OK;
    snprintf(error, error_size,
             "has no symbol jf_entry; a plugin ends with JF_PLUGIN(...)");
    dlclose(library->handle);
    return JF_E_INVALID;
}

int library_open(const char *path, struct library **out, char *error, size_t error_size)
{
    struct file_stamp stamp = file_stamp_of(path);
    struct library *library = find_open(path, &stamp);
    if (library) {
        library->users++;
        *out = library;
        return JF_OK;
    }
    library = xnew(struct library);
    library->path = xdup(jf_str(path));
    library->stamp = stamp;
    library->users = 1;
    const char *problem = copy_file(library);
    if (problem)
        snprintf(error, error_size, "%s", problem);
    int status = problem ? JF_E_INVALID : load(library, error, error_size);
    if (status < 0) {
        library_free(library);
        return status;
    }
    list_append(&libraries, &library->node);
    *out = library;
    return JF_OK;
}

const struct jf_plugin *library_entry(const struct library *library)
{
    return library->entry;
}

void library_close(struct library *library)
{
    if (!library || --library->users)
        return;
    dlclose(library->handle);
    library_free(library);
}

void library_forget_copies(void)
{
    struct list_node *node;
    while ((node = list_first(&libraries)))
        library_free(CONTAINER_OF(node, struct library, node));
    if (*folder)
        rmdir(folder);
    *folder = '\0';
}
