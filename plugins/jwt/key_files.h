/* The keys of one worker, read from files and again when those change. */
#ifndef JF_JWT_KEY_FILES_H
#define JF_JWT_KEY_FILES_H

#include <sys/stat.h>
#include <time.h>

#include "jwks.h"

#define KEY_FILES_MAX 16

struct key_source {
    const char *path;
    enum jwks_format format;
    const char *kid; /* NULL: none */
};

/* What a file was when it was read. */
struct key_mark {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime;
    bool settled; /* it was not young then: a change leaves another mark */
};

struct key_files {
    jf_self *self;
    const struct key_source *sources; /* borrowed */
    size_t count;
    bool loud; /* of several workers, one says what goes wrong */
    struct jwks *keys;
    struct key_mark marks[KEY_FILES_MAX];
};

/* Read all. JF_E_INVALID: a file cannot be read or has no key that is good; the log says
 * which and why. */
int key_files_open(jf_self *self, const struct key_source *sources, size_t count, bool loud,
                   struct key_files *out);

/* See whether a file has changed, and if so read all: one stat() per file, so not more than
 * once a second. If anything is wrong then, the keys stay what they were, and the log says
 * it once. True: the keys are others now. [the worker] */
bool key_files_look(struct key_files *files);

void key_files_close(struct key_files *files);

#endif
