/* A configuration's text, and what becomes of it. */
#ifndef JF_TEST_CONFIG_TALK_H
#define JF_TEST_CONFIG_TALK_H

#include "tests/unit/test.h"

#include <string.h>

#include "core/base/bytes.h"
#include "core/parse/config.h"

static inline struct config *parsed(const char *text)
{
    struct config *config = NULL;
    struct config_error error = { 0, 0, "no error" };
    if (config_parse(jf_str(text), NULL, &config, &error) != JF_OK)
        fail_msg("%u:%u: %s: %s", error.line, error.column, error.text, text);
    return config;
}

/* It is refused, with a sentence that has both parts in it. */
static inline void check_refused(const char *text, const char *where, const char *what)
{
    struct config *config = NULL;
    struct config_error error = { 0, 0, "no error" };
    if (config_parse(jf_str(text), NULL, &config, &error) != JF_E_INVALID)
        fail_msg("accepted: %s", text);
    if (!strstr(error.text, where) || !strstr(error.text, what))
        fail_msg("\"%s\", without \"%s\" or \"%s\": %s", error.text, where, what, text);
}

/* It is read, and is not fit to run. */
static inline void check_unfit(const char *text, const char *what)
{
    struct config_error error = { 0, 0, "no error" };
    struct config *config = parsed(text);
    if (config_check(config, &error) != JF_E_INVALID || !strstr(error.text, what))
        fail_msg("\"%s\", without \"%s\": %s", error.text, what, text);
    config_free(config);
}

static inline void check_fit(const char *text)
{
    struct config_error error = { 0, 0, "no error" };
    struct config *config = parsed(text);
    if (config_check(config, &error) != JF_OK)
        fail_msg("%s: %s", error.text, text);
    config_free(config);
}

#endif
