/*
 * Who a connection is, as $authorize has said: as much as the real host keeps.
 *
 * It is replaced as a whole, so that an event keeps what it was shown.
 */
#include "fake_inside.h"

#define NAME_MAX_OCTETS 256
#define PAIRS_MAX 64
#define ALL_MAX 8192

static struct jf_pair keep_pair(struct fake_arena *memory, jf_bytes name, jf_bytes value)
{
    return (struct jf_pair){ jf_view(fake_text(memory, name), name.len),
                             jf_view(fake_text(memory, value), value.len) };
}

static size_t size_without(const struct fake_variables *identity, size_t place)
{
    size_t size = 0;
    for (size_t i = 0; i < identity->count; i++) {
        const struct jf_pair *pair = &identity->pairs[i];
        size += i == place ? 0 : pair->name.len + pair->value.len;
    }
    return size;
}

int fake_identity_set(struct fake_host *host, struct fake_variables *identity,
                      jf_bytes name, jf_bytes value)
{
    struct fake_variables new = *identity;
    size_t at = 0;
    if (!name.len || name.len > NAME_MAX_OCTETS)
        return JF_E_INVALID;
    while (at < new.count && !jf_same(new.pairs[at].name, name))
        at++;
    if (at == PAIRS_MAX)
        return JF_E_FULL;
    if (value.len > ALL_MAX || size_without(&new, at) + name.len + value.len > ALL_MAX)
        return JF_E_TOO_BIG;
    new.count += at == new.count;
    new.pairs = fake_take(&host->memory, new.count * sizeof(*new.pairs));
    if (identity->count)
        memcpy(new.pairs, identity->pairs, identity->count * sizeof(*new.pairs));
    new.pairs[at] = keep_pair(&host->memory, name, value);
    *identity = new;
    return JF_OK;
}

struct fake_variables fake_identity_copy(struct fake_arena *memory,
                                         const struct fake_variables *identity)
{
    struct fake_variables copy = { 0 };
    if (!identity->count)
        return copy;
    copy.pairs = fake_take(memory, identity->count * sizeof(*copy.pairs));
    for (; copy.count < identity->count; copy.count++) {
        const struct jf_pair *pair = &identity->pairs[copy.count];
        copy.pairs[copy.count] = keep_pair(memory, pair->name, pair->value);
    }
    return copy;
}
