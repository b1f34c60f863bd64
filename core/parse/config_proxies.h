/*
 * config_proxies - whose word on the client's address is believed.
 *
 * Like all readers it returns false when the error has been set. [main thread]
 */
#ifndef JF_PARSE_CONFIG_PROXIES_H
#define JF_PARSE_CONFIG_PROXIES_H

#include "core/parse/config_reader.h"

bool proxies_read(struct config_reader *reader, const cJSON *node);

#endif
