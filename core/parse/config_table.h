/*
 * config_table - every option there is, as data.
 *
 * One row per key of the configuration file. config.c reads a file by these rows and
 * config_print.c describes them, so a row is all it takes to add an option. The struct's
 * body stands here because those two share it. Constant. [any thread]
 */
#ifndef JF_PARSE_CONFIG_TABLE_H
#define JF_PARSE_CONFIG_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/parse/config.h"

/* Sections of keys that a file may have more than once, or that it names itself. */
#define CONFIG_IN_STAGE "stages.NAME"
#define CONFIG_IN_STAGE_LIMITS "stages.NAME.limits"
#define CONFIG_IN_PLUGIN "plugins[]"
#define CONFIG_IN_USAGE_PLAN "usage_plans.NAME"
#define CONFIG_IN_API_KEY "api_keys.ID"

#define CONFIG_ROUTE_DEFAULT "$request.body.action"

/* An id of AWS's is ten lower case letters and digits. */
#define CONFIG_API_ID_DEFAULT "jackfield0"

/* Up to CONFIG_TEXT a row is a value in struct config itself, and has a default. */
enum config_type {
    CONFIG_NUMBER, /* uint64_t */
    CONFIG_CHOICE, /* an enum or a bool: the index of the word */
    CONFIG_WORD,   /* char *, one of the words */
    CONFIG_TEXT,   /* char * */
    CONFIG_FILE,   /* char *, NULL if not given */
    CONFIG_SECTION,
    CONFIG_STAGES,
    CONFIG_STATICS,
    CONFIG_ROUTE,
    CONFIG_PLUGINS,
    CONFIG_OPTIONS,
    CONFIG_RENAMES,
    CONFIG_ACCESS_KEYS,
    CONFIG_TOKENS,
    CONFIG_API_ID,
    CONFIG_VARIABLES,
    CONFIG_DOMAINS,
    CONFIG_PROXIES,
    CONFIG_TWO_WAY,
    CONFIG_ORIGINS,
    CONFIG_IDENTITY,
    CONFIG_MODELS,
    CONFIG_RATES,
    CONFIG_USAGE_PLANS,
    CONFIG_API_KEYS,
    CONFIG_STAGE_PLANS,
    CONFIG_STAGE_CHOICE, /* an enum: the index of the word */
    CONFIG_RATE,         /* struct config_rate */
    CONFIG_COUNT,        /* uint32_t or uint64_t */
    CONFIG_FLAG,         /* bool */
    CONFIG_KEY_VALUE,
    CONFIG_KEY_SHA256,
    CONFIG_KEY_PLAN,
    CONFIG_STAGE_LIMITS, /* an object of the next */
    CONFIG_OVERRIDE,     /* uint64_t, like the row of this name in "limits" */
};

struct config_option {
    const char *section, *name; /* the top level's section is "" */
    enum config_type type;
    size_t offset, size; /* of the member, in the struct the section describes */
    uint64_t low, high;
    uint64_t preset[2];         /* by profile; of a choice, the index */
    const char *preset_text;    /* of a text; or how to print a preset that is no number */
    const char *const *choices; /* NULL-terminated */
    const char *sentence;
};

extern const struct config_option config_options[];
extern const size_t config_option_count;

/* NULL: there is no such key in this section. */
const struct config_option *config_option_find(const char *section, const char *name);

/* Can it not change while the host runs? */
bool config_option_is_fixed(const struct config_option *option);

bool config_option_has_default(const struct config_option *option);

/* The default as people read it, "" if there is none. Returns `out`. */
const char *config_option_default(const struct config_option *option,
                                  enum config_profile profile, char out[64]);

/* What a key may be, for people: "0 .. 64", "accept, refuse", "file". Returns `out`. */
const char *config_option_values(const struct config_option *option, char out[128]);

/* The closest key to a mistyped one, with its section if it belongs to another; "" if none
 * is close. Returns `out`. */
const char *config_option_suggest(const char *section, const char *name, char out[64]);

#endif
