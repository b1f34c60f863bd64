/* All that limit somebody are asked first, then taken from: a refusal costs nothing. */
#include "core/host/rates.h"

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/host/api_keys.h"
#include "core/host/identity.h"
#include "core/host/stage.h"

#define FULL_WAIT_MS 1000 /* for a place among the connections of somebody */
#define V6_PREFIX 8
#define DAY_MS ((uint64_t)86400 * 1000)

/* ---- The plan ----------------------------------------------------------- */

static bool is_limit(const struct rate *rate)
{
    return rate->burst > 0;
}

void rate_take(struct rate *rate, const struct config_rate *config, bool global)
{
    *rate = (struct rate){ 0 };
    if (config->burst)
        rate_init(rate, config->per_second_milli, config->burst);
    if (config->burst && global)
        rate_allow_debt(rate);
}

static size_t texts_size(const struct config_rates *config)
{
    size_t size = 0;
    for (size_t i = 0; i < config->route_count; i++)
        size += strlen(config->routes[i].key);
    for (size_t i = 0; i < config->ceiling_count; i++)
        size += strlen(config->ceilings[i].name);
    return size;
}

static void take_named(struct rate_plan *plan, const struct config_rates *config)
{
    char *at = plan->texts = xalloc(texts_size(config));
    plan->routes = xcalloc(config->route_count, sizeof(*plan->routes));
    plan->route_count = config->route_count;
    for (size_t i = 0; i < config->route_count; i++) {
        plan->routes[i].key = bytes_keep(jf_str(config->routes[i].key), &at);
        rate_take(&plan->routes[i].rate, &config->routes[i].rate, false);
    }
    plan->ceilings = xcalloc(config->ceiling_count, sizeof(*plan->ceilings));
    plan->ceiling_count = config->ceiling_count;
    for (size_t i = 0; i < config->ceiling_count; i++) {
        plan->ceilings[i].name = bytes_keep(jf_str(config->ceilings[i].name), &at);
        plan->ceilings[i].connections = config->ceilings[i].connections;
    }
}

static void take_scope(struct rate_plan *plan, const struct config_rates *config, int scope)
{
    struct rate *of = plan->of[scope];
    bool global = plan->global && scope != RATE_CONNECTION;
    rate_take(&of[RATE_MESSAGES], &config->messages[scope], global);
    rate_take(&of[RATE_BYTES], &config->bytes[scope], global);
    rate_take(&of[RATE_CONNECTS], &config->connects[scope], global);
    bool limited = is_limit(&of[RATE_MESSAGES]) || is_limit(&of[RATE_BYTES]);
    plan->limits_messages |= limited;
    plan->shares_messages |= limited && scope != RATE_CONNECTION;
    plan->limits_connects |= is_limit(&of[RATE_CONNECTS]);
}

void rate_plan_init(struct rate_plan *plan, const struct config_rates *config)
{
    *plan = (struct rate_plan){ .connections_per_address = config->connections_per_address,
                                .close_after = config->close_after,
                                .global = config->global };
    for (int scope = 0; scope < RATE_SCOPES; scope++)
        take_scope(plan, config, scope);
    plan->limits_connects |= plan->connections_per_address > 0;
    plan->limits_messages |= config->route_count > 0;
    take_named(plan, config);
}

void rate_plan_fini(struct rate_plan *plan)
{
    free(plan->routes);
    free(plan->ceilings);
    free(plan->texts);
}

/* ---- What a connection uses --------------------------------------------- */

/* A seat it has. */
struct hold {
    struct hold *next;
    struct rate_page *page;
    struct rate_seat *seat;
};

struct rate_use {
    struct rate_page *page; /* of its stage */
    struct hold *holds;
    char *key; /* the id of its API key; NULL: it came without */
    size_t key_len;
    struct bucket own[RATE_WHATS];
    uint32_t refused; /* in a row */
    size_t route_count;
    struct bucket routes[]; /* by place in the plan */
};

/* A reload may have brought more routes. */
static struct rate_use *get_use(const struct rate_ask *ask, struct rate_use **slot)
{
    struct rate_use *use = *slot;
    size_t count = ask->plan->route_count;
    if (use && use->route_count >= count)
        return use;
    struct rate_use *larger = xcalloc(1, sizeof(*use) + count * sizeof(use->routes[0]));
    if (use)
        memcpy(larger, use, sizeof(*use) + use->route_count * sizeof(use->routes[0]));
    else
        larger->page = rate_book_page(ask->book, ask->stage);
    larger->route_count = count;
    free(use);
    *slot = larger;
    return larger;
}

