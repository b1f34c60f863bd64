/* Who has which attributes and who is in which group. A connection's record lists its
 * attributes and the names of its groups; a group's holds the ids of its members. The two
 * are found by value, never by pointer, so they may lie in different shards and no call
 * needs two locks: it writes the one, lets go, and writes the other. A record that would be
 * empty does not exist, so idle connections cost nothing here. */
#include "core/store/ledger.h"

#include <pthread.h>
#include <stdbool.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/base/table.h"
#include "core/store/id_set.h"
#include "core/store/store.h"

#define SHARD_BITS 6
#define SHARDS (1 << SHARD_BITS)

_Static_assert(SHARDS == LEDGER_SHARDS, "as many as the header says");

/* An attribute, or, without a value, the name of a group its connection is in. */
struct entry {
    struct entry *next;
    uint32_t hash;
    uint32_t key_len, value_len;
    char octets[]; /* the key, then the value */
};

struct record {
    jf_conn_id conn;
    bool entered; /* one of the attributes is that of ledger_enter() */
    unsigned attr_count, group_count;
    struct entry *attrs, *groups;
};

struct group {
    struct id_set members;
    size_t name_len;
    char name[];
};

struct shard {
    _Alignas(64) pthread_mutex_t lock; /* a leaf; guards the rest */
    struct table records;              /* by connection */
    struct table groups;               /* by name */
};

struct ledger {
    uint64_t seed;
    struct shard shards[SHARDS];
};

/* Picks the shard and tells entries of a list apart, no more; the tables inside a shard
 * have their own, stronger hash. */
static uint32_t hash_of(const struct ledger *ledger, jf_bytes key)
{
    uint64_t hash = ledger->seed ^ key.len;
    while (key.len) {
        uint64_t word = 0;
        size_t len = key.len < sizeof(word) ? key.len : sizeof(word);
        memcpy(&word, key.ptr, len);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
        hash ^= hash >> 32;
        key = (jf_bytes){ key.ptr + len, key.len - len };
    }
    return (uint32_t)hash;
}

static struct shard *lock_shard(struct ledger *ledger, uint32_t hash)
{
    struct shard *shard = &ledger->shards[hash >> (32 - SHARD_BITS)];
    pthread_mutex_lock(&shard->lock);
    return shard;
}

static void unlock_shard(struct shard *shard)
{
    pthread_mutex_unlock(&shard->lock);
}

static jf_bytes conn_key(const jf_conn_id *conn)
{
    return jf_view(conn->octet, sizeof(conn->octet));
}

static struct shard *lock_shard_of(struct ledger *ledger, const jf_conn_id *conn)
{
    return lock_shard(ledger, hash_of(ledger, conn_key(conn)));
}

/* ---- Entries ---- */

static struct entry *new_entry(uint32_t hash, jf_bytes key, jf_bytes value)
{
    struct entry *entry = try_alloc(sizeof(*entry) + key.len + value.len);
    if (!entry)
        return NULL;
    entry->next = NULL;
    entry->hash = hash;
    entry->key_len = (uint32_t)key.len;
    entry->value_len = (uint32_t)value.len;
    if (key.len)
        memcpy(entry->octets, key.ptr, key.len);
    if (value.len)
        memcpy(entry->octets + key.len, value.ptr, value.len);
    return entry;
}

/* The link that leads to the entry, or the last one, which holds NULL. */
static struct entry **find_entry(struct entry **link, uint32_t hash, jf_bytes key)
{
    for (; *link; link = &(*link)->next) {
        struct entry *entry = *link;
        if (entry->hash == hash && jf_same(jf_view(entry->octets, entry->key_len), key))
            break;
    }
    return link;
}

/* Out of its list; NULL if the key is not there. */
static struct entry *take_entry(struct entry **list, uint32_t hash, jf_bytes key)
{
    struct entry **link = find_entry(list, hash, key), *entry = *link;
    if (entry)
        *link = entry->next;
    return entry;
}

static void free_entries(struct entry *entry)
{
    while (entry) {
        struct entry *next = entry->next;
        free(entry);
        entry = next;
    }
}

/* ---- Records of connections; all under the shard's lock ---- */

static struct record *find_record(const struct shard *shard, const jf_conn_id *conn)
{
    return table_find(&shard->records, conn_key(conn));
}

