/*
 * node_number - the number of a node, with which the ids of its connections begin.
 *
 * In base64url the ids of the numbers from NODE_NUMBERS on would begin with "-", the last
 * ones with "_", and command lines would take the former for options (aws
 * apigatewaymanagementapi post-to-connection --connection-id). Nobody gets those; ids that
 * have them are as good as any. [any thread]
 */
#ifndef JF_BASE_NODE_NUMBER_H
#define JF_BASE_NODE_NUMBER_H

#include <stdint.h>

#include "core/base/random.h"

#define NODE_NUMBERS 0xf800u /* its first six bits stand for "-" */

/* At random, and not 0. */
static inline uint16_t node_number_pick(void)
{
    return (uint16_t)(1 + random_below(NODE_NUMBERS - 1));
}

#endif
