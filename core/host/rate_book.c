/* Keys that nodes share are "WHO:STAGE:NAME" for seats, with a letter for what is counted
 * in front for buckets, and "ID:DAY" for quotas; a stage's name has no colon. */
#include "core/host/rate_book.h"

#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/host/stage.h"

#define NAMES_MAX 65536 /* with a bucket, per page and what is counted */
#define QUOTA_KEEP_MS ((uint64_t)2 * 86400 * 1000)
#define KEY_MAX 512

static const char letters[RATE_WHATS] = { 'm', 'b', 'c' };

struct rate_book {
    pthread_mutex_t lock;     /* of the array; pages stay */
    struct rate_page **pages; /* by the stage's index */
    uint32_t count;
    struct rate_page *keys;
    struct tally *tally; /* NULL: there are no other nodes; changes only between runs */
};

/* ---- Pages -------------------------------------------------------------- */

static struct rate_page *page_new(jf_bytes stage)
{
    struct rate_page *page = xnew(struct rate_page);
    page->stage = stage;
    pthread_mutex_init(&page->lock, NULL);
    for (int what = 0; what < RATE_WHATS; what++)
        buckets_init(&page->by[what], NAMES_MAX);
    table_init(&page->seats);
    table_init(&page->quotas);
    return page;
}

static void free_all(struct table *table)
{
    size_t at = 0;
    void *value;
    while (table_next(table, &at, &value))
        free(value);
    table_fini(table);
}

static void page_free(struct rate_page *page)
{
    for (int what = 0; what < RATE_WHATS; what++)
        buckets_fini(&page->by[what]);
    free_all(&page->seats);
    free_all(&page->quotas);
    pthread_mutex_destroy(&page->lock);
    free(page);
}

struct rate_book *rate_book_new(void)
{
    struct rate_book *book = xnew(struct rate_book);
    pthread_mutex_init(&book->lock, NULL);
    book->keys = page_new(jf_str(""));
    return book;
}

void rate_book_free(struct rate_book *book)
{
    if (!book)
        return;
    for (uint32_t i = 0; i < book->count; i++) {
        if (book->pages[i])
            page_free(book->pages[i]);
    }
    page_free(book->keys);
    free(book->pages);
    pthread_mutex_destroy(&book->lock);
    free(book);
}

void rate_book_share(struct rate_book *book, struct tally *tally)
{
    book->tally = tally;
}

struct rate_page *rate_book_page(struct rate_book *book, const struct stage *stage)
{
    if (!stage)
        return book->keys;
    pthread_mutex_lock(&book->lock);
    if (stage->index >= book->count) {
        book->pages = xrealloc(book->pages, (stage->index + 1) * sizeof(*book->pages));
        while (book->count <= stage->index)
            book->pages[book->count++] = NULL;
    }
    struct rate_page **slot = &book->pages[stage->index];
    if (!*slot)
        *slot = page_new(stage->name);
    struct rate_page *page = *slot;
    pthread_mutex_unlock(&book->lock);
    return page;
}

/* NULL: nobody of that stage has come yet. */
static struct rate_page *page_named(struct rate_book *book, jf_bytes stage)
{
    struct rate_page *found = stage.len ? NULL : book->keys;
    pthread_mutex_lock(&book->lock);
    for (uint32_t i = 0; !found && i < book->count; i++) {
        if (book->pages[i] && jf_same(book->pages[i]->stage, stage))
            found = book->pages[i];
    }
    pthread_mutex_unlock(&book->lock);
    return found;
}

static uint64_t page_evicted(struct rate_page *page)
{
    uint64_t evicted = 0;
    pthread_mutex_lock(&page->lock);
    for (int what = 0; what < RATE_WHATS; what++)
        evicted += page->by[what].evicted;
    pthread_mutex_unlock(&page->lock);
    return evicted;
}

uint64_t rate_book_evicted(struct rate_book *book)
{
    uint64_t evicted = page_evicted(book->keys);
    pthread_mutex_lock(&book->lock);
    for (uint32_t i = 0; i < book->count; i++) {
        if (book->pages[i])
            evicted += page_evicted(book->pages[i]);
    }
    pthread_mutex_unlock(&book->lock);
    return evicted;
}

/* ---- Telling ------------------------------------------------------------ */

/* The letters, the stage and the name, with colons between them. */
static jf_bytes write_key(char out[KEY_MAX], const char *code, jf_bytes stage,
                          jf_bytes name)
{
    char *at = out;
    bytes_keep(jf_str(code), &at);
    bytes_keep(jf_str(":"), &at);
    bytes_keep(stage, &at);
    bytes_keep(jf_str(":"), &at);
    bytes_keep(name, &at);
    return jf_view(out, (size_t)(at - out));
}

void rate_book_tell_taken(struct rate_book *book, const struct rate_page *page,
                          enum rate_what what, enum rate_who who, jf_bytes name,
                          const struct rate *rate, uint32_t cost)
{
    char key[KEY_MAX];
    const char code[] = { letters[what], (char)who, '\0' };
    if (book->tally)
        tally_take(book->tally, write_key(key, code, page->stage, name), rate, cost);
}