static struct record *make_record(struct shard *shard, const jf_conn_id *conn)
{
    struct record *record = find_record(shard, conn);
    if (record)
        return record;
    record = try_alloc(sizeof(*record));
    if (!record)
        return NULL;
    *record = (struct record){ .conn = *conn };
    table_put(&shard->records, conn_key(&record->conn), record);
    return record;
}

static void drop_record_if_empty(struct shard *shard, struct record *record)
{
    if (record->attrs || record->groups)
        return;
    table_remove(&shard->records, conn_key(&record->conn));
    free(record);
}

/* The name of the group onto the connection's list; `joined` if it was not there. */
static int note_group(struct ledger *ledger, uint32_t hash, jf_bytes name,
                      const jf_conn_id *conn, bool *joined)
{
    struct entry *entry = new_entry(hash, name, jf_view(NULL, 0));
    if (!entry)
        return JF_E_NOMEM;
    int status = JF_OK;
    struct shard *shard = lock_shard_of(ledger, conn);
    struct record *record = make_record(shard, conn);
    struct entry **link = record ? find_entry(&record->groups, hash, name) : NULL;
    *joined = false;
    if (!record) {
        status = JF_E_NOMEM;
    } else if (!*link && record->group_count >= STORE_GROUPS_MAX) {
        status = JF_E_FULL;
    } else if (!*link) {
        *link = entry;
        record->group_count++;
        *joined = true;
    }
    unlock_shard(shard);
    if (!*joined)
        free(entry);
    return status;
}

/* Was it on the list? */
static bool strike_group(struct ledger *ledger, uint32_t hash, jf_bytes name,
                         const jf_conn_id *conn)
{
    struct entry *entry = NULL;
    struct shard *shard = lock_shard_of(ledger, conn);
    struct record *record = find_record(shard, conn);
    if (record)
        entry = take_entry(&record->groups, hash, name);
    if (entry) {
        record->group_count--;
        drop_record_if_empty(shard, record);
    }
    unlock_shard(shard);
    free(entry);
    return entry != NULL;
}

/* ---- Records of groups ---- */

static void drop_group_if_empty(struct shard *shard, struct group *group)
{
    if (group->members.count)
        return;
    table_remove(&shard->groups, jf_view(group->name, group->name_len));
    id_set_fini(&group->members);
    free(group);
}

static struct group *make_group(struct shard *shard, jf_bytes name)
{
    struct group *group = table_find(&shard->groups, name);
    if (group)
        return group;
    group = try_alloc(sizeof(*group) + name.len);
    if (!group)
        return NULL;
    group->members = (struct id_set){ 0 };
    group->name_len = name.len;
    memcpy(group->name, name.ptr, name.len);
    table_put(&shard->groups, jf_view(group->name, name.len), group);
    return group;
}

static int add_member(struct ledger *ledger, uint32_t hash, jf_bytes name, jf_conn_id conn)
{
    int status = JF_E_NOMEM;
    struct shard *shard = lock_shard(ledger, hash);
    struct group *group = make_group(shard, name);
    if (group) {
        status = id_set_add(&group->members, conn);
        drop_group_if_empty(shard, group);
    }
    unlock_shard(shard);
    return status;
}

static void remove_member(struct ledger *ledger, uint32_t hash, jf_bytes name,
                          jf_conn_id conn)
{
    struct shard *shard = lock_shard(ledger, hash);
    struct group *group = table_find(&shard->groups, name);
    if (group) {
        id_set_remove(&group->members, conn);
        drop_group_if_empty(shard, group);
    }
    unlock_shard(shard);
}

/* ---- The calls ---- */

static bool has_room(const struct record *record, jf_bytes key)
{
    return !key.len || record->attr_count - record->entered < STORE_ATTRS_MAX;
}

int ledger_enter(struct ledger *ledger, jf_conn_id conn, jf_bytes value)
{
    return ledger_attr_set(ledger, conn, jf_view(NULL, 0), value);
}

