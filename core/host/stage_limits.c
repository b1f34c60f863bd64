/* One small block per stage, which is never moved. */
#include "core/host/stage_limits.h"

#include "core/base/memory.h"

void stage_limits_for_net(const struct config *config, const struct config_limits *limits,
                          struct net_limits *out)
{
    *out = (struct net_limits){
        .frames = { limits->frame_bytes, limits->message_bytes, config->refuse_binary },
        .inbox_bytes = limits->inbox_bytes,
        .outbox_bytes = limits->outbox_bytes,
        .ping_ms = limits->ping_s * 1000,
        .idle_ms = limits->idle_s * 1000,
        .lifetime_ms = limits->lifetime_s * 1000,
    };
}

static void make_room(struct stage_limits_table *table, uint32_t count)
{
    if (count <= table->count)
        return;
    table->by_stage = xrealloc(table->by_stage, count * sizeof(*table->by_stage));
    while (table->count < count)
        table->by_stage[table->count++] = NULL;
}

void stage_limits_take(struct stage_limits_table *table, const struct stages *stages,
                       const struct config *config)
{
    make_room(table, stages_count(stages));
    for (size_t i = 0; i < config->stage_count; i++) {
        const struct config_stage *from = &config->stages[i];
        const struct stage *stage = stages_find(stages, jf_str(from->name));
        struct config_limits whole;
        struct stage_limits **slot = &table->by_stage[stage->index];
        if (!*slot)
            *slot = xnew(struct stage_limits);
        config_stage_limits(config, from, &whole);
        stage_limits_for_net(config, &whole, &(*slot)->net);
        (*slot)->event_ms = whole.event_ms;
    }
}

const struct stage_limits *stage_limits_find(const struct stage_limits_table *table,
                                             const struct stage *stage)
{
    CHECK(stage->index < table->count && table->by_stage[stage->index]);
    return table->by_stage[stage->index];
}

void stage_limits_fini(struct stage_limits_table *table)
{
    for (uint32_t i = 0; i < table->count; i++)
        free(table->by_stage[i]);
    free(table->by_stage);
}