bool rate_use_has_key(const struct rate_use *use)
{
    return use && use->key;
}

static jf_bytes key_id(const struct rate_use *use)
{
    return jf_view(use->key, use->key_len);
}

/* With the page's lock held. False: there are so many already. */
static bool sit(const struct rate_ask *ask, struct rate_use *use, struct rate_page *page,
                enum rate_who who, jf_bytes name, uint32_t max, bool global)
{
    struct rate_seat *seat = rate_page_sit(ask->book, page, who, name, max, global);
    if (!seat)
        return false;
    struct hold *hold = xnew(struct hold);
    *hold = (struct hold){ use->holds, page, seat };
    use->holds = hold;
    return true;
}

void rates_leave(struct rate_book *book, struct rate_use *use)
{
    while (use && use->holds) {
        struct hold *hold = use->holds;
        use->holds = hold->next;
        pthread_mutex_lock(&hold->page->lock);
        rate_page_rise(book, hold->page, hold->seat);
        pthread_mutex_unlock(&hold->page->lock);
        free(hold);
    }
    if (use)
        free(use->key);
    free(use);
}

/* ---- Tolls -------------------------------------------------------------- */

/* One bucket that has to have enough. */
struct toll {
    const struct rate *rate;
    uint32_t cost;
    struct bucket *bucket; /* NULL: `name`'s, on the page */
    struct bucket *found;  /* the latter; NULL: it is full */
    struct rate_page *page;
    enum rate_what what;
    enum rate_who who;
    jf_bytes name;
    bool global;
};

#define TOLLS_MAX (2 * (RATE_SCOPES + 1) + 1)

/* All that one request has to pay. Locked are the pages of its tolls. */
struct load {
    const struct rate_ask *ask;
    struct rate_page *pages[2]; /* of the stage, of API keys; NULL: nothing there */
    struct rate_quota *quota;   /* NULL: there is no end to it */
    uint64_t quota_max;
    size_t count;
    struct toll tolls[TOLLS_MAX];
};

static void add(struct load *load, struct toll toll)
{
    if (!is_limit(toll.rate))
        return;
    if (!toll.bucket)
        toll.found = buckets_find(&toll.page->by[toll.what], toll.name);
    load->tolls[load->count++] = toll;
}

static uint64_t toll_wait(const struct toll *toll, uint64_t now)
{
    const struct bucket full = { 0, now };
    const struct bucket *bucket = toll->bucket ? toll->bucket : toll->found;
    return bucket_wait(bucket ? bucket : &full, toll->rate, now, toll->cost);
}

static void pay(const struct load *load, const struct toll *toll)
{
    uint64_t now = load->ask->now_ms;
    if (toll->bucket)
        bucket_take(toll->bucket, toll->rate, now, toll->cost);
    else
        buckets_take_found(&toll->page->by[toll->what], toll->found, toll->name, toll->rate,
                           now, toll->cost);
    if (toll->global)
        rate_book_tell_taken(load->ask->book, toll->page, toll->what, toll->who, toll->name,
                             toll->rate, toll->cost);
}

static struct rate_answer refuse(enum rate_reason reason, uint64_t wait_ms)
{
    return (struct rate_answer){ RATE_REFUSE, reason, wait_ms };
}

static const struct rate_answer passed = { .verdict = RATE_PASS };

static struct rate_answer check(const struct load *load)
{
    uint64_t wait = 0, to_midnight = DAY_MS - load->ask->wall_ms % DAY_MS;
    for (size_t i = 0; i < load->count; i++) {
        uint64_t each = toll_wait(&load->tolls[i], load->ask->now_ms);
        wait = each > wait ? each : wait;
    }
    if (load->quota && load->quota->used >= load->quota_max)
        return refuse(RATE_OVER_QUOTA, to_midnight);
    return wait ? refuse(RATE_TOO_MUCH, wait) : passed;
}

static void pay_all(const struct load *load)
{
    for (size_t i = 0; i < load->count; i++)
        pay(load, &load->tolls[i]);
    if (!load->quota)
        return;
    load->quota->used++;
    rate_book_tell_spent(load->ask->book, load->quota);
}

static struct rate_page *lock(struct rate_page *page)
{
    pthread_mutex_lock(&page->lock);
    return page;
}

static void unlock(const struct load *load)
{
    for (int i = 0; i < 2; i++) {
        if (load->pages[i])
            pthread_mutex_unlock(&load->pages[i]->lock);
    }
}

