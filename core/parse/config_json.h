/*
 * config_json - the text of a configuration file to a tree.
 *
 * JSON in which // and slash-star comments are blanks. The tree is cJSON's; the caller
 * frees it with cJSON_Delete(). [any thread]
 */
#ifndef JF_PARSE_CONFIG_JSON_H
#define JF_PARSE_CONFIG_JSON_H

#include <cjson/cJSON.h>

#include "core/parse/config.h"

#define CONFIG_NESTING_MAX 64

/* JF_E_INVALID with *error, which has the line and column, unless the text is too long. */
int config_json_read(jf_bytes text, cJSON **out, struct config_error *error);

#endif