int ledger_attr_set(struct ledger *ledger, jf_conn_id conn, jf_bytes key, jf_bytes value)
{
    uint32_t hash = hash_of(ledger, key);
    struct entry *entry = new_entry(hash, key, value), *unused = entry;
    if (!entry)
        return JF_E_NOMEM;
    int status = JF_OK;
    struct shard *shard = lock_shard_of(ledger, &conn);
    struct record *record = make_record(shard, &conn);
    struct entry **link = record ? find_entry(&record->attrs, hash, key) : NULL;
    if (!record) {
        status = JF_E_NOMEM;
    } else if (!*link && !has_room(record, key)) {
        status = JF_E_FULL;
    } else {
        unused = *link; /* the old value */
        record->attr_count += !unused;
        record->entered |= !key.len;
        entry->next = unused ? unused->next : NULL;
        *link = entry;
    }
    unlock_shard(shard);
    free(unused);
    return status;
}

void ledger_attr_remove(struct ledger *ledger, jf_conn_id conn, jf_bytes key)
{
    struct entry *entry = NULL;
    struct shard *shard = lock_shard_of(ledger, &conn);
    struct record *record = find_record(shard, &conn);
    if (record)
        entry = take_entry(&record->attrs, hash_of(ledger, key), key);
    if (entry) {
        record->attr_count--;
        drop_record_if_empty(shard, record);
    }
    unlock_shard(shard);
    free(entry);
}

int ledger_attr_get(struct ledger *ledger, jf_conn_id conn, jf_bytes key, void **copy,
                    size_t *len)
{
    int status = JF_E_NOT_FOUND;
    struct shard *shard = lock_shard_of(ledger, &conn);
    struct record *record = find_record(shard, &conn);
    struct entry *entry =
        record ? *find_entry(&record->attrs, hash_of(ledger, key), key) : NULL;
    if (entry) {
        void *memory = try_alloc(entry->value_len);
        status = memory ? JF_OK : JF_E_NOMEM;
        if (memory) {
            memcpy(memory, entry->octets + entry->key_len, entry->value_len);
            *copy = memory;
            *len = entry->value_len;
        }
    }
    unlock_shard(shard);
    return status;
}

bool ledger_attr_is(struct ledger *ledger, jf_conn_id conn, jf_bytes key, jf_bytes value)
{
    uint32_t hash = hash_of(ledger, key);
    struct shard *shard = lock_shard_of(ledger, &conn);
    struct record *record = find_record(shard, &conn);
    const struct entry *entry = record ? *find_entry(&record->attrs, hash, key) : NULL;
    bool is =
        entry && jf_same(jf_view(entry->octets + entry->key_len, entry->value_len), value);
    unlock_shard(shard);
    return is;
}

int ledger_join(struct ledger *ledger, jf_bytes group, jf_conn_id conn)
{
    uint32_t hash = hash_of(ledger, group);
    bool joined;
    int status = note_group(ledger, hash, group, &conn, &joined);
    if (status < 0 || !joined)
        return status;
    status = add_member(ledger, hash, group, conn);
    if (status < 0)
        strike_group(ledger, hash, group, &conn);
    return status;
}

void ledger_leave(struct ledger *ledger, jf_bytes group, jf_conn_id conn)
{
    uint32_t hash = hash_of(ledger, group);
    if (strike_group(ledger, hash, group, &conn))
        remove_member(ledger, hash, group, conn);
}

int ledger_members(struct ledger *ledger, jf_bytes group, jf_conn_id **copy, size_t *count)
{
    int status = JF_OK;
    jf_conn_id *ids = NULL;
    struct shard *shard = lock_shard(ledger, hash_of(ledger, group));
    struct group *found = table_find(&shard->groups, group);
    size_t n = found ? found->members.count : 0;
    if (n) {
        ids = try_alloc(n * sizeof(*ids));
        status = ids ? JF_OK : JF_E_NOMEM;
        if (ids)
            memcpy(ids, found->members.ids, n * sizeof(*ids));
    }
    unlock_shard(shard);
    if (status == JF_OK) {
        *copy = ids;
        *count = n;
    }
    return status;
}

size_t ledger_count(struct ledger *ledger, jf_bytes group)
{
    struct shard *shard = lock_shard(ledger, hash_of(ledger, group));
    const struct group *found = table_find(&shard->groups, group);
    size_t count = found ? found->members.count : 0;
    unlock_shard(shard);
    return count;
}

void ledger_forget(struct ledger *ledger, jf_conn_id conn)
{
    struct shard *shard = lock_shard_of(ledger, &conn);
    struct record *record = table_remove(&shard->records, conn_key(&conn));
    unlock_shard(shard);
    if (!record)
        return;
    for (struct entry *entry = record->groups; entry; entry = entry->next)
        remove_member(ledger, entry->hash, jf_view(entry->octets, entry->key_len), conn);
    free_entries(record->groups);
    free_entries(record->attrs);
    free(record);
}

