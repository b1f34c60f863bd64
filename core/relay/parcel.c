/* The octets of a batch that grows. */
#include "core/relay/parcel.h"

#include "core/base/memory.h"

#define PARCEL_MIN 256

static bool make_room(struct parcel *parcel, size_t more)
{
    size_t capacity = parcel->capacity ? parcel->capacity : PARCEL_MIN;
    while (capacity < parcel->len + more)
        capacity *= 2; /* bounded by RELAY_BATCH_BYTES and RELAY_LETTER_MAX */
    if (capacity == parcel->capacity)
        return true;
    uint8_t *octets = try_realloc(parcel->octets, capacity);
    if (!octets)
        return false;
    parcel->octets = octets;
    parcel->capacity = capacity;
    return true;
}

static bool keep_group(struct parcel *parcel, jf_bytes group)
{
    char *copy = try_alloc(group.len + 1);
    if (!copy)
        return false;
    if (group.len)
        memcpy(copy, group.ptr, group.len);
    parcel->group = jf_view(copy, group.len);
    return true;
}

struct parcel *parcel_new(enum parcel_to to, jf_bytes group, const struct batch_from *from)
{
    struct parcel *parcel = xnew(struct parcel);
    parcel->to = to;
    parcel->from = *from;
    if (!make_room(parcel, BATCH_HEAD) ||
        (to == PARCEL_TO_GROUP && !keep_group(parcel, group))) {
        parcel_free(parcel);
        return NULL;
    }
    batch_write_head(parcel->octets, from);
    parcel->len = BATCH_HEAD;
    return parcel;
}

void parcel_drop_octets(struct parcel *parcel)
{
    free(parcel->octets);
    parcel->octets = NULL;
    parcel->capacity = 0;
}

void parcel_free(struct parcel *parcel)
{
    free(parcel->octets);
    free((char *)(uintptr_t)parcel->group.ptr);
    free(parcel);
}

size_t parcel_size_of(const struct letter *letter)
{
    return BATCH_LETTER_HEAD + LETTER_HEAD + letter->id_count * sizeof(jf_conn_id) +
           letter->name.len + letter->body.len;
}

static void append(struct parcel *parcel, jf_bytes piece)
{
    memcpy(parcel->octets + parcel->len, piece.ptr, piece.len);
    parcel->len += piece.len;
}

bool parcel_add(struct parcel *parcel, const struct letter *letter)
{
    uint8_t head[LETTER_HEAD];
    jf_bytes pieces[LETTER_PIECES];
    size_t size = parcel_size_of(letter);
    if (!make_room(parcel, size))
        return false;
    size_t count = letter_write(letter, head, pieces);
    batch_write_length(parcel->octets + parcel->len, (uint32_t)(size - BATCH_LETTER_HEAD));
    parcel->len += BATCH_LETTER_HEAD;
    for (size_t i = 0; i < count; i++)
        append(parcel, pieces[i]);
    parcel->letters++;
    if (letter->kind == LETTER_QUESTION) {
        parcel->last = letter->number;
        parcel->first = parcel->first ? parcel->first : letter->number;
    }
    return true;
}
