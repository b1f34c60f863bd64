/* An entry for each key in use. It is due, or flies to Redis, or rests: for TALLY_EVERY_MS
 * after it was told, and then, seats that are taken, for as long as Redis may go without
 * hearing of them. Entries go on the home thread only, so there one may be looked at
 * without the lock. */
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
#include "core/base/table.h"
#include "core/loop/loop.h"
#include "core/loop/mailbox.h"
#include "core/redis/redis_link.h"
#include "core/redis/redis_scripts.h"
#include "core/relay/tally_script.h"

#define BATCH_KEYS 64
#define BATCHES 8    /* on their way at a time */
#define HEAD_WORDS 6 /* of a command; then come the keys' */
#define KEY_WORDS 5
#define NUMBER_MAX 24
#define MILLIONTHS 1000000u

enum place { NOWHERE, DUE, FLYING, RESTING, SEATED };

struct entry {
    enum tally_kind kind;
    enum place place;
    struct list_node node; /* in the list of its place, if that has one */
    bool dirty;            /* there is something to tell */
    uint64_t amount;       /* taken or spent, and not told; the connections there are */
    uint64_t flying;       /* the part of it that is on its way */
    uint64_t told_at;
    struct rate rate; /* of buckets */
    uint64_t keep_ms; /* of quotas */
    size_t len;
    char key[]; /* begins with the letter of its kind */
};

struct batch_call {
    struct redis_call call;
    struct tally *tally;
    struct entry *entries[BATCH_KEYS];
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
    struct timer *timer;
    struct batch_call batches[BATCHES];
    bool ready; /* Redis knows the script */
    bool closing;

    /* under the lock */
    pthread_mutex_t lock;
    struct table entries;
    struct list_node due;
    struct list_node resting, seated; /* in the order in which they were told */
    bool away;                        /* nobody is there to tell */
    bool woken;
    struct task wake;
    struct tally_counts counts;
};

static const char letters[TALLY_KINDS] = { 'b', 'q', 's' };
static const char *const texts[] = { tally_script };

static jf_bytes key_of(const struct entry *entry)
{
    return jf_view(entry->key + 1, entry->len - 1);
}

/* ---- Use, on any thread -------------------------------------------------- */

/* With the lock held. */
static void put(struct entry *entry, enum place place, struct list_node *list)
{
    list_remove(&entry->node);
    list_append(list, &entry->node);
    entry->place = place;
}

static void make_due(struct tally *tally, struct entry *entry)
{
    put(entry, DUE, &tally->due);
}

static struct entry *make_entry(struct tally *tally, enum tally_kind kind, jf_bytes name)
{
    struct entry *entry = xcalloc(1, sizeof(*entry) + name.len);
    char *at = entry->key;
    entry->kind = kind;
    entry->len = name.len;
    table_put(&tally->entries, bytes_keep(name, &at), entry);
    return entry;
}

/* With the lock held. NULL: there are too many, or it is too long. */
static struct entry *entry_of(struct tally *tally, enum tally_kind kind, jf_bytes key)
{
    char whole[1 + TALLY_KEY_MAX], *at = whole + 1;
    if (key.len > TALLY_KEY_MAX)
        return NULL;
    whole[0] = letters[kind];
    bytes_keep(key, &at);
    jf_bytes name = jf_view(whole, 1 + key.len);
    struct entry *entry = table_find(&tally->entries, name);
    if (entry || tally->entries.count >= TALLY_MAX)
        return entry;
    return make_entry(tally, kind, name);
}

/* The entry of a key that is used, with the lock held, and soon told. NULL: it is not, and
 * has been counted, but for buckets while Redis is away: they will have refilled, and would
 * take the place of what is kept. */
static struct entry *use(struct tally *tally, enum tally_kind kind, jf_bytes key)
{
    pthread_mutex_lock(&tally->lock);
    if (tally->away && kind == TALLY_BUCKET) {
        pthread_mutex_unlock(&tally->lock);
        return NULL;
    }
    struct entry *entry = entry_of(tally, kind, key);
    if (!entry) {
        tally->counts.untold++;
        pthread_mutex_unlock(&tally->lock);
        LOG_RARELY(WARN, STORE, 10, "event=use_not_told most=%d", TALLY_MAX);
        return NULL;
    }
    entry->dirty = true;
    if (entry->place == NOWHERE || entry->place == SEATED)
        make_due(tally, entry);
    return entry;
}

static void used(struct tally *tally, const struct entry *entry)
{
    bool wake = entry->place == DUE && !tally->woken;
    tally->woken |= wake;
    pthread_mutex_unlock(&tally->lock);
    if (wake)
        mailbox_post_reserved(tally->box, &tally->wake);
}

