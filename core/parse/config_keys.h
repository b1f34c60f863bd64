/*
 * config_keys - usage plans, the API keys that are of them, and the stages that ask for
 * one.
 *
 * Like all readers they return false when the error has been set. No error repeats the
 * value of a key. [main thread]
 */
#ifndef JF_PARSE_CONFIG_KEYS_H
#define JF_PARSE_CONFIG_KEYS_H

#include "core/parse/config_reader.h"

/* "usage_plans" of the top level: before everything that names a plan. */
bool keys_read_plans(struct config_reader *reader, const cJSON *node);

/* "api_keys". */
bool keys_read(struct config_reader *reader, const cJSON *node);

/* Of one key. */
bool keys_read_value(struct config_reader *reader, const cJSON *node,
                     struct config_api_key *key);
bool keys_read_sha256(struct config_reader *reader, const cJSON *node,
                      struct config_api_key *key);
bool keys_read_plan(struct config_reader *reader, const cJSON *node,
                    struct config_api_key *key);

/* "usage_plans" of a stage. */
bool keys_read_stage_plans(struct config_reader *reader, const cJSON *node,
                           struct config_stage *stage);

/* When all of the stage `node` has been read: does what it says of keys agree? */
bool keys_check_stage(struct config_reader *reader, const cJSON *node);

void keys_fini(struct config *config);

#endif
