/*
 * config_trees - the options that are more than one value: stages, plugins, static folders.
 *
 * Like all readers they return false when the error has been set. [main thread]
 */
#ifndef JF_PARSE_CONFIG_TREES_H
#define JF_PARSE_CONFIG_TREES_H

#include "core/parse/config_reader.h"

/* An object by the rows of `section`, into `base`, the struct those rows describe. This one
 * is config_read.c's: trees are made of objects again. */
bool config_read_object(struct config_reader *reader, const cJSON *node,
                        const char *section, void *base);

bool tree_read_route(struct config_reader *reader, const cJSON *node,
                     struct config_stage *stage);
bool tree_read_plugins(struct config_reader *reader, const cJSON *node,
                       struct config_stage *stage);
/* Can a stage be called that? */
bool tree_is_stage_name(const char *name);

bool tree_read_stages(struct config_reader *reader, const cJSON *node);
bool tree_read_statics(struct config_reader *reader, const cJSON *node);
bool tree_read_options(struct config_reader *reader, const cJSON *node,
                       struct config_plugin *plugin);
bool tree_read_renames(struct config_reader *reader, const cJSON *node,
                       struct config_plugin *plugin);
bool tree_read_access_keys(struct config_reader *reader, const cJSON *node);
bool tree_read_tokens(struct config_reader *reader, const cJSON *node);

#endif
