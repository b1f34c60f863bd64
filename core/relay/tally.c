/* Telling Redis what is due, hearing what it says, and the lock that other threads take to
 * add to it. Entries go on the home thread only, so there what others do not write to may
 * be looked at without the lock. */
#include "core/relay/tally.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/monotonic.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/loop/loop.h"
#include "core/loop/mailbox.h"
#include "core/redis/redis_link.h"
#include "core/redis/redis_scripts.h"
#include "core/relay/tally_entries.h"
#include "core/relay/tally_script.h"

#define BATCH_KEYS 64
#define BATCHES 8    /* on their way at a time */
#define HEAD_WORDS 6 /* of a command; then come the keys' */
#define KEY_WORDS 5
#define NUMBER_MAX 24
#define LOAD_AGAIN_MS 1000 /* after the script was not */
#define MILLIONTHS 1000000u

struct batch_call {
    struct redis_call call;
    struct tally *tally;
    struct tally_entry *entries[BATCH_KEYS];
    size_t count; /* 0: it is not on its way */
};

struct tally {
    /* never changes */
    struct loop *loop;
    struct tally_options options;
    tally_known *known;
    void *data;
    struct mailbox *box;
    char token[17], stale[NUMBER_MAX];

    /* the home thread's */
    struct redis_link *link;
    struct redis_scripts scripts;
    struct timer *timer, *load_timer;
    struct batch_call batches[BATCHES];
    bool ready; /* Redis knows the script */
    bool closing;

    /* under the lock */
    pthread_mutex_t lock;
    struct tally_entries entries;
    bool away; /* nobody is there to tell */
    bool woken;
    struct task wake;
    struct tally_counts counts;
};

static const char *const texts[] = { tally_script };

/* ---- Use, on any thread -------------------------------------------------- */

/* The entry of a key that is used, with the lock held, and soon told. NULL: it is not, and
 * has been counted, but for buckets while Redis is away: they will have refilled, and would
 * take the place of what is kept. */
static struct tally_entry *use(struct tally *tally, enum tally_kind kind, jf_bytes key)
{
    pthread_mutex_lock(&tally->lock);
    if (tally->away && kind == TALLY_BUCKET) {
        pthread_mutex_unlock(&tally->lock);
        return NULL;
    }
    struct tally_entry *entry = tally_entries_use(&tally->entries, kind, key);
    if (!entry) {
        size_t keys = tally->entries.table.count;
        tally->counts.untold++;
        pthread_mutex_unlock(&tally->lock);
        LOG_RARELY(WARN, STORE, 10, "event=use_not_told keys=%zu octets_of_key=%zu", keys,
                   key.len);
        return NULL;
    }
    return entry;
}

static void used(struct tally *tally, const struct tally_entry *entry)
{
    bool wake = entry->place == TALLY_DUE && !tally->woken;
    tally->woken |= wake;
    pthread_mutex_unlock(&tally->lock);
    if (wake)
        mailbox_post_reserved(tally->box, &tally->wake);
}

void tally_take(struct tally *tally, jf_bytes key, const struct rate *rate, uint32_t cost)
{
    struct tally_entry *entry = use(tally, TALLY_BUCKET, key);
    if (!entry)
        return;
    entry->terms = (struct tally_terms){ rate->gain, rate->most };
    entry->amount += cost;
    used(tally, entry);
}

void tally_spend(struct tally *tally, jf_bytes key, uint64_t keep_ms, uint32_t cost)
{
    struct tally_entry *entry = use(tally, TALLY_QUOTA, key);
    if (!entry)
        return;
    entry->terms = (struct tally_terms){ keep_ms, 0 };
    entry->amount += cost;
    used(tally, entry);
}

void tally_seats(struct tally *tally, jf_bytes key, uint32_t count)
{
    struct tally_entry *entry = use(tally, TALLY_SEATS, key);
    if (!entry)
        return;
    entry->amount = count;
    used(tally, entry);
}

void tally_count(struct tally *tally, struct tally_counts *out)
{
    pthread_mutex_lock(&tally->lock);
    *out = tally->counts;
    pthread_mutex_unlock(&tally->lock);
}

/* ---- Telling ------------------------------------------------------------- */

/* One command, and the memory of its numbers. */
struct command {
    jf_bytes words[HEAD_WORDS + KEY_WORDS * BATCH_KEYS];
    size_t count;
    char numbers[BATCH_KEYS][3][NUMBER_MAX];
};

static void add_entry(struct command *command, size_t at, const struct tally_entry *entry)
{
    uint64_t unit = entry->kind == TALLY_BUCKET ? MILLIONTHS : 1;
    const uint64_t numbers[] = { entry->flying * unit, entry->flying_terms.first,
                                 entry->flying_terms.second };
    command->words[command->count++] = jf_view(entry->key, 1);
    command->words[command->count++] = tally_entry_key(entry);
    for (int i = 0; i < 3; i++) {
        char *text = command->numbers[at][i];
        int n = snprintf(text, NUMBER_MAX, "%" PRIu64, numbers[i]);
        command->words[command->count++] = jf_view(text, (size_t)n);
    }
}

