/* All that limit a message are asked first, then taken from: a refusal costs nothing. */
#include "core/host/rates.h"

#include <pthread.h>

#include "core/base/buckets.h"
#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/table.h"
#include "core/host/stage.h"

#define ADDRESSES_MAX 65536 /* with a bucket, per stage and kind */
#define FULL_WAIT_MS 1000   /* for a place among the connections of an address */
#define V6_PREFIX 8

/* ---- The plan ----------------------------------------------------------- */

static bool is_limit(const struct rate *rate)
{
    return rate->burst > 0;
}

static void init_rate(struct rate *rate, const struct config_rate *config)
{
    if (config->burst)
        rate_init(rate, config->per_second_milli, config->burst);
}

static void init_routes(struct rate_plan *plan, const struct config_rates *config)
{
    size_t size = 0;
    for (size_t i = 0; i < config->route_count; i++)
        size += strlen(config->routes[i].key);
    char *at = plan->keys = xalloc(size);
    plan->routes = xcalloc(config->route_count, sizeof(*plan->routes));
    plan->route_count = config->route_count;
    for (size_t i = 0; i < config->route_count; i++) {
        plan->routes[i].key = bytes_keep(jf_str(config->routes[i].key), &at);
        init_rate(&plan->routes[i].rate, &config->routes[i].rate);
    }
}

void rate_plan_init(struct rate_plan *plan, const struct config_rates *config)
{
    *plan = (struct rate_plan){ .connections_per_address = config->connections_per_address,
                                .close_after = config->close_after };
    for (int scope = 0; scope < RATE_SCOPES; scope++) {
        init_rate(&plan->messages[scope], &config->messages[scope]);
        init_rate(&plan->bytes[scope], &config->bytes[scope]);
        init_rate(&plan->connects[scope], &config->connects[scope]);
        bool limited = is_limit(&plan->messages[scope]) || is_limit(&plan->bytes[scope]);
        plan->limits_messages |= limited;
        plan->shares_messages |= limited && scope != RATE_CONNECTION;
        plan->limits_connects |= is_limit(&plan->connects[scope]);
    }
    plan->limits_connects |= plan->connections_per_address > 0;
    plan->limits_messages |= config->route_count > 0;
    init_routes(plan, config);
}

void rate_plan_fini(struct rate_plan *plan)
{
    free(plan->routes);
    free(plan->keys);
}

/* ---- The book ----------------------------------------------------------- */

/* How many connections an address has. */
struct tenant {
    uint8_t address[16];
    uint32_t count;
};

struct page {
    pthread_mutex_t lock;
    struct bucket messages, bytes, connects; /* of the stage */
    struct buckets messages_by, bytes_by, connects_by;
    struct table tenants;
};

struct rates {
    pthread_mutex_t lock; /* of the array; pages stay */
    struct page **pages;  /* by the stage's index */
    uint32_t count;
};

struct rates *rates_new(void)
{
    struct rates *rates = xnew(struct rates);
    pthread_mutex_init(&rates->lock, NULL);
    return rates;
}

static struct page *page_new(void)
{
    struct page *page = xnew(struct page);
    pthread_mutex_init(&page->lock, NULL);
    buckets_init(&page->messages_by, ADDRESSES_MAX);
    buckets_init(&page->bytes_by, ADDRESSES_MAX);
    buckets_init(&page->connects_by, ADDRESSES_MAX);
    table_init(&page->tenants);
    return page;
}

static void page_free(struct page *page)
{
    size_t at = 0;
    void *tenant;
    if (!page)
        return;
    while (table_next(&page->tenants, &at, &tenant))
        free(tenant);
    table_fini(&page->tenants);
    buckets_fini(&page->messages_by);
    buckets_fini(&page->bytes_by);
    buckets_fini(&page->connects_by);
    pthread_mutex_destroy(&page->lock);
    free(page);
}

void rates_free(struct rates *rates)
{
    if (!rates)
        return;
    for (uint32_t i = 0; i < rates->count; i++)
        page_free(rates->pages[i]);
    free(rates->pages);
    pthread_mutex_destroy(&rates->lock);
    free(rates);
}

static struct page *find_page(struct rates *rates, const struct stage *stage)
{
    pthread_mutex_lock(&rates->lock);
    if (stage->index >= rates->count) {
        rates->pages = xrealloc(rates->pages, (stage->index + 1) * sizeof(*rates->pages));
        while (rates->count <= stage->index)
            rates->pages[rates->count++] = page_new();
    }
    struct page *page = rates->pages[stage->index];
    pthread_mutex_unlock(&rates->lock);
    return page;
}

