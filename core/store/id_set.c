/* A dense array of ids, and beside it places: an open-addressing table of where in the
 * array an id stands, linear probing, at most half full, no tombstones. The last id takes
 * the position of one that leaves. */
#include "core/store/id_set.h"

#include "core/base/memory.h"

#define CAPACITY_MIN 4

/* Slot and salt, octets 3 to 10, differ between any two connections of a worker. */
static uint32_t hash_of(jf_conn_id id)
{
    uint64_t word;
    memcpy(&word, id.octet + 3, sizeof(word));
    return (uint32_t)((word * 0x9e3779b97f4a7c15ULL) >> 32);
}

static bool same_id(jf_conn_id a, jf_conn_id b)
{
    return memcmp(a.octet, b.octet, sizeof(a.octet)) == 0;
}

static uint32_t place_mask(const struct id_set *set)
{
    return set->capacity * 2 - 1;
}

/* The place of the id, or the empty one (0) where it would go; otherwise a place holds the
 * position in `ids` plus one. */
static uint32_t locate(const struct id_set *set, jf_conn_id id)
{
    uint32_t at = hash_of(id) & place_mask(set);
    while (set->places[at] && !same_id(set->ids[set->places[at] - 1], id))
        at = (at + 1) & place_mask(set);
    return at;
}

/* A new home for all members; false if there is no memory, then nothing has changed. */
static bool resize(struct id_set *set, uint32_t capacity)
{
    size_t places_size = (size_t)capacity * 2 * sizeof(uint32_t);
    uint32_t *places = try_alloc(places_size + (size_t)capacity * sizeof(jf_conn_id));
    if (!places)
        return false;
    memset(places, 0, places_size);
    jf_conn_id *ids = (jf_conn_id *)(void *)(places + (size_t)capacity * 2);
    if (set->count)
        memcpy(ids, set->ids, set->count * sizeof(*ids));
    free(set->places);
    set->places = places;
    set->ids = ids;
    set->capacity = capacity;
    for (uint32_t i = 0; i < set->count; i++)
        set->places[locate(set, ids[i])] = i + 1;
    return true;
}

void id_set_fini(struct id_set *set)
{
    free(set->places);
    *set = (struct id_set){ 0 };
}

bool id_set_has(const struct id_set *set, jf_conn_id id)
{
    return set->count && set->places[locate(set, id)];
}

int id_set_add(struct id_set *set, jf_conn_id id)
{
    if (set->count && set->places[locate(set, id)])
        return JF_OK;
    if (set->count == set->capacity) {
        uint32_t wanted = set->capacity ? set->capacity * 2 : CAPACITY_MIN;
        if (wanted > UINT32_MAX / 4 || !resize(set, wanted))
            return JF_E_NOMEM;
    }
    set->ids[set->count++] = id;
    set->places[locate(set, id)] = set->count;
    return JF_OK;
}

/* Close the gap at `hole`: whoever probed past it moves back. */
static void shift_back(struct id_set *set, uint32_t hole)
{
    uint32_t mask = place_mask(set);
    for (uint32_t at = (hole + 1) & mask; set->places[at]; at = (at + 1) & mask) {
        uint32_t home = hash_of(set->ids[set->places[at] - 1]) & mask;
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            set->places[hole] = set->places[at];
            hole = at;
        }
    }
    set->places[hole] = 0;
}

void id_set_remove(struct id_set *set, jf_conn_id id)
{
    if (!set->count)
        return;
    uint32_t place = locate(set, id);
    if (!set->places[place])
        return;
    uint32_t position = set->places[place] - 1, last = set->count - 1;
    shift_back(set, place);
    if (position != last) {
        set->places[locate(set, set->ids[last])] = position + 1;
        set->ids[position] = set->ids[last];
    }
    set->count--;
    if (set->capacity > CAPACITY_MIN && set->count <= set->capacity / 4)
        resize(set, set->capacity / 2); /* without memory it just stays large */
}