/* With the lock held. */
static void take_due(struct tally *tally, struct batch_call *batch)
{
    struct tally_entry *entry;
    batch->count = 0;
    while (batch->count < BATCH_KEYS && (entry = tally_entries_take(&tally->entries)))
        batch->entries[batch->count++] = entry;
}

/* What Redis answers for one; false: nothing that we know. */
static bool read_number(const struct redis_reply *reply, size_t at, uint64_t *out)
{
    return bytes_number(redis_reply_bytes(redis_reply_at(reply, at)), UINT64_MAX, out);
}

/* With the lock held. */
static uint64_t with_untold(const struct tally_entry *entry, uint64_t number)
{
    switch (entry->kind) {
    case TALLY_BUCKET:
        return number + entry->amount * MILLIONTHS;
    case TALLY_QUOTA:
        return number + entry->amount;
    default:
        return number;
    }
}

/* With the lock held. At the end it is tried once, but for what was not even looked at. */
static void miss(struct tally *tally, struct tally_entry *entry, int status, uint64_t now)
{
    tally->counts.failed++;
    if (status == JF_E_NOT_FOUND) /* the scripts were flushed */
        tally_entries_undone(&tally->entries, entry, now);
    else
        tally_entries_missed(&tally->entries, entry, !tally->closing, now);
}

/* They rest. True for those whose numbers are known now. */
static void settle(struct batch_call *batch, int status, const struct redis_reply *reply,
                   bool is_known[BATCH_KEYS], uint64_t numbers[BATCH_KEYS])
{
    struct tally *tally = batch->tally;
    uint64_t now = loop_now(tally->loop);
    pthread_mutex_lock(&tally->lock);
    for (size_t i = 0; i < batch->count; i++) {
        struct tally_entry *entry = batch->entries[i];
        is_known[i] = status == JF_OK && read_number(reply, i, &numbers[i]);
        if (!is_known[i]) {
            miss(tally, entry, status, now);
            continue;
        }
        numbers[i] = with_untold(entry, numbers[i]);
        tally->counts.told++;
        tally_entries_told(&tally->entries, entry, now);
    }
    pthread_mutex_unlock(&tally->lock);
}

static void log_untold(int status, jf_bytes error)
{
    char why[LOG_QUOTED_MAX];
    if (status != JF_E_STOPPING)
        LOG_RARELY(WARN, STORE, 10, "event=use_not_told status=%s redis=%s",
                   status_name(status), log_quote(error, why));
}

static void go_on(struct tally *tally);

static void load_script(struct tally *tally)
{
    tally->ready = false;
    redis_scripts_load(&tally->scripts, tally->link); /* else on the next way up */
}

static void load_again(void *data)
{
    struct tally *tally = data;
    if (!tally->ready && redis_link_is_up(tally->link))
        load_script(tally);
}

/* Numbers that are known go to the owner; of the rest Redis has said why not. */
static void tell_known(const struct batch_call *batch, const struct redis_reply *reply,
                       const bool is_known[BATCH_KEYS], const uint64_t numbers[BATCH_KEYS])
{
    struct tally *tally = batch->tally;
    for (size_t i = 0; i < batch->count; i++) {
        const struct tally_entry *entry = batch->entries[i];
        if (!is_known[i])
            log_untold(JF_E_INVALID,
                       bytes_from(redis_reply_bytes(redis_reply_at(reply, i)), 1));
        else if (!tally->closing)
            tally->known(tally->data, entry->kind, tally_entry_key(entry), numbers[i]);
    }
}

static void on_answer(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct batch_call *batch = call->data;
    struct tally *tally = batch->tally;
    bool is_known[BATCH_KEYS];
    uint64_t numbers[BATCH_KEYS];
    if (status == JF_OK && redis_reply_count(reply) != batch->count)
        status = JF_E_INVALID;
    settle(batch, status, reply, is_known, numbers);
    if (status < 0)
        log_untold(status, redis_reply_bytes(reply));
    else
        tell_known(batch, reply, is_known, numbers);
    batch->count = 0;
    if (status == JF_E_NOT_FOUND)
        load_script(tally);
    if (status != JF_E_STOPPING)
        go_on(tally);
}

static int send_batch(struct tally *tally, struct batch_call *batch)
{
    struct command command;
    const jf_bytes head[HEAD_WORDS] = {
        jf_str("EVALSHA"),    redis_scripts_name(&tally->scripts, 0),
        jf_str("0"),          jf_str(tally->options.prefix),
        jf_str(tally->token), jf_str(tally->stale)
    };
    memcpy(command.words, head, sizeof(head));
    command.count = HEAD_WORDS;
    for (size_t i = 0; i < batch->count; i++)
        add_entry(&command, i, batch->entries[i]);
    return redis_send(tally->link, &batch->call, command.words, command.count);
}