/* ---- Who is asked ------------------------------------------------------- */

static jf_bytes name_of(const uint8_t address[16])
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    bool is_v4 = memcmp(address, mapped, sizeof(mapped)) == 0;
    return jf_view(address, is_v4 ? 16 : V6_PREFIX);
}

/* The stage's own bucket, and that of the address. */
static void add_shared(struct load *load, enum rate_what what, uint32_t cost)
{
    const struct rate_plan *plan = load->ask->plan;
    struct rate_page *page = load->pages[0];
    add(load, (struct toll){ .rate = &plan->of[RATE_STAGE][what],
                             .cost = cost,
                             .bucket = &page->whole[what],
                             .page = page,
                             .what = what,
                             .who = WHO_STAGE,
                             .global = plan->global });
    add(load, (struct toll){ .rate = &plan->of[RATE_ADDRESS][what],
                             .cost = cost,
                             .page = page,
                             .what = what,
                             .who = WHO_ADDRESS,
                             .name = name_of(load->ask->address),
                             .global = plan->global });
}

static void add_key(struct load *load, const struct usage_plan *plan, jf_bytes id,
                    enum rate_what what, uint32_t cost)
{
    add(load, (struct toll){ .rate = &plan->rates[what],
                             .cost = cost,
                             .page = load->pages[1],
                             .what = what,
                             .who = WHO_KEY,
                             .name = id,
                             .global = true });
}

static void add_quota(struct load *load, const struct usage_plan *plan, jf_bytes id)
{
    load->quota_max = plan->quota;
    if (plan->quota)
        load->quota = rate_page_quota(load->pages[1], id, load->ask->wall_ms / DAY_MS);
}

/* ---- Connecting --------------------------------------------------------- */

static struct rate_answer sit_by_address(const struct rate_ask *ask, struct rate_use *use)
{
    uint32_t max = ask->plan->connections_per_address;
    bool seated = sit(ask, use, use->page, WHO_ADDRESS, name_of(ask->address),
                      max ? max : UINT32_MAX, max && ask->plan->global);
    return seated ? passed : refuse(RATE_TOO_MUCH, FULL_WAIT_MS);
}

/* Without a ceiling it sits down all the same: a reload may bring one. */
struct rate_answer rates_connect(const struct rate_ask *ask, struct rate_use **slot)
{
    struct rate_use *use = get_use(ask, slot);
    struct load load = { .ask = ask, .pages = { lock(use->page) } };
    add_shared(&load, RATE_CONNECTS, 1);
    struct rate_answer answer = check(&load);
    if (answer.verdict == RATE_PASS)
        answer = sit_by_address(ask, use);
    if (answer.verdict == RATE_PASS)
        pay_all(&load);
    unlock(&load);
    return answer;
}

static void keep_key(struct rate_use *use, jf_bytes id)
{
    char *at = use->key = xalloc(id.len);
    bytes_keep(id, &at);
    use->key_len = id.len;
}

static struct rate_answer sit_by_key(const struct rate_ask *ask, struct rate_use *use,
                                     struct rate_page *page, const struct usage_plan *plan)
{
    uint32_t max = plan->connections ? plan->connections : UINT32_MAX;
    bool seated = sit(ask, use, page, WHO_KEY, key_id(use), max, plan->connections > 0);
    return seated ? passed : refuse(RATE_TOO_MUCH, FULL_WAIT_MS);
}

struct rate_answer rates_connect_key(const struct rate_ask *ask, struct rate_use **slot,
                                     const struct api_key *key)
{
    struct rate_use *use = get_use(ask, slot);
    const struct usage_plan *plan = api_keys_plan(ask->keys, key);
    struct rate_page *page = lock(rate_book_page(ask->book, NULL));
    struct load load = { .ask = ask, .pages = { NULL, page } };
    keep_key(use, key->id);
    add_key(&load, plan, key->id, RATE_CONNECTS, 1);
    add_quota(&load, plan, key->id);
    struct rate_answer answer = check(&load);
    if (answer.verdict == RATE_PASS)
        answer = sit_by_key(ask, use, page, plan);
    if (answer.verdict == RATE_PASS)
        pay_all(&load);
    unlock(&load);
    return answer;
}

