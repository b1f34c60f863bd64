/* Reads key files, and sees that they have changed. Each worker has keys of its own, so
 * that verifying takes no lock and an old key is gone when its worker says so.
 *
 * jf_watch() is not used for them: it would replace the whole instance, with a trial and a
 * way back to keys that were withdrawn. Keys change more often than code. */
#include "key_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/crypto.h>

/* A file that was written so recently may be written again without a trace: the clock of
 * file systems is coarse. */
#define YOUNG_S 2

/* ---- Marks -----------------------------------------------------------------------------
 */

static struct key_mark mark_of(const struct stat *st)
{
    time_t age = time(NULL) - st->st_mtim.tv_sec;
    return (struct key_mark){ .dev = st->st_dev,
                              .ino = st->st_ino,
                              .size = st->st_size,
                              .mtime = st->st_mtim,
                              .settled = age < 0 || age > YOUNG_S };
}

static bool is_same(const struct key_mark *a, const struct key_mark *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec;
}

/* A file that is not there has a mark too, of zeros. */
static struct key_mark look_at(const char *path)
{
    struct stat st;
    struct key_mark none = { .settled = true };
    return stat(path, &st) == 0 ? mark_of(&st) : none;
}

/* ---- Reading ---------------------------------------------------------------------------
 */

struct text {
    char *octets;
    size_t len, room;
};

/* The octets of an open file, into room that is one larger than it said to be: a file that
 * grows while it is read shows by that. */
static bool read_all(int fd, struct text *text)
{
    while (text->len < text->room) {
        ssize_t got = read(fd, text->octets + text->len, text->room - text->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        text->len += (size_t)got;
    }
    return false;
}

static const char *read_open(int fd, struct text *text)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return "it is no regular file";
    if (st.st_size > (off_t)JWKS_TEXT_MAX)
        return "it is larger than 256 KiB";
    text->room = (size_t)st.st_size + 1;
    text->octets = malloc(text->room);
    if (!text->octets)
        return "there is no memory for it";
    return read_all(fd, text) ? NULL : "it changed while it was read";
}

/* NULL, or why it cannot be read. */
static const char *read_file(const char *path, struct text *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return "it cannot be opened";
    const char *why = read_open(fd, text);
    (void)close(fd);
    return why;
}

/* `echo` writes one octet more than was meant, and no token is good any more. */
static void warn_of_newline(const struct key_files *files, const struct key_source *source,
                            const struct text *text)
{
    if (files->loud && source->format == JWKS_SECRET && text->len &&
        text->octets[text->len - 1] == '\n')
        jf_log(
            files->self, JF_WARN,
            "event=newline_in_secret file=\"%s\" why=\"the line break at its end is part "
            "of the secret\"",
            source->path);
}

static const char *add_file(const struct key_files *files, const struct key_source *source,
                            struct jwks *keys)
{
    struct text text = { NULL, 0, 0 };
    const char *why = read_file(source->path, &text);
    if (!why) {
        warn_of_newline(files, source, &text);
        int status = jwks_add(keys, source->format, jf_view(text.octets, text.len),
                              source->kid, &why);
        if (status == JF_E_NOMEM)
            why = "there is no memory for it";
    }
    if (text.octets)
        OPENSSL_cleanse(text.octets, text.len);
    free(text.octets);
    return why;
}

/* All or nothing. */
static bool load(const struct key_files *files, struct jwks *keys)
{
    const struct key_source *source = files->sources;
    const char *why = NULL;
    for (size_t i = 0; i < files->count && !why; i++) {
        source = &files->sources[i];
        why = add_file(files, source, keys);
    }
    if (why)
        jf_log(files->self, files->loud ? JF_ERROR : JF_DEBUG,
               "event=bad_keys file=\"%s\" why=\"%s\"", source->path, why);
    else if (keys->skipped)
        jf_log(files->self, files->loud ? JF_WARN : JF_DEBUG,
               "event=keys_left_out count=%zu why=\"%s\"", keys->skipped,
               keys->skipped_why);
    return !why;
}

/* ---- Their life ------------------------------------------------------------------------
 */

static void drop(struct jwks *keys)
{
    jwks_fini(keys);
    free(keys);
}

/* The mark comes before the content: what changes in between is read again. */
static void mark_all(struct key_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        files->marks[i] = look_at(files->sources[i].path);
}

static struct jwks *read_keys(const struct key_files *files)
{
    struct jwks *keys = calloc(1, sizeof(*keys));
    if (keys && load(files, keys))
        return keys;
    drop(keys);
    return NULL;
}

int key_files_open(jf_self *self, const struct key_source *sources, size_t count, bool loud,
                   struct key_files *out)
{
    struct key_files files = {
        .self = self, .sources = sources, .count = count, .loud = loud
    };
    mark_all(&files);
    files.keys = read_keys(&files);
    if (!files.keys)
        return JF_E_INVALID;
    *out = files;
    return JF_OK;
}

bool key_files_look(struct key_files *files)
{
    bool changed = false, young = false;
    for (size_t i = 0; i < files->count; i++) {
        struct key_mark mark = look_at(files->sources[i].path);
        changed = changed || !is_same(&mark, &files->marks[i]);
        young = young || !files->marks[i].settled;
    }
    if (!changed && !young)
        return false;

    struct key_files quiet = *files;
    quiet.loud = files->loud && changed; /* what is read once more is not told once more */
    mark_all(files);
    struct jwks *keys = read_keys(&quiet);
    if (!keys)
        return false;
    drop(files->keys);
    files->keys = keys;
    if (quiet.loud)
        jf_log(files->self, JF_INFO, "event=keys_read count=%zu", keys->count);
    return changed;
}

void key_files_close(struct key_files *files)
{
    if (!files)
        return;
    drop(files->keys);
    files->keys = NULL;
}
