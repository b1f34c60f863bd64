/* One line for each kind of fault and lane, however many calls meet it. */
#include "http_clock.h"
#include "http_lane.h"

#define EVERY_MS 10000

void http_report(struct http_lane *lane, enum http_fault fault, const char *why)
{
    struct http_gate *gate = &lane->gates[fault];
    uint64_t now = http_now();
    if (now < gate->open_at) {
        gate->held++;
        return;
    }
    jf_log(lane->w->self, JF_WARN, "route=%s failure=%s why=%s held_back=%u",
           lane->it->route, http_fault_name(fault), why, gate->held);
    gate->open_at = now + EVERY_MS;
    gate->held = 0;
}
