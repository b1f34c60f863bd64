/*
 * config_domains - host names that select stages by base path, as API Gateway's custom
 * domains do.
 *
 * Like all readers it returns false when the error has been set. [main thread]
 */
#ifndef JF_PARSE_CONFIG_DOMAINS_H
#define JF_PARSE_CONFIG_DOMAINS_H

#include "core/parse/config_reader.h"

bool domains_read(struct config_reader *reader, const cJSON *node);

/* Is there a stage behind each base path? JF_E_INVALID with *error. */
int domains_check(const struct config *config, struct config_error *error);

void domains_fini(struct config *config);

#endif
