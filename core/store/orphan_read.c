/* All of an orphan is one block: the struct, the words, and then their octets. */
#include "core/store/orphan_read.h"

#include "core/base/bytes.h"
#include "core/base/memory.h"

#define SINCE_MAX 999999999999999999

static size_t octets_of(const struct redis_reply *words)
{
    size_t octets = 0;
    for (size_t i = 0; i < redis_reply_count(words); i++)
        octets += redis_reply_bytes(redis_reply_at(words, i)).len;
    return octets;
}

/* "1700000000000 prod" */
static void read_entry(struct orphan *orphan, jf_bytes entry)
{
    size_t digits = bytes_find(entry, ' ');
    if (bytes_number(jf_view(entry.ptr, digits), SINCE_MAX, &orphan->since))
        orphan->stage = bytes_from(entry, digits + 1);
}

/* What is under the empty key is no attribute. */
static jf_bytes *take_attrs(struct orphan *orphan, const struct redis_reply *attrs,
                            jf_bytes *word, char **at)
{
    orphan->attrs = word;
    for (size_t i = 0; i + 1 < redis_reply_count(attrs); i += 2) {
        jf_bytes key = redis_reply_bytes(redis_reply_at(attrs, i));
        jf_bytes value = bytes_keep(redis_reply_bytes(redis_reply_at(attrs, i + 1)), at);
        if (!key.len) {
            read_entry(orphan, value);
            continue;
        }
        *word++ = bytes_keep(key, at);
        *word++ = value;
        orphan->attr_count++;
    }
    return word;
}

static void take_groups(struct orphan *orphan, const struct redis_reply *groups,
                        jf_bytes *word, char **at)
{
    orphan->groups = word;
    orphan->group_count = redis_reply_count(groups);
    for (size_t i = 0; i < orphan->group_count; i++)
        *word++ = bytes_keep(redis_reply_bytes(redis_reply_at(groups, i)), at);
}

struct orphan *orphan_read(jf_conn_id conn, const struct redis_reply *attrs,
                           const struct redis_reply *groups)
{
    size_t words = redis_reply_count(attrs) + redis_reply_count(groups);
    struct orphan *orphan = try_alloc(sizeof(*orphan) + words * sizeof(jf_bytes) +
                                      octets_of(attrs) + octets_of(groups));
    if (!orphan)
        return NULL;
    *orphan = (struct orphan){ .conn = conn };
    jf_bytes *word = (jf_bytes *)(void *)(orphan + 1);
    char *at = (char *)(word + words);
    word = take_attrs(orphan, attrs, word, &at);
    take_groups(orphan, groups, word, &at);
    return orphan;
}

void orphan_free(struct orphan *orphan)
{
    free(orphan);
}
