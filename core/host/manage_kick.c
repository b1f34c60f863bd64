/* Requests that close many. The answer comes when it is on its way to everybody who is to
 * do it; nobody counts how many they were. */
#include "core/host/group_name.h"
#include "core/host/kick.h"
#include "core/host/manage_impl.h"
#include "core/host/worker.h"

static void kick(struct managed *managed, struct kick_order *order)
{
    if (managed_read_close(managed, &order->code, &order->reason))
        managed_end_empty(managed, kick_on_all_nodes(managed->worker->gateway, order));
}

void manage_kick_group(struct managed *managed)
{
    struct group_name name;
    if (group_name_make(managed->stage->name, managed->path.name, &name) < 0)
        managed_refuse(managed, "a group's name has 1 to 256 octets");
    else
        kick(managed, &(struct kick_order){ KICK_GROUP, .name = name.bytes });
}

/* Without an attribute it would be everybody; that is not what anybody means. */
void manage_kick_where(struct managed *managed)
{
    struct kick_order order = { KICK_WHERE, .name = managed->stage->name };
    bool named = managed_parameter(managed, "attribute", &order.key) &&
                 managed_parameter(managed, "value", &order.value);
    if (!named || !order.key.len || order.key.len > STORE_NAME_MAX || !order.value.len)
        managed_refuse(managed,
                       "attribute, of 1 to 256 octets, and value say whom to close");
    else
        kick(managed, &order);
}
