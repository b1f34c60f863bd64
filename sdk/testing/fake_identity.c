/*
 * Who a connection is, as $authorize has said.
 *
 * It is replaced as a whole, so that an event keeps what it was shown.
 */
#include "fake_inside.h"

static struct jf_pair keep_pair(struct fake_arena *memory, jf_bytes name, jf_bytes value)
{
    return (struct jf_pair){ jf_view(fake_text(memory, name), name.len),
                             jf_view(fake_text(memory, value), value.len) };
}

int fake_identity_set(struct fake_host *host, struct fake_variables *identity,
                      jf_bytes name, jf_bytes value)
{
    struct fake_variables old = *identity, new = { 0 };
    if (!name.len)
        return JF_E_INVALID;
    new.pairs = fake_take(&host->memory, (old.count + 1) * sizeof(*new.pairs));
    for (size_t i = 0; i < old.count; i++) {
        if (!jf_same(old.pairs[i].name, name))
            new.pairs[new.count++] = old.pairs[i];
    }
    new.pairs[new.count++] = keep_pair(&host->memory, name, value);
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
