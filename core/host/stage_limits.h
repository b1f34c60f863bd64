/*
 * stage_limits - what a stage allows its connections, on one worker.
 *
 * The network reads a connection's limits by a pointer that stays the same for its life; a
 * reload changes what stands there. [home worker; or while it is being built]
 */
#ifndef JF_HOST_STAGE_LIMITS_H
#define JF_HOST_STAGE_LIMITS_H

#include "core/host/stage.h"
#include "core/net/server.h"
#include "core/parse/config.h"

struct stage_limits {
    struct net_limits net;
    uint64_t event_ms;
};

/* Of all stages; embedded in a worker, hence the body. Zeroed: of none. */
struct stage_limits_table {
    struct stage_limits **by_stage; /* by the stage's index; NULL: none yet */
    uint32_t count;
};

/* As the network wants them. */
void stage_limits_for_net(const struct config *config, const struct config_limits *limits,
                          struct net_limits *out);

/* From now on those of this configuration, for the stages that it names. */
void stage_limits_take(struct stage_limits_table *table, const struct stages *stages,
                       const struct config *config);

/* Of a stage that was in a configuration. */
const struct stage_limits *stage_limits_find(const struct stage_limits_table *table,
                                             const struct stage *stage);

void stage_limits_fini(struct stage_limits_table *table);

#endif
