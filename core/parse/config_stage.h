/*
 * config_stage - what a stage says of itself besides its plugins.
 *
 * Like all readers they return false when the error has been set. [main thread]
 */
#ifndef JF_PARSE_CONFIG_STAGE_H
#define JF_PARSE_CONFIG_STAGE_H

#include "core/parse/config_reader.h"

bool stage_read_api_id(struct config_reader *reader, const cJSON *node,
                       struct config_stage *stage);
bool stage_read_variables(struct config_reader *reader, const cJSON *node,
                          struct config_stage *stage);
bool stage_read_two_way(struct config_reader *reader, const cJSON *node,
                        struct config_stage *stage);

#endif