void tally_take(struct tally *tally, jf_bytes key, const struct rate *rate, uint32_t cost)
{
    struct entry *entry = use(tally, TALLY_BUCKET, key);
    if (!entry)
        return;
    entry->rate = *rate;
    entry->amount += cost;
    used(tally, entry);
}

void tally_spend(struct tally *tally, jf_bytes key, uint64_t keep_ms, uint32_t cost)
{
    struct entry *entry = use(tally, TALLY_QUOTA, key);
    if (!entry)
        return;
    entry->keep_ms = keep_ms;
    entry->amount += cost;
    used(tally, entry);
}

void tally_seats(struct tally *tally, jf_bytes key, uint32_t count)
{
    struct entry *entry = use(tally, TALLY_SEATS, key);
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

/* ---- Resting ------------------------------------------------------------- */

/* With the lock held, as the rest here. */
static void forget(struct tally *tally, struct entry *entry)
{
    table_remove(&tally->entries, jf_view(entry->key, entry->len));
    list_remove(&entry->node);
    free(entry);
}

static struct entry *first(const struct list_node *list)
{
    struct list_node *node = list_first(list);
    return node ? CONTAINER_OF(node, struct entry, node) : NULL;
}

static void wake_rested(struct tally *tally, uint64_t now)
{
    struct entry *entry;
    while ((entry = first(&tally->resting)) &&
           (tally->closing || now >= entry->told_at + TALLY_EVERY_MS)) {
        if (entry->dirty)
            make_due(tally, entry);
        else if (entry->kind == TALLY_SEATS && entry->amount)
            put(entry, SEATED, &tally->seated);
        else
            forget(tally, entry);
    }
}

static uint64_t refresh_ms(const struct tally *tally)
{
    return tally->options.stale_ms / 3;
}

static void wake_seated(struct tally *tally, uint64_t now)
{
    struct entry *entry;
    while ((entry = first(&tally->seated)) && now >= entry->told_at + refresh_ms(tally)) {
        entry->dirty = true;
        make_due(tally, entry);
    }
}

static void set_timer(struct tally *tally, uint64_t now)
{
    const struct entry *resting = first(&tally->resting), *seated = first(&tally->seated);
    uint64_t next = UINT64_MAX;
    if (resting)
        next = resting->told_at + TALLY_EVERY_MS;
    if (seated && seated->told_at + refresh_ms(tally) < next)
        next = seated->told_at + refresh_ms(tally);
    if (next == UINT64_MAX)
        timer_stop(tally->timer);
    else
        timer_start(tally->timer, next > now ? next - now : 0);
}

/* ---- Telling ------------------------------------------------------------- */

/* One command, and the memory of its numbers. */
struct command {
    jf_bytes words[HEAD_WORDS + KEY_WORDS * BATCH_KEYS];
    size_t count;
    char numbers[BATCH_KEYS][3][NUMBER_MAX];
};

static void add_entry(struct command *command, size_t at, const struct entry *entry)
{
    const uint64_t of[TALLY_KINDS][3] = {
        { entry->flying * MILLIONTHS, entry->rate.gain, entry->rate.most },
        { entry->flying, entry->keep_ms, 0 },
        { entry->flying, 0, 0 },
    };
    command->words[command->count++] = jf_view(entry->key, 1);
    command->words[command->count++] = key_of(entry);
    for (int i = 0; i < 3; i++) {
        char *text = command->numbers[at][i];
        int n = snprintf(text, NUMBER_MAX, "%" PRIu64, of[entry->kind][i]);
        command->words[command->count++] = jf_view(text, (size_t)n);
    }
}

/* With the lock held. */
static void take_due(struct tally *tally, struct batch_call *batch)
{
    struct entry *entry;
    batch->count = 0;
    while (batch->count < BATCH_KEYS && (entry = first(&tally->due))) {
        list_remove(&entry->node);
        entry->place = FLYING;
        entry->dirty = false;
        entry->flying = entry->amount;
        if (entry->kind != TALLY_SEATS)
            entry->amount = 0;
        batch->entries[batch->count++] = entry;
    }
}

/* One was not told. What was taken from a bucket is let go. */
static void fail(struct tally *tally, struct entry *entry)
{
    tally->counts.failed++;
    if (entry->kind == TALLY_QUOTA)
        entry->amount += entry->flying;
    if (entry->kind != TALLY_BUCKET)
        entry->dirty = true;
}

/* What Redis answers for one; false: nothing that we know. */
static bool read_number(const struct redis_reply *reply, size_t at, uint64_t *out)
{
    return bytes_number(redis_reply_bytes(redis_reply_at(reply, at)), UINT64_MAX, out);
}

/* With the lock held. */
static uint64_t with_untold(const struct entry *entry, uint64_t number)
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

/* They rest. True for those whose numbers are known now. */
static void settle(struct batch_call *batch, const struct redis_reply *reply,
                   bool is_known[BATCH_KEYS], uint64_t numbers[BATCH_KEYS])
{
    struct tally *tally = batch->tally;
    uint64_t now = loop_now(tally->loop);
    pthread_mutex_lock(&tally->lock);
    for (size_t i = 0; i < batch->count; i++) {
        struct entry *entry = batch->entries[i];
        is_known[i] = read_number(reply, i, &numbers[i]);
        if (is_known[i])
            numbers[i] = with_untold(entry, numbers[i]);
        else
            fail(tally, entry);
        tally->counts.told += is_known[i];
        entry->told_at = now;
        put(entry, RESTING, &tally->resting);
    }
    pthread_mutex_unlock(&tally->lock);
}

static void go_on(struct tally *tally);

static void load_script(struct tally *tally)
{
    tally->ready = false;
    redis_scripts_load(&tally->scripts, tally->link); /* else on the next way up */
}

static void on_answer(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct batch_call *batch = call->data;
    struct tally *tally = batch->tally;
    bool is_known[BATCH_KEYS];
    uint64_t numbers[BATCH_KEYS];
    settle(batch, status == JF_OK ? reply : NULL, is_known, numbers);
    for (size_t i = 0; i < batch->count && !tally->closing; i++) {
        const struct entry *entry = batch->entries[i];
        if (is_known[i])
            tally->known(tally->data, entry->kind, key_of(entry), numbers[i]);
    }
    batch->count = 0;
    if (status < 0 && status != JF_E_STOPPING)
        LOG_RARELY(WARN, STORE, 10, "event=use_not_told status=%s", status_name(status));
    if (status == JF_E_NOT_FOUND) /* the scripts were flushed */
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
    if (send_batch(tally, batch) < 0) {
        settle(batch, NULL, is_known, numbers);
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

static void go_on(struct tally *tally)
{
    uint64_t now = loop_now(tally->loop);
    pthread_mutex_lock(&tally->lock);
    wake_rested(tally, now);
    wake_seated(tally, now);
    pthread_mutex_unlock(&tally->lock);
    tell_due(tally);
    pthread_mutex_lock(&tally->lock);
    set_timer(tally, now);
    pthread_mutex_unlock(&tally->lock);
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

/* With the lock held. What Redis may have missed, or will have lost: buckets refill. */
static void renew(struct tally *tally, struct entry *entry)
{
    if (entry->kind == TALLY_BUCKET) {
        forget(tally, entry);
    } else if (entry->dirty || entry->amount) {
        entry->dirty = true;
        make_due(tally, entry);
    }
}

/* With the lock held. Nothing flies. */
static void renew_all(struct tally *tally)
{
    struct list_node *lists[] = { &tally->due, &tally->resting, &tally->seated };
    struct list_node all;
    struct entry *entry;
    list_init(&all);
    for (int i = 0; i < 3; i++)
        list_take_all(&all, lists[i]);
    while ((entry = first(&all))) {
        list_remove(&entry->node);
        list_append(&tally->resting, &entry->node);
        renew(tally, entry);
    }
}

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
    renew_all(tally);
    pthread_mutex_unlock(&tally->lock);
}

static void on_loaded(struct redis_scripts *scripts, int status,
                      const struct redis_reply *reply)
{
    struct tally *tally = CONTAINER_OF(scripts, struct tally, scripts);
    (void)reply;
    tally->ready = status == JF_OK;
    if (status < 0 && status != JF_E_STOPPING)
        LOG_RARELY(WARN, STORE, 10, "event=use_not_told status=%s", status_name(status));
    if (!tally->closing)
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
    table_init(&tally->entries);
    list_init(&tally->due);
    list_init(&tally->resting);
    list_init(&tally->seated);
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
    size_t at = 0;
    void *entry;
    while (table_next(&tally->entries, &at, &entry))
        free(entry);
    table_fini(&tally->entries);
    timer_free(tally->timer);
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

/* With the lock held: whatever the pace, and no connection is here any more. */
static void make_all_due(struct tally *tally)
{
    size_t at = 0;
    void *value;
    while (table_next(&tally->entries, &at, &value)) {
        struct entry *entry = value;
        if (entry->kind == TALLY_SEATS) {
            entry->dirty = true;
            entry->amount = 0;
        }
        if (entry->dirty && (entry->place == RESTING || entry->place == SEATED))
            make_due(tally, entry);
    }
}

void tally_close(struct tally *tally, unsigned patience_ms)
{
    if (!tally)
        return;
    uint64_t deadline = monotonic_ms() + patience_ms;
    tally->closing = true;
    pthread_mutex_lock(&tally->lock);
    make_all_due(tally);
    pthread_mutex_unlock(&tally->lock);
    tell_due(tally);
    while (redis_link_await(tally->link, monotonic_left(deadline)))
        ; /* each answer sends what is left */
    redis_link_close(tally->link, monotonic_left(deadline));
    free_tally(tally);
}
