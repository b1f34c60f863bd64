/* Reads "rates" of a stage: how much, by whom it is counted. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/parse/config_access.h"

#define BURST_MAX 1000000000.0
#define PER_SECOND_MAX 1000000000.0
#define ROUTES_MAX 300
#define NUMBER_MAX 1e6
#define CEILINGS_MAX 16
#define CEILING_NAME_MAX 256 /* octets */
#define SAID_PREFIX "authorizer."
#define CLOSE_AFTER 100 /* refused messages, unless it is said */

static const char *const scopes[RATE_SCOPES] = { "connection", "address", "stage" };

static bool is_whole(double number)
{
    return number == (double)(uint64_t)number;
}

bool access_read_rate(struct config_reader *r, const cJSON *node, struct config_rate *out)
{
    const char *text = NULL;
    char *end;
    if (!reader_text(r, node, &text))
        return false;
    double per_second = strtod(text, &end);
    bool valid = end != text && *end == '/';
    const char *second = end + valid;
    double burst = valid ? strtod(second, &end) : 0;
    valid = valid && end != second && !*end && per_second >= 0.001 &&
            per_second <= PER_SECOND_MAX && burst >= 1 && burst <= BURST_MAX &&
            is_whole(burst);
    if (!valid)
        return reader_fail(r, "must be how many per second, a slash, and how many at once, "
                              "as in \"10/20\" or \"0.5/3\"");
    out->per_second_milli = (uint64_t)(per_second * 1000 + 0.5);
    out->burst = (uint32_t)burst;
    return true;
}

/* Where in the plan, besides which section. */
struct place {
    struct config_rates *rates;
    struct config_rate *by_scope;
};

static bool read_route(struct config_reader *r, const cJSON *node, void *data)
{
    struct config_rates *rates = data;
    if (rates->route_count == ROUTES_MAX)
        return reader_fail(r, "there are more than %d", ROUTES_MAX);
    rates->routes =
        xrealloc(rates->routes, (rates->route_count + 1) * sizeof(*rates->routes));
    struct config_route_rate *route = &rates->routes[rates->route_count++];
    *route = (struct config_route_rate){ .key = xdup(jf_str(node->string)) };
    return access_read_rate(r, node, &route->rate);
}

/* Who connects is no connection yet. */
static bool read_scope(struct config_reader *r, const cJSON *node, void *data)
{
    const struct place *place = data;
    struct config_rates *rates = place->rates;
    bool messages = place->by_scope == rates->messages;
    bool connects = place->by_scope == rates->connects;
    if (messages && strcmp(node->string, "routes") == 0)
        return reader_each(r, node, read_route, rates);
    for (int scope = connects; scope < RATE_SCOPES; scope++) {
        if (strcmp(node->string, scopes[scope]) == 0)
            return access_read_rate(r, node, &place->by_scope[scope]);
    }
    return reader_fail(r, "unknown key; known here are %saddress, stage%s",
                       connects ? "" : "connection, ", messages ? ", routes" : "");
}

static bool read_number(struct config_reader *r, const cJSON *node, double least,
                        uint32_t *out)
{
    if (!cJSON_IsNumber(node) || node->valuedouble < least ||
        node->valuedouble > NUMBER_MAX || !is_whole(node->valuedouble))
        return reader_fail(r, "must be a whole number, %g to %g", least, NUMBER_MAX);
    *out = (uint32_t)node->valuedouble;
    return true;
}

/* By what the authorizer said of who connects. */
static bool read_said_ceiling(struct config_reader *r, const cJSON *node,
                              struct config_rates *rates)
{
    const char *name = node->string + strlen(SAID_PREFIX);
    if (!*name || strlen(name) > CEILING_NAME_MAX)
        return reader_fail(r, "1 to %d octets must follow \"" SAID_PREFIX "\"",
                           CEILING_NAME_MAX);
    if (rates->ceiling_count == CEILINGS_MAX)
        return reader_fail(r, "there are more than %d", CEILINGS_MAX);
    size_t size = (rates->ceiling_count + 1) * sizeof(*rates->ceilings);
    rates->ceilings = xrealloc(rates->ceilings, size);
    struct config_ceiling *ceiling = &rates->ceilings[rates->ceiling_count++];
    *ceiling = (struct config_ceiling){ .name = xdup(jf_str(name)) };
    return read_number(r, node, 1, &ceiling->connections);
}

static bool read_ceiling(struct config_reader *r, const cJSON *node, void *data)
{
    struct config_rates *rates = data;
    if (strcmp(node->string, "address") == 0)
        return read_number(r, node, 1, &rates->connections_per_address);
    if (strncmp(node->string, SAID_PREFIX, strlen(SAID_PREFIX)) == 0)
        return read_said_ceiling(r, node, rates);
    return reader_fail(r, "unknown key; known here are address, " SAID_PREFIX "NAME");
}

static bool read_section(struct config_reader *r, const cJSON *node, void *data)
{
    struct config_rates *rates = data;
    struct place place = { rates, NULL };
    if (strcmp(node->string, "messages") == 0)
        place.by_scope = rates->messages;
    else if (strcmp(node->string, "bytes") == 0)
        place.by_scope = rates->bytes;
    else if (strcmp(node->string, "connects") == 0)
        place.by_scope = rates->connects;
    else if (strcmp(node->string, "connections") == 0)
        return reader_each(r, node, read_ceiling, rates);
    else if (strcmp(node->string, "global") == 0)
        return reader_flag(r, node, &rates->global);
    else if (strcmp(node->string, "close_after") == 0)
        return read_number(r, node, 0, &rates->close_after);
    else
        return reader_fail(r, "unknown key; known here are messages, bytes, connects, "
                              "connections, global, close_after");
    return reader_each(r, node, read_scope, &place);
}

bool access_read_rates(struct config_reader *r, const cJSON *node,
                       struct config_stage *stage)
{
    stage->rates.close_after = CLOSE_AFTER;
    return reader_each(r, node, read_section, &stage->rates);
}
