/*
 * config_reader - where we are in the tree, and how to complain about it.
 *
 * What config_read.c and config_trees.c share, hence the struct's body. A bool is false
 * when *error has been set; then all reading ends, and nobody climbs back. [main thread]
 */
#ifndef JF_PARSE_CONFIG_READER_H
#define JF_PARSE_CONFIG_READER_H

#include <cjson/cJSON.h>

#include "core/base/log.h"
#include "core/parse/config.h"

struct config_reader {
    struct config *config;
    const char *folder;
    struct config_error *error;
    char path[256]; /* of the key we are at: limits.ping_s */
    size_t path_len;
};

/* "path: what is wrong with it". Returns false. */
__attribute__((format(printf, 2, 3))) bool reader_fail(struct config_reader *reader,
                                                       const char *format, ...);

/* A text of the file as an error may show it. Returns `out`. */
const char *reader_shown(const char *text, char out[LOG_QUOTED_MAX]);

/* Go one key or element deeper; returns what reader_climb() takes. A path too long for us
 * is cut, no more. */
size_t reader_descend(struct config_reader *reader, const char *name);
size_t reader_descend_element(struct config_reader *reader, unsigned index);
void reader_climb(struct config_reader *reader, size_t mark);

/* "a number", "null" */
const char *reader_type_name(const cJSON *node);

/* Does an earlier child of `parent` have this one's key? */
bool reader_is_repeated(const cJSON *parent, const cJSON *child);

/* Is it one? If not, that is an error. */
bool reader_want_object(struct config_reader *reader, const cJSON *node);

/* Read each member of an object, with its name in the path; one that comes twice is an
 * error. */
bool reader_each(struct config_reader *reader, const cJSON *node,
                 bool (*read)(struct config_reader *reader, const cJSON *node, void *data),
                 void *data);

/* Is `text` 1 to 64 of these characters? */
#define READER_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
bool reader_is_made_of(const char *text, const char *characters);

bool reader_flag(struct config_reader *reader, const cJSON *node, bool *out);

/* A text that is not empty. `*out` belongs to the tree. */
bool reader_text(struct config_reader *reader, const cJSON *node, const char **out);

/* A file's name, joined to the folder if it is relative. The caller frees `*out`, and what
 * it held is freed. */
bool reader_file(struct config_reader *reader, const cJSON *node, char **out);

#endif