/* False: nothing is due. */
static bool tell_some(struct tally *tally, struct batch_call *batch)
{
    bool is_known[BATCH_KEYS];
    uint64_t numbers[BATCH_KEYS];
    pthread_mutex_lock(&tally->lock);
    take_due(tally, batch);
    pthread_mutex_unlock(&tally->lock);
    if (!batch->count)
        return false;
    int status = send_batch(tally, batch);
    if (status < 0) {
        settle(batch, status, NULL, is_known, numbers);
        batch->count = 0;
    }
    return true;
}

static void tell_due(struct tally *tally)
{
    for (int i = 0; i < BATCHES && tally->ready; i++) {
        struct batch_call *batch = &tally->batches[i];
        if (!batch->count && !tell_some(tally, batch))
            return;
    }
}

static void set_timer(struct tally *tally, uint64_t next, uint64_t now)
{
    if (next == UINT64_MAX)
        timer_stop(tally->timer);
    else
        timer_start(tally->timer, next > now ? next - now : 0);
}

static void go_on(struct tally *tally)
{
    uint64_t now = loop_now(tally->loop);
    pthread_mutex_lock(&tally->lock);
    tally_entries_wake(&tally->entries, tally->closing ? UINT64_MAX : now);
    pthread_mutex_unlock(&tally->lock);
    tell_due(tally);
    pthread_mutex_lock(&tally->lock);
    uint64_t next = tally_entries_next(&tally->entries);
    pthread_mutex_unlock(&tally->lock);
    set_timer(tally, next, now);
}

static void on_wake(struct task *task)
{
    struct tally *tally = CONTAINER_OF(task, struct tally, wake);
    pthread_mutex_lock(&tally->lock);
    tally->woken = false;
    pthread_mutex_unlock(&tally->lock);
    go_on(tally);
}

static void on_rested(void *data)
{
    go_on(data);
}

/* ---- Up and down --------------------------------------------------------- */

static void on_up(void *data)
{
    struct tally *tally = data;
    pthread_mutex_lock(&tally->lock);
    tally->away = false;
    pthread_mutex_unlock(&tally->lock);
    load_script(tally);
}

static void on_down(void *data)
{
    struct tally *tally = data;
    tally->ready = false;
    pthread_mutex_lock(&tally->lock);
    tally->away = true;
    tally_entries_renew(&tally->entries);
    pthread_mutex_unlock(&tally->lock);
}

static void on_loaded(struct redis_scripts *scripts, int status,
                      const struct redis_reply *reply)
{
    struct tally *tally = CONTAINER_OF(scripts, struct tally, scripts);
    tally->ready = status == JF_OK;
    if (status == JF_E_STOPPING)
        return;
    if (status < 0) {
        log_untold(status, redis_reply_bytes(reply));
        timer_start(tally->load_timer, LOAD_AGAIN_MS);
    }
    go_on(tally);
}

static const struct redis_events events = { .on_up = on_up, .on_down = on_down };

/* ---- Life ---------------------------------------------------------------- */

static void init(struct tally *tally)
{
    uint64_t token;
    random_fill(&token, sizeof(token));
    snprintf(tally->token, sizeof(tally->token), "%016" PRIx64, token);
    snprintf(tally->stale, sizeof(tally->stale), "%u", tally->options.stale_ms);
    pthread_mutex_init(&tally->lock, NULL);
    tally_entries_init(&tally->entries, tally->options.stale_ms / 3);
    tally->away = true;
    tally->wake.run = on_wake;
    redis_scripts_init(&tally->scripts, texts, 1, on_loaded);
    for (int i = 0; i < BATCHES; i++) {
        struct batch_call *batch = &tally->batches[i];
        batch->tally = tally;
        batch->call = (struct redis_call){ .done = on_answer, .data = batch };
    }
}

static void free_tally(struct tally *tally)
{
    tally_entries_fini(&tally->entries);
    timer_free(tally->timer);
    timer_free(tally->load_timer);
    mailbox_free(tally->box);
    pthread_mutex_destroy(&tally->lock);
    free(tally);
}

int tally_open(struct loop *loop, const struct tally_options *options, tally_known *known,
               void *data, struct tally **out)
{
    struct tally *tally = xnew(struct tally);
    tally->loop = loop;
    tally->options = *options;
    tally->known = known;
    tally->data = data;
    init(tally);
    timer_new(loop, on_rested, tally, &tally->timer);
    timer_new(loop, load_again, tally, &tally->load_timer);
    int status = mailbox_new(loop, 1, &tally->box);
    if (status == JF_OK)
        status = redis_link_open(loop, options->url, options->timeout_ms, &events, tally,
                                 &tally->link);
    if (status < 0) {
        free_tally(tally);
        return status;
    }
    *out = tally;
    return JF_OK;
}

void tally_close(struct tally *tally, unsigned patience_ms)
{
    if (!tally)
        return;
    uint64_t deadline = monotonic_ms() + patience_ms;
    tally->closing = true;
    pthread_mutex_lock(&tally->lock);
    tally_entries_end(&tally->entries);
    pthread_mutex_unlock(&tally->lock);
    tell_due(tally);
    while (redis_link_await(tally->link, monotonic_left(deadline)))
        ; /* each answer sends what is left */
    redis_link_close(tally->link, monotonic_left(deadline));
    free_tally(tally);
}
