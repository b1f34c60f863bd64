/* Reads "rates" of a stage: how much, by whom it is counted. */
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/parse/config_access.h"

#define BURST_MAX 1000000000.0
#define PER_SECOND_MAX 1000000000.0
#define ROUTES_MAX 300
#define CLOSE_AFTER 100 /* refused messages, unless it is said */

static const char *const scopes[RATE_SCOPES] = { "connection", "address", "stage" };

static bool is_whole(double number)
{
    return number == (double)(uint64_t)number;
}

/* "10/20": ten per second, twenty at once. */
static bool read_rate(struct config_reader *r, const cJSON *node, struct config_rate *out)
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

static bool read_route_rate(struct config_reader *r, const cJSON *node,
                            struct config_rates *rates)
{
    if (rates->route_count == ROUTES_MAX)
        return reader_fail(r, "there are more than %d", ROUTES_MAX);
    rates->routes =
        xrealloc(rates->routes, (rates->route_count + 1) * sizeof(*rates->routes));
    struct config_route_rate *route = &rates->routes[rates->route_count++];
    *route = (struct config_route_rate){ .key = xdup(jf_str(node->string)) };
    return read_rate(r, node, &route->rate);
}

static bool read_children(struct config_reader *r, const cJSON *node,
                          struct config_rates *rates, struct config_rate *by_scope,
                          bool (*read_one)(struct config_reader *r, const cJSON *node,
                                           struct config_rates *rates,
                                           struct config_rate *by_scope))
{
    const cJSON *child;
    if (!reader_want_object(r, node))
        return false;
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend(r, child->string);
        if (reader_is_repeated(node, child))
            return reader_fail(r, "given twice");
        if (!read_one(r, child, rates, by_scope))
            return false;
        reader_climb(r, mark);
    }
    return true;
}

static bool read_route(struct config_reader *r, const cJSON *node,
                       struct config_rates *rates, struct config_rate *by_scope)
{
    (void)by_scope;
    return read_route_rate(r, node, rates);
}

static bool read_scope(struct config_reader *r, const cJSON *node,
                       struct config_rates *rates, struct config_rate *by_scope)
{
    if (by_scope == rates->messages && strcmp(node->string, "routes") == 0)
        return read_children(r, node, rates, by_scope, read_route);
    for (int scope = by_scope == rates->connects; scope < RATE_SCOPES; scope++) {
        if (strcmp(node->string, scopes[scope]) == 0)
            return read_rate(r, node, &by_scope[scope]);
    }
    return reader_fail(r, "unknown key; known here are %s%s",
                       by_scope == rates->connects ? "" : "connection, ",
                       by_scope == rates->messages ? "address, stage, routes"
                                                   : "address, stage");
}

static bool read_ceiling(struct config_reader *r, const cJSON *node,
                         struct config_rates *rates, struct config_rate *by_scope)
{
    (void)by_scope;
    if (strcmp(node->string, "address") != 0)
        return reader_fail(r, "unknown key; known here is address");
    if (!cJSON_IsNumber(node) || node->valuedouble < 1 || node->valuedouble > 1e6 ||
        !is_whole(node->valuedouble))
        return reader_fail(r, "must be a whole number, 1 to 1000000");
    rates->connections_per_address = (uint32_t)node->valuedouble;
    return true;
}

static bool read_close_after(struct config_reader *r, const cJSON *node,
                             struct config_rates *rates)
{
    if (!cJSON_IsNumber(node) || node->valuedouble < 0 || node->valuedouble > 1e6 ||
        !is_whole(node->valuedouble))
        return reader_fail(r, "must be a whole number, 0 to 1000000");
    rates->close_after = (uint32_t)node->valuedouble;
    return true;
}

static bool read_section(struct config_reader *r, const cJSON *node,
                         struct config_rates *rates, struct config_rate *by_scope)
{
    const char *name = node->string;
    (void)by_scope;
    if (strcmp(name, "messages") == 0)
        return read_children(r, node, rates, rates->messages, read_scope);
    if (strcmp(name, "bytes") == 0)
        return read_children(r, node, rates, rates->bytes, read_scope);
    if (strcmp(name, "connects") == 0)
        return read_children(r, node, rates, rates->connects, read_scope);
    if (strcmp(name, "connections") == 0)
        return read_children(r, node, rates, NULL, read_ceiling);
    if (strcmp(name, "close_after") == 0)
        return read_close_after(r, node, rates);
    return reader_fail(r, "unknown key; known here are messages, bytes, connects, "
                          "connections, close_after");
}

bool access_read_rates(struct config_reader *r, const cJSON *node,
                       struct config_stage *stage)
{
    stage->rates.close_after = CLOSE_AFTER;
    return read_children(r, node, &stage->rates, NULL, read_section);
}
