/* Few and short, so they are looked for one after the other. */
#include "core/host/identity.h"

#include "core/base/bytes.h"
#include "core/base/memory.h"

struct identity {
    struct jf_pair pairs[IDENTITY_PAIRS_MAX];
    char *texts[IDENTITY_PAIRS_MAX]; /* what the pairs view */
    size_t count, bytes;
};

static size_t place_of(const struct identity *identity, jf_bytes name)
{
    size_t i = 0;
    while (i < identity->count && !jf_same(identity->pairs[i].name, name))
        i++;
    return i;
}

static size_t size_of(const struct jf_pair *pair)
{
    return pair->name.len + pair->value.len;
}

int identity_set(struct identity **out, jf_bytes name, jf_bytes value)
{
    if (!name.len || name.len > IDENTITY_NAME_MAX)
        return JF_E_INVALID;
    if (!*out)
        *out = xnew(struct identity);
    struct identity *identity = *out;
    size_t at = place_of(identity, name);
    if (at == IDENTITY_PAIRS_MAX)
        return JF_E_FULL;
    size_t before = at < identity->count ? size_of(&identity->pairs[at]) : 0;
    size_t bytes = identity->bytes - before + name.len + value.len;
    if (value.len > IDENTITY_BYTES_MAX || bytes > IDENTITY_BYTES_MAX)
        return JF_E_TOO_BIG;
    char *text = xalloc(name.len + value.len), *next = text;
    identity->pairs[at].name = bytes_keep(name, &next);
    identity->pairs[at].value = bytes_keep(value, &next);
    free(identity->texts[at]);
    identity->texts[at] = text;
    identity->bytes = bytes;
    identity->count += at == identity->count;
    return JF_OK;
}

void identity_free(struct identity *identity)
{
    for (size_t i = 0; identity && i < identity->count; i++)
        free(identity->texts[i]);
    free(identity);
}

jf_bytes identity_find(const struct identity *identity, jf_bytes name)
{
    size_t at = identity ? place_of(identity, name) : 0;
    return identity && at < identity->count ? identity->pairs[at].value : jf_view(NULL, 0);
}

const struct jf_pair *identity_pairs(const struct identity *identity, size_t *count)
{
    *count = identity ? identity->count : 0;
    return identity ? identity->pairs : NULL;
}