void rate_book_tell_spent(struct rate_book *book, const struct rate_quota *quota)
{
    char key[KEY_MAX];
    if (!book->tally)
        return;
    int n = snprintf(key, sizeof(key), "%.*s:%llu", (int)quota->len, quota->id,
                     (unsigned long long)quota->day);
    tally_spend(book->tally, jf_view(key, (size_t)n), QUOTA_KEEP_MS, 1);
}

static void tell_seat(struct rate_book *book, const struct rate_page *page,
                      const struct rate_seat *seat)
{
    char key[KEY_MAX];
    const char code[] = { (char)seat->who, '\0' };
    jf_bytes name = jf_view(seat->name, seat->len);
    tally_seats(book->tally, write_key(key, code, page->stage, bytes_from(name, 1)),
                seat->count);
}

/* ---- Seats and quotas --------------------------------------------------- */

/* Its letter is part of the name in the table. */
static jf_bytes seat_name(char out[RATE_NAME_MAX + 1], enum rate_who who, jf_bytes name)
{
    char *at = out;
    out[0] = (char)who;
    at++;
    bytes_keep(jf_view(name.ptr, name.len < RATE_NAME_MAX ? name.len : RATE_NAME_MAX), &at);
    return jf_view(out, (size_t)(at - out));
}

static struct rate_seat *find_seat(const struct rate_page *page, enum rate_who who,
                                   jf_bytes name)
{
    char text[RATE_NAME_MAX + 1];
    return table_find(&page->seats, seat_name(text, who, name));
}

static struct rate_seat *make_seat(struct rate_page *page, enum rate_who who, jf_bytes name)
{
    char text[RATE_NAME_MAX + 1];
    jf_bytes whole = seat_name(text, who, name);
    struct rate_seat *seat = xcalloc(1, sizeof(*seat) + whole.len);
    char *at = seat->name;
    seat->who = who;
    seat->len = whole.len;
    table_put(&page->seats, bytes_keep(whole, &at), seat);
    return seat;
}

struct rate_seat *rate_page_sit(struct rate_book *book, struct rate_page *page,
                                enum rate_who who, jf_bytes name, uint32_t max, bool shared)
{
    struct rate_seat *seat = find_seat(page, who, name);
    if (seat && seat->count + (shared ? seat->others : 0) >= max)
        return NULL;
    if (!seat)
        seat = make_seat(page, who, name);
    seat->count++;
    seat->shared |= shared && book->tally;
    if (seat->shared)
        tell_seat(book, page, seat);
    return seat;
}

void rate_page_rise(struct rate_book *book, struct rate_page *page, struct rate_seat *seat)
{
    seat->count--;
    if (seat->shared)
        tell_seat(book, page, seat);
    if (seat->count)
        return;
    table_remove(&page->seats, jf_view(seat->name, seat->len));
    free(seat);
}

struct rate_quota *rate_page_quota(struct rate_page *page, jf_bytes id, uint64_t day)
{
    struct rate_quota *quota = table_find(&page->quotas, id);
    if (!quota) {
        quota = xcalloc(1, sizeof(*quota) + id.len);
        char *at = quota->id;
        quota->len = id.len;
        table_put(&page->quotas, bytes_keep(id, &at), quota);
    }
    if (quota->day != day) {
        quota->day = day;
        quota->used = 0;
    }
    return quota;
}

/* ---- Learning ----------------------------------------------------------- */

/* Up to a colon, which it skips. */
static jf_bytes cut(jf_bytes *rest)
{
    size_t len = bytes_find(*rest, ':');
    jf_bytes part = jf_view(rest->ptr, len);
    *rest = bytes_from(*rest, len + 1);
    return part;
}

static void learn_bucket(struct rate_page *page, jf_bytes code, jf_bytes name,
                         uint64_t missing, uint64_t now)
{
    for (int what = 0; what < RATE_WHATS; what++) {
        if (code.ptr[0] != letters[what])
            continue;
        if (code.ptr[1] == WHO_STAGE)
            page->whole[what] = (struct bucket){ missing, now };
        else
            buckets_learn(&page->by[what], name, missing, now);
    }
}

static void learn_seats(struct rate_page *page, jf_bytes code, jf_bytes name,
                        uint64_t others)
{
    struct rate_seat *seat = find_seat(page, (enum rate_who)code.ptr[0], name);
    if (seat)
        seat->others = others;
}

static void learn_quota(struct rate_page *page, jf_bytes key, uint64_t used)
{
    uint64_t day;
    struct rate_quota *quota = table_find(&page->quotas, cut(&key));
    if (quota && bytes_number(key, UINT64_MAX, &day) && day == quota->day)
        quota->used = used;
}

void rate_book_learn(struct rate_book *book, enum tally_kind kind, jf_bytes key,
                     uint64_t number, uint64_t now)
{
    jf_bytes name = key;
    bool by_key = kind == TALLY_QUOTA;
    jf_bytes code = by_key ? jf_str("") : cut(&name);
    struct rate_page *page = by_key ? book->keys : page_named(book, cut(&name));
    if (!page)
        return;
    pthread_mutex_lock(&page->lock);
    if (by_key)
        learn_quota(page, key, number);
    else if (kind == TALLY_SEATS)
        learn_seats(page, code, name, number);
    else
        learn_bucket(page, code, name, number, now);
    pthread_mutex_unlock(&page->lock);
}
