/* Where entries are, and what moves them: a list for each place but the air. */
#include "core/relay/tally_entries.h"

#include "core/base/bytes.h"
#include "core/base/memory.h"

static const char letters[TALLY_KINDS] = { 'b', 'q', 's' };

void tally_entries_init(struct tally_entries *entries, uint64_t refresh_ms)
{
    table_init(&entries->table);
    list_init(&entries->due);
    list_init(&entries->resting);
    list_init(&entries->seated);
    entries->refresh_ms = refresh_ms;
}

void tally_entries_fini(struct tally_entries *entries)
{
    size_t at = 0;
    void *entry;
    while (table_next(&entries->table, &at, &entry))
        free(entry);
    table_fini(&entries->table);
}

static jf_bytes name_of(const struct tally_entry *entry)
{
    return jf_view(entry->key, entry->len);
}

jf_bytes tally_entry_key(const struct tally_entry *entry)
{
    return bytes_from(name_of(entry), 1);
}

/* ---- Places -------------------------------------------------------------- */

static void put(struct tally_entry *entry, enum tally_place place, struct list_node *list)
{
    list_remove(&entry->node);
    list_append(list, &entry->node);
    entry->place = place;
}

static void make_due(struct tally_entries *entries, struct tally_entry *entry)
{
    put(entry, TALLY_DUE, &entries->due);
}

static void forget(struct tally_entries *entries, struct tally_entry *entry)
{
    table_remove(&entries->table, name_of(entry));
    list_remove(&entry->node);
    free(entry);
}

static struct tally_entry *first(const struct list_node *list)
{
    struct list_node *node = list_first(list);
    return node ? CONTAINER_OF(node, struct tally_entry, node) : NULL;
}

/* ---- Use ----------------------------------------------------------------- */

static struct tally_entry *make(struct tally_entries *entries, enum tally_kind kind,
                                jf_bytes name)
{
    struct tally_entry *entry = xcalloc(1, sizeof(*entry) + name.len);
    char *at = entry->key;
    entry->kind = kind;
    entry->len = name.len;
    table_put(&entries->table, bytes_keep(name, &at), entry);
    return entry;
}

/* NULL: there are too many, or it is too long. */
static struct tally_entry *entry_of(struct tally_entries *entries, enum tally_kind kind,
                                    jf_bytes key)
{
    char whole[1 + TALLY_KEY_MAX], *at = whole + 1;
    if (key.len > TALLY_KEY_MAX)
        return NULL;
    whole[0] = letters[kind];
    bytes_keep(key, &at);
    jf_bytes name = jf_view(whole, 1 + key.len);
    struct tally_entry *entry = table_find(&entries->table, name);
    if (entry || entries->table.count >= TALLY_MAX)
        return entry;
    return make(entries, kind, name);
}

struct tally_entry *tally_entries_use(struct tally_entries *entries, enum tally_kind kind,
                                      jf_bytes key)
{
    struct tally_entry *entry = entry_of(entries, kind, key);
    if (!entry)
        return NULL;
    entry->dirty = true;
    if (entry->place == TALLY_NOWHERE || entry->place == TALLY_SEATED)
        make_due(entries, entry);
    return entry;
}

/* ---- There and back ------------------------------------------------------ */

struct tally_entry *tally_entries_take(struct tally_entries *entries)
{
    struct tally_entry *entry = first(&entries->due);
    if (!entry)
        return NULL;
    list_remove(&entry->node);
    entry->place = TALLY_FLYING;
    entry->dirty = false;
    entry->flying = entry->amount;
    entry->flying_terms = entry->terms;
    if (entry->kind != TALLY_SEATS)
        entry->amount = 0;
    return entry;
}

void tally_entries_told(struct tally_entries *entries, struct tally_entry *entry,
                        uint64_t now)
{
    entry->told_at = now;
    put(entry, TALLY_RESTING, &entries->resting);
}

void tally_entries_missed(struct tally_entries *entries, struct tally_entry *entry,
                          bool again, uint64_t now)
{
    if (entry->kind == TALLY_QUOTA)
        entry->amount += entry->flying;
    if (entry->kind != TALLY_BUCKET && again)
        entry->dirty = true;
    tally_entries_told(entries, entry, now);
}

void tally_entries_undone(struct tally_entries *entries, struct tally_entry *entry,
                          uint64_t now)
{
    if (entry->kind != TALLY_SEATS)
        entry->amount += entry->flying;
    entry->dirty = true;
    tally_entries_told(entries, entry, now);
}

/* ---- Resting ------------------------------------------------------------- */

static void rise(struct tally_entries *entries, struct tally_entry *entry)
{
    if (entry->dirty)
        make_due(entries, entry);
    else if (entry->kind == TALLY_SEATS && entry->amount)
        put(entry, TALLY_SEATED, &entries->seated);
    else
        forget(entries, entry);
}

void tally_entries_wake(struct tally_entries *entries, uint64_t now)
{
    struct tally_entry *entry;
    while ((entry = first(&entries->resting)) && now >= entry->told_at + TALLY_EVERY_MS)
        rise(entries, entry);
    while ((entry = first(&entries->seated)) &&
           now >= entry->told_at + entries->refresh_ms) {
        entry->dirty = true;
        make_due(entries, entry);
    }
}

uint64_t tally_entries_next(const struct tally_entries *entries)
{
    const struct tally_entry *resting = first(&entries->resting);
    const struct tally_entry *seated = first(&entries->seated);
    uint64_t next = resting ? resting->told_at + TALLY_EVERY_MS : UINT64_MAX;
    if (seated && seated->told_at + entries->refresh_ms < next)
        next = seated->told_at + entries->refresh_ms;
    return next;
}

/* ---- All of them --------------------------------------------------------- */

static void renew(struct tally_entries *entries, struct tally_entry *entry)
{
    if (entry->kind == TALLY_BUCKET) {
        forget(entries, entry);
    } else if (entry->dirty || entry->amount) {
        entry->dirty = true;
        make_due(entries, entry);
    }
}

void tally_entries_renew(struct tally_entries *entries)
{
    struct list_node *lists[] = { &entries->due, &entries->resting, &entries->seated };
    struct list_node all;
    struct tally_entry *entry;
    list_init(&all);
    for (int i = 0; i < 3; i++)
        list_take_all(&all, lists[i]);
    while ((entry = first(&all))) {
        list_remove(&entry->node);
        list_append(&entries->resting, &entry->node);
        renew(entries, entry);
    }
}

void tally_entries_end(struct tally_entries *entries)
{
    size_t at = 0;
    void *value;
    while (table_next(&entries->table, &at, &value)) {
        struct tally_entry *entry = value;
        bool rests = entry->place == TALLY_RESTING || entry->place == TALLY_SEATED;
        if (entry->kind == TALLY_SEATS) {
            entry->dirty = true;
            entry->amount = 0;
        }
        if (entry->dirty && rests)
            make_due(entries, entry);
    }
}
