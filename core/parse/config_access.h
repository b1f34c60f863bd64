/*
 * config_access - who may come into a stage, what they may send, and how much.
 *
 * Like all readers they return false when the error has been set. [main thread]
 */
#ifndef JF_PARSE_CONFIG_ACCESS_H
#define JF_PARSE_CONFIG_ACCESS_H

#include "core/parse/config_reader.h"

bool access_read_origins(struct config_reader *reader, const cJSON *node,
                         struct config_stage *stage);
bool access_read_identity(struct config_reader *reader, const cJSON *node,
                          struct config_stage *stage);
bool access_read_models(struct config_reader *reader, const cJSON *node,
                        struct config_stage *stage);

/* One, as in "10/20": ten per second, twenty at once. */
bool access_read_rate(struct config_reader *reader, const cJSON *node,
                      struct config_rate *out);
bool access_read_rates(struct config_reader *reader, const cJSON *node,
                       struct config_stage *stage);

#endif