/* "NAME=VALUE", cut if it is too long for that. */
static jf_bytes write_attribute(char out[RATE_NAME_MAX], jf_bytes name, jf_bytes value)
{
    jf_bytes parts[] = { name, jf_str("="), value };
    char *at = out;
    for (int i = 0; i < 3; i++) {
        size_t room = RATE_NAME_MAX - (size_t)(at - out);
        bytes_keep(jf_view(parts[i].ptr, parts[i].len < room ? parts[i].len : room), &at);
    }
    return jf_view(out, (size_t)(at - out));
}

static bool sit_by_attribute(const struct rate_ask *ask, struct rate_use *use,
                             const struct rate_ceiling *ceiling, jf_bytes value)
{
    char text[RATE_NAME_MAX];
    lock(use->page);
    bool seated =
        sit(ask, use, use->page, WHO_ATTRIBUTE, write_attribute(text, ceiling->name, value),
            ceiling->connections, ask->plan->global);
    pthread_mutex_unlock(&use->page->lock);
    return seated;
}

struct rate_answer rates_connect_as(const struct rate_ask *ask, struct rate_use **slot,
                                    const struct identity *identity)
{
    const struct rate_plan *plan = ask->plan;
    for (size_t i = 0; i < plan->ceiling_count; i++) {
        const struct rate_ceiling *ceiling = &plan->ceilings[i];
        jf_bytes value = identity_find(identity, ceiling->name);
        if (value.len && !sit_by_attribute(ask, get_use(ask, slot), ceiling, value))
            return refuse(RATE_TOO_MUCH, FULL_WAIT_MS);
    }
    return passed;
}

/* ---- Messages ----------------------------------------------------------- */

static size_t place_of(const struct rate_plan *plan, jf_bytes route)
{
    size_t i = 0;
    while (i < plan->route_count && !jf_same(plan->routes[i].key, route))
        i++;
    return i;
}

static void add_own(struct load *load, struct rate_use *use, jf_bytes route,
                    uint32_t octets)
{
    const struct rate_plan *plan = load->ask->plan;
    const struct rate *of = plan->of[RATE_CONNECTION];
    size_t at = place_of(plan, route);
    add(load, (struct toll){ .rate = &of[RATE_MESSAGES],
                             .cost = 1,
                             .bucket = &use->own[RATE_MESSAGES] });
    add(load, (struct toll){ .rate = &of[RATE_BYTES],
                             .cost = octets,
                             .bucket = &use->own[RATE_BYTES] });
    if (at < plan->route_count)
        add(load, (struct toll){ .rate = &plan->routes[at].rate,
                                 .cost = 1,
                                 .bucket = &use->routes[at] });
}

/* False: there is no such key any more. */
static bool add_usage(struct load *load, const struct rate_use *use, uint32_t octets)
{
    const struct api_keys *keys = load->ask->keys;
    const struct api_key *key = api_keys_named(keys, key_id(use));
    if (!key || !key->enabled)
        return false;
    const struct usage_plan *plan = api_keys_plan(keys, key);
    load->pages[1] = lock(rate_book_page(load->ask->book, NULL));
    add_key(load, plan, key->id, RATE_MESSAGES, 1);
    add_key(load, plan, key->id, RATE_BYTES, octets);
    add_quota(load, plan, key->id);
    return true;
}

static struct rate_answer weigh(struct load *load, struct rate_use *use, jf_bytes route,
                                uint32_t octets)
{
    add_own(load, use, route, octets);
    if (load->ask->plan->shares_messages) {
        load->pages[0] = lock(use->page);
        add_shared(load, RATE_MESSAGES, 1);
        add_shared(load, RATE_BYTES, octets);
    }
    if (use->key && load->ask->keys && !add_usage(load, use, octets))
        return refuse(RATE_NO_KEY, 0);
    struct rate_answer answer = check(load);
    if (answer.verdict == RATE_PASS)
        pay_all(load);
    return answer;
}

struct rate_answer rates_message(const struct rate_ask *ask, struct rate_use **slot,
                                 jf_bytes route, size_t len)
{
    struct rate_use *use = get_use(ask, slot);
    struct load load; /* not zeroed: it is large, and each message comes this way */
    load.ask = ask;
    load.pages[0] = load.pages[1] = NULL;
    load.quota = NULL;
    load.count = 0;
    struct rate_answer answer =
        weigh(&load, use, route, len < UINT32_MAX ? (uint32_t)len : UINT32_MAX);
    unlock(&load);
    use->refused = answer.verdict == RATE_PASS ? 0 : use->refused + 1;
    if (ask->plan->close_after && use->refused >= ask->plan->close_after)
        answer.verdict = RATE_CLOSE;
    return answer;
}
