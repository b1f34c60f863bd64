/* Limits: those of a stage over those for all, and whether they agree. */
#include <stdio.h>

#include "core/base/bytes.h"
#include "core/parse/config_build.h"
#include "core/parse/config_table.h"

#define FRAME_HEADER_MAX 10 /* of a frame to a client: RFC 6455, section 5.2 */

void config_stage_limits(const struct config *config, const struct config_stage *stage,
                         struct config_limits *out)
{
    *out = config->limits;
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        uint64_t own;
        if (option->type != CONFIG_OVERRIDE)
            continue;
        memcpy(&own, (const char *)stage + option->offset, sizeof(own));
        size_t at = option->offset - offsetof(struct config_stage, limits);
        if (own != CONFIG_UNSET)
            memcpy((char *)out + at, &own, sizeof(own));
    }
    if (config->frames_follow && stage->limits.frame_bytes == CONFIG_UNSET)
        out->frame_bytes = out->message_bytes;
}

uint64_t config_longest_message(const struct config *config)
{
    uint64_t longest = config->limits.message_bytes;
    for (size_t i = 0; i < config->stage_count; i++) {
        struct config_limits limits;
        config_stage_limits(config, &config->stages[i], &limits);
        if (limits.message_bytes > longest)
            longest = limits.message_bytes;
    }
    return longest;
}

/* `where` is "" or "stages.prod.". */
static int check(const struct config *config, const struct config_limits *limits,
                 const char *where, struct config_error *error)
{
    if (limits->outbox_bytes < limits->message_bytes + FRAME_HEADER_MAX)
        return config_refuse(error,
                             "%slimits.outbox_bytes: must hold a message of "
                             "%slimits.message_bytes and its header of 10",
                             where, where);
    if (limits->mailbox_bytes < limits->message_bytes)
        return config_refuse(error,
                             "limits.mailbox_bytes: must hold a message of "
                             "%slimits.message_bytes",
                             where);
    if (strcmp(config->store.kind, "redis") == 0 &&
        limits->message_bytes > CONFIG_FAR_MESSAGE_MAX)
        return config_refuse(error,
                             "%slimits.message_bytes: at most %u with a store in Redis, "
                             "through which messages travel between nodes",
                             where, CONFIG_FAR_MESSAGE_MAX);
    return JF_OK;
}

int config_check_limits(const struct config *config, struct config_error *error)
{
    int status = check(config, &config->limits, "", error);
    for (size_t i = 0; status == JF_OK && i < config->stage_count; i++) {
        char where[160];
        struct config_limits limits;
        snprintf(where, sizeof(where), "stages.%s.", config->stages[i].name);
        config_stage_limits(config, &config->stages[i], &limits);
        status = check(config, &limits, where, error);
    }
    return status;
}
