/*
 * engine_so - the one file that knows dlfcn.h.
 *
 * Libraries are never closed, so that no callback, destructor or leak report points into
 * the void. [main thread]
 */
#ifndef JF_HOST_ENGINE_SO_H
#define JF_HOST_ENGINE_SO_H

#include <stddef.h>

#include "sdk/jackfield.h"

/* The description inside a shared object. A file that is not where the configuration says
 * is looked for by its name in the folders of JACKFIELD_PLUGIN_PATH, then in the installed
 * plugin folder. On failure *error says which file and why. */
int engine_so_open(const char *file, const struct jf_plugin **out, char *error,
                   size_t error_size);

#endif
