/*
 * engine_so - shared objects; the one file that knows dlfcn.h.
 *
 * The loader keeps a file by its inode and maps it: a new build would not be seen, and one
 * that is copied over the old would change code that runs. So what is opened is a private
 * copy, in a folder of this process. Entries of the same file in the same version share one
 * library. [main thread]
 */
#ifndef JF_HOST_ENGINE_SO_H
#define JF_HOST_ENGINE_SO_H

#include <stddef.h>

#include "sdk/jackfield.h"

struct library;

/* Open the shared object at `path`, or take part in it if it is open in this version. On
 * failure *error says why, without the path. */
int library_open(const char *path, struct library **out, char *error, size_t error_size);

/* The description inside. */
const struct jf_plugin *library_entry(const struct library *library);

/* It is no longer used by one of those who opened it. The last one closes it, and nothing
 * may point into it from then on. NULL is accepted. */
void library_close(struct library *library);

/* At the end of the program: remove the copies. Libraries that are still open stay mapped,
 * so that no destructor or leak report points into the void. */
void library_forget_copies(void);

#endif
