/* Node 1 of a town is dead, and reapers take care of its connections. What was done, and
 * that nothing is done twice, is kept beside them. */
#ifndef JF_TEST_REAPERS_H
#define JF_TEST_REAPERS_H

#include "tests/unit/store/town.h"

#include "core/redis/redis_url.h"
#include "core/store/orphans.h"

#define DEAD 1000
#define FENCE 1800000000000007
#define SOON_MS 15000

static bool done[PEOPLE_MAX]; /* by slot */

struct reaper {
    struct redis_url url;
    struct orphans *orphans;
    struct town *town; /* whose people they were */
    struct orphan *hand[DEAD];
    bool had[PEOPLE_MAX];
    unsigned in_hand, taken, ends;
    bool keeps; /* in hand, else it is done with each at once and ready for another one */
    int status;
};

/* All that is known of it came along. */
static inline void compare(const struct person *person, const struct orphan *orphan)
{
    size_t in = 0, found = 0;
    assert_true(jf_same(orphan->stage, jf_str(person->entered ? "prod" : "")));
    assert_int_equal(orphan->since, person->entered ? 1000 + conn_id_slot(person->id) : 0);
    assert_int_equal(orphan->attr_count, person->name[0] != '\0');
    if (person->name[0]) {
        assert_true(jf_same(orphan->attrs[0], jf_str("name")));
        assert_true(jf_same(orphan->attrs[1], jf_str(person->name)));
    }
    for (int group = 0; group < GROUPS; group++) {
        in += person->in[group];
        for (size_t i = 0; i < orphan->group_count; i++)
            found += person->in[group] && jf_same(orphan->groups[i], jf_str(groups[group]));
    }
    assert_int_equal(orphan->group_count, in);
    assert_int_equal(found, in);
}

static inline void finish(struct reaper *reaper, struct orphan *orphan)
{
    uint32_t slot = conn_id_slot(orphan->conn);
    assert_false(done[slot]);
    done[slot] = true;
    orphans_done(reaper->orphans, orphan->conn);
    orphan_free(orphan);
}

static inline void finish_some(struct reaper *reaper, unsigned count)
{
    while (count-- && reaper->in_hand)
        finish(reaper, reaper->hand[--reaper->in_hand]);
}

static inline void on_orphan(void *data, struct orphan *orphan)
{
    struct reaper *reaper = data;
    uint32_t slot = conn_id_slot(orphan->conn);
    assert_int_equal(reaper->ends, 0);
    assert_true(slot < reaper->town->count);
    assert_true(conn_id_eq(orphan->conn, reaper->town->people[slot].id));
    assert_false(done[slot]);
    assert_false(reaper->had[slot]);
    reaper->had[slot] = true;
    reaper->taken++;
    compare(&reaper->town->people[slot], orphan);
    if (reaper->keeps) {
        reaper->hand[reaper->in_hand++] = orphan;
    } else {
        finish(reaper, orphan);
        orphans_allow(reaper->orphans, 1);
    }
}

static inline void on_end(void *data, int status)
{
    struct reaper *reaper = data;
    reaper->ends++;
    reaper->status = status;
}

static const struct orphans_events events = { .on_orphan = on_orphan, .on_end = on_end };

static inline struct reaper *reaper_new(struct town *town, uint64_t fence)
{
    const char *why;
    struct reaper *reaper = xnew(struct reaper);
    reaper->town = town;
    assert_int_equal(redis_url_parse(jf_str(town->url), &reaper->url, &why), JF_OK);
    struct orphans_options options = { .url = &reaper->url,
                                       .prefix = town->prefix,
                                       .node = 1,
                                       .fence = fence,
                                       .timeout_ms = TIMEOUT_MS };
    assert_int_equal(orphans_open(town->loop, &options, &events, reaper, &reaper->orphans),
                     JF_OK);
    return reaper;
}

static inline void reaper_free(struct reaper *reaper)
{
    orphans_close(reaper->orphans);
    while (reaper->in_hand)
        orphan_free(reaper->hand[--reaper->in_hand]);
    redis_url_fini(&reaper->url);
    free(reaper);
}

static inline void until_ended(struct reaper *reaper, int status)
{
    for (unsigned start = now_ms(); !reaper->ends && now_ms() - start < SOON_MS;)
        turn(reaper->town);
    assert_int_equal(reaper->ends, 1);
    assert_int_equal(reaper->status, status);
}

static inline void until_taken(struct reaper *reaper, unsigned count)
{
    for (unsigned start = now_ms(); reaper->taken < count && now_ms() - start < SOON_MS;)
        turn(reaper->town);
    assert_true(reaper->taken >= count);
}

static inline void until_left(struct town *town, long count)
{
    for (unsigned start = now_ms(); redis_server_number(server, "SCARD jf:n:1") != count &&
                                    now_ms() - start < SOON_MS;)
        turn(town);
    assert_int_equal(redis_server_number(server, "SCARD jf:n:1"), count);
}

/* Node 1 has died with half of them, without a word; node 2 lives on with the others. */
static inline struct town *town_of_dead(void)
{
    memset(done, 0, sizeof(done));
    struct town *town = town_here("jf:");
    everybody_arrives(town, 2 * DEAD);
    for (size_t i = 0; i < town->count; i++)
        enter(town, &town->people[i]);
    until_done(town);
    redis_server_pause(server);
    close_node(town, 0);
    redis_server_resume(server);
    redis_server_ask(server, "SREM jf:m:1 0 1");
    redis_server_ask(server, "SADD jf:m:1 0");
    assert_int_equal(redis_server_number(server, "SCARD jf:n:1"), DEAD);
    return town;
}

/* Nothing is left of the dead, and all of the living. */
static inline void assert_buried(struct town *town)
{
    for (size_t i = 0; i < town->count; i++) {
        struct person *person = &town->people[i];
        if (person->node == 0)
            *person = (struct person){ .id = person->id, .node = 0 };
        conn_id_to_text(person->id, person->text);
    }
    redis_server_ask(server, "DEL jf:fence:1");
    until_true(town, 5000);
    town_audit(town);
}

static inline void assert_all_done(struct town *town)
{
    for (size_t i = 0; i < town->count; i++)
        assert_int_equal(done[i], town->people[i].node == 0);
    assert_buried(town);
}

/* Whoever is in hand is done, and so are all others as they come. */
static inline void finish_all(struct reaper *reaper)
{
    reaper->keeps = false;
    finish_some(reaper, DEAD);
    orphans_allow(reaper->orphans, 100);
    until_ended(reaper, JF_OK);
}

static inline void all_are_done(struct town *town, struct reaper *reaper)
{
    reaper_free(reaper);
    assert_all_done(town);
    town_free(town);
}

#endif