/* ---- Copies ---- */

bool ledger_has(struct ledger *ledger, jf_conn_id conn)
{
    struct shard *shard = lock_shard_of(ledger, &conn);
    bool found = find_record(shard, &conn) != NULL;
    unlock_shard(shard);
    return found;
}

static size_t size_of_entries(const struct entry *entry)
{
    size_t size = 0;
    for (; entry; entry = entry->next)
        size += entry->key_len + entry->value_len;
    return size;
}

static struct ledger_copy *copy_record(const struct record *record)
{
    size_t words = record->group_count + (size_t)record->attr_count * 2;
    size_t octets = size_of_entries(record->groups) + size_of_entries(record->attrs);
    struct ledger_copy *copy = try_alloc(sizeof(*copy) + words * sizeof(jf_bytes) + octets);
    if (!copy)
        return NULL;
    copy->group_count = record->group_count;
    copy->attr_count = record->attr_count;
    jf_bytes *word = copy->words;
    char *at = (char *)(copy->words + words);
    for (const struct entry *entry = record->groups; entry; entry = entry->next)
        *word++ = bytes_keep(jf_view(entry->octets, entry->key_len), &at);
    for (const struct entry *entry = record->attrs; entry; entry = entry->next) {
        *word++ = bytes_keep(jf_view(entry->octets, entry->key_len), &at);
        *word++ =
            bytes_keep(jf_view(entry->octets + entry->key_len, entry->value_len), &at);
    }
    return copy;
}

int ledger_describe(struct ledger *ledger, jf_conn_id conn, struct ledger_copy **copy)
{
    int status = JF_E_NOT_FOUND;
    struct shard *shard = lock_shard_of(ledger, &conn);
    const struct record *record = find_record(shard, &conn);
    struct ledger_copy *made = record ? copy_record(record) : NULL;
    if (record)
        status = made ? JF_OK : JF_E_NOMEM;
    unlock_shard(shard);
    if (made)
        *copy = made;
    return status;
}

int ledger_list(struct ledger *ledger, size_t index, jf_conn_id **copy, size_t *count)
{
    struct shard *shard = &ledger->shards[index];
    jf_conn_id *ids = NULL;
    void *value;
    pthread_mutex_lock(&shard->lock);
    size_t n = shard->records.count, filled = 0;
    if (n)
        ids = try_alloc(n * sizeof(*ids));
    for (size_t at = 0; ids && table_next(&shard->records, &at, &value);)
        ids[filled++] = ((struct record *)value)->conn;
    unlock_shard(shard);
    if (n && !ids)
        return JF_E_NOMEM;
    *copy = ids;
    *count = n;
    return JF_OK;
}

size_t ledger_size(struct ledger *ledger)
{
    size_t size = 0;
    for (size_t i = 0; i < SHARDS; i++) {
        struct shard *shard = &ledger->shards[i];
        pthread_mutex_lock(&shard->lock);
        size += shard->records.count + shard->groups.count;
        unlock_shard(shard);
    }
    return size;
}

struct ledger *ledger_new(void)
{
    struct ledger *ledger = aligned_alloc(_Alignof(struct ledger), sizeof(*ledger));
    CHECK(ledger);
    memset(ledger, 0, sizeof(*ledger));
    random_fill(&ledger->seed, sizeof(ledger->seed));
    for (size_t i = 0; i < SHARDS; i++)
        CHECK(pthread_mutex_init(&ledger->shards[i].lock, NULL) == 0);
    return ledger;
}

static void free_shard(struct shard *shard)
{
    void *value;
    for (size_t at = 0; table_next(&shard->records, &at, &value);) {
        struct record *record = value;
        free_entries(record->attrs);
        free_entries(record->groups);
        free(record);
    }
    for (size_t at = 0; table_next(&shard->groups, &at, &value);) {
        struct group *group = value;
        id_set_fini(&group->members);
        free(group);
    }
    table_fini(&shard->records);
    table_fini(&shard->groups);
    pthread_mutex_destroy(&shard->lock);
}

void ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return;
    for (size_t i = 0; i < SHARDS; i++)
        free_shard(&ledger->shards[i]);
    free(ledger);
}
