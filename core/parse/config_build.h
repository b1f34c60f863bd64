/*
 * config_build - putting a struct config together.
 *
 * For the other files of the configuration only. What these return belongs to the
 * configuration and moves when the next one of its kind is added. [main thread]
 */
#ifndef JF_PARSE_CONFIG_BUILD_H
#define JF_PARSE_CONFIG_BUILD_H

#include "core/parse/config.h"

struct config_option;

/* Every option to its default. */
void config_preset(struct config *config, enum config_profile profile);

/* Defaults that follow other options, once those are known. */
void config_settle(struct config *config);

/* What `slot` held is freed. */
void config_set_text(char **slot, const char *text);

/* A choice's word, by its index: to an enum or a bool in `base`, the struct that the
 * option's section describes. */
void config_set_choice(void *base, const struct config_option *option, unsigned index);

/* NULL: a stage has that name already. */
struct config_stage *config_stage_add(struct config *config, const char *name);

/* "$default", added if it is not there. */
struct config_stage *config_stage_default(struct config *config);

struct config_plugin *config_plugin_add(struct config_stage *stage);

/* Do the limits agree, those for all and those of each stage? JF_E_INVALID with *error. */
int config_check_limits(const struct config *config, struct config_error *error);

/* What is wrong, with no place in the text. JF_E_INVALID. */
__attribute__((format(printf, 2, 3))) int config_refuse(struct config_error *error,
                                                        const char *format, ...);

#endif