/* With its lock held. */
static struct page *open_page(struct rates *rates, const struct stage *stage)
{
    struct page *page = find_page(rates, stage);
    pthread_mutex_lock(&page->lock);
    return page;
}

static void close_page(struct page *page)
{
    pthread_mutex_unlock(&page->lock);
}

uint64_t rates_evicted(struct rates *rates)
{
    uint64_t evicted = 0;
    pthread_mutex_lock(&rates->lock);
    for (uint32_t i = 0; i < rates->count; i++) {
        struct page *page = rates->pages[i];
        pthread_mutex_lock(&page->lock);
        evicted +=
            page->messages_by.evicted + page->bytes_by.evicted + page->connects_by.evicted;
        pthread_mutex_unlock(&page->lock);
    }
    pthread_mutex_unlock(&rates->lock);
    return evicted;
}

static jf_bytes key_of(const uint8_t address[16])
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    bool is_v4 = memcmp(address, mapped, sizeof(mapped)) == 0;
    return jf_view(address, is_v4 ? 16 : V6_PREFIX);
}

/* ---- Connecting --------------------------------------------------------- */

static uint64_t longer(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool is_full(const struct page *page, const struct rate_plan *plan, jf_bytes key)
{
    const struct tenant *tenant = table_find(&page->tenants, key);
    return plan->connections_per_address && tenant &&
           tenant->count >= plan->connections_per_address;
}

static void add_tenant(struct page *page, const uint8_t address[16])
{
    struct tenant *tenant = table_find(&page->tenants, key_of(address));
    if (!tenant) {
        tenant = xnew(struct tenant);
        memcpy(tenant->address, address, sizeof(tenant->address));
        table_put(&page->tenants, key_of(tenant->address), tenant);
    }
    tenant->count++;
}

static uint64_t wait_to_connect(const struct page *page, const struct rate_plan *plan,
                                jf_bytes key, uint64_t now)
{
    const struct rate *all = &plan->connects[RATE_STAGE];
    const struct rate *each = &plan->connects[RATE_ADDRESS];
    uint64_t wait = is_full(page, plan, key) ? FULL_WAIT_MS : 0;
    if (is_limit(all))
        wait = longer(wait, bucket_wait(&page->connects, all, now, 1));
    if (is_limit(each))
        wait = longer(wait, buckets_wait(&page->connects_by, key, each, now, 1));
    return wait;
}

uint64_t rates_connect(struct rates *rates, const struct stage *stage,
                       const struct rate_plan *plan, const uint8_t address[16],
                       uint64_t now)
{
    jf_bytes key = key_of(address);
    struct page *page = open_page(rates, stage);
    uint64_t wait = wait_to_connect(page, plan, key, now);
    if (!wait && is_limit(&plan->connects[RATE_STAGE]))
        bucket_take(&page->connects, &plan->connects[RATE_STAGE], now, 1);
    if (!wait && is_limit(&plan->connects[RATE_ADDRESS]))
        buckets_take(&page->connects_by, key, &plan->connects[RATE_ADDRESS], now, 1);
    if (!wait)
        add_tenant(page, address);
    close_page(page);
    return wait;
}

void rates_leave(struct rates *rates, const struct stage *stage, const uint8_t address[16])
{
    struct page *page = open_page(rates, stage);
    struct tenant *tenant = table_find(&page->tenants, key_of(address));
    if (tenant && --tenant->count == 0) {
        table_remove(&page->tenants, key_of(tenant->address));
        free(tenant);
    }
    close_page(page);
}

/* ---- Messages ----------------------------------------------------------- */

struct rate_use {
    struct page *page; /* of its stage */
    struct bucket messages, bytes;
    uint32_t refused; /* in a row */
    size_t route_count;
    struct bucket routes[]; /* by place in the plan */
};

void rate_use_free(struct rate_use *use)
{
    free(use);
}

/* A reload may have brought more routes. */
static struct rate_use *get_use(struct rates *rates, const struct stage *stage,
                                const struct rate_plan *plan, struct rate_use **slot)
{
    struct rate_use *use = *slot;
    if (use && use->route_count >= plan->route_count)
        return use;
    size_t size = sizeof(*use) + plan->route_count * sizeof(use->routes[0]);
    struct rate_use *larger = xcalloc(1, size);
    if (use)
        memcpy(larger, use, sizeof(*use) + use->route_count * sizeof(use->routes[0]));
    larger->route_count = plan->route_count;
    larger->page = find_page(rates, stage);
    free(use);
    *slot = larger;
    return larger;
}

/* What one message is about. */
struct load {
    const struct rate_plan *plan;
    struct rate_use *use;
    struct page *page; /* NULL: nothing in the book limits it */
    jf_bytes address;
    size_t route; /* its place in the plan, or route_count */
    uint32_t octets;
    uint64_t now;
};

typedef uint64_t of_bucket(struct bucket *bucket, const struct rate *rate, uint64_t now,
                           uint32_t cost);
typedef uint64_t of_address(struct buckets *buckets, jf_bytes key, const struct rate *rate,
                            uint64_t now, uint32_t cost);

static uint64_t ask_bucket(struct bucket *bucket, const struct rate *rate, uint64_t now,
                           uint32_t cost)
{
    return bucket_wait(bucket, rate, now, cost);
}

static uint64_t ask_address(struct buckets *buckets, jf_bytes key, const struct rate *rate,
                            uint64_t now, uint32_t cost)
{
    return buckets_wait(buckets, key, rate, now, cost);
}

static uint64_t for_shared(const struct load *load, of_bucket *one, of_address *by)
{
    const struct rate_plan *plan = load->plan;
    struct page *page = load->page;
    uint64_t wait = 0;
    if (is_limit(&plan->messages[RATE_STAGE]))
        wait =
            longer(wait, one(&page->messages, &plan->messages[RATE_STAGE], load->now, 1));
    if (is_limit(&plan->bytes[RATE_STAGE]))
        wait = longer(wait,
                      one(&page->bytes, &plan->bytes[RATE_STAGE], load->now, load->octets));
    if (is_limit(&plan->messages[RATE_ADDRESS]))
        wait = longer(wait, by(&page->messages_by, load->address,
                               &plan->messages[RATE_ADDRESS], load->now, 1));
    if (is_limit(&plan->bytes[RATE_ADDRESS]))
        wait = longer(wait, by(&page->bytes_by, load->address, &plan->bytes[RATE_ADDRESS],
                               load->now, load->octets));
    return wait;
}

static uint64_t for_own(const struct load *load, of_bucket *one)
{
    const struct rate_plan *plan = load->plan;
    struct rate_use *use = load->use;
    uint64_t wait = 0;
    if (is_limit(&plan->messages[RATE_CONNECTION]))
        wait = one(&use->messages, &plan->messages[RATE_CONNECTION], load->now, 1);
    if (is_limit(&plan->bytes[RATE_CONNECTION]))
        wait = longer(
            wait, one(&use->bytes, &plan->bytes[RATE_CONNECTION], load->now, load->octets));
    if (load->route < plan->route_count)
        wait = longer(wait, one(&use->routes[load->route], &plan->routes[load->route].rate,
                                load->now, 1));
    return wait;
}

static bool pass(const struct load *load)
{
    if (for_own(load, ask_bucket) ||
        (load->page && for_shared(load, ask_bucket, ask_address)))
        return false;
    for_own(load, bucket_take);
    if (load->page)
        for_shared(load, bucket_take, buckets_take);
    return true;
}

static size_t place_of(const struct rate_plan *plan, jf_bytes route)
{
    size_t i = 0;
    while (i < plan->route_count && !jf_same(plan->routes[i].key, route))
        i++;
    return i;
}

enum rate_verdict rates_message(struct rates *rates, const struct stage *stage,
                                const struct rate_plan *plan, struct rate_use **slot,
                                const uint8_t address[16], jf_bytes route, size_t len,
                                uint64_t now)
{
    struct load load = { .plan = plan,
                         .use = get_use(rates, stage, plan, slot),
                         .address = key_of(address),
                         .route = place_of(plan, route),
                         .octets = len < UINT32_MAX ? (uint32_t)len : UINT32_MAX,
                         .now = now };
    if (plan->shares_messages) {
        load.page = load.use->page;
        pthread_mutex_lock(&load.page->lock);
    }
    bool passed = pass(&load);
    if (load.page)
        close_page(load.page);
    load.use->refused = passed ? 0 : load.use->refused + 1;
    if (passed)
        return RATE_PASS;
    bool persists = plan->close_after && load.use->refused >= plan->close_after;
    return persists ? RATE_CLOSE : RATE_REFUSE;
}
