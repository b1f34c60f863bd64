/*
 * engine - what runs a plugin's file, by its extension.
 *
 * A shared object runs itself. A script is an instance of its engine, which is a plugin
 * like any other and is told of the script by its options. [main thread]
 */
#ifndef JF_HOST_ENGINE_H
#define JF_HOST_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/parse/config.h"

struct library;

/* Open what runs the file at `path`. *options, the caller's, is what its init is told. On
 * failure *error says why, without the path. */
int engine_open(const struct config *config, const struct config_plugin *entry,
                const char *path, struct library **library, char **options, bool *is_script,
                char *error, size_t error_size);

#endif
