/* Tallies with a loop each, in one thread; each keeps what Redis has told it last. */
#ifndef JF_TEST_TALLIES_H
#define JF_TEST_TALLIES_H

#include "tests/unit/relay/nodes.h"

#include "core/base/bytes.h"
#include "core/relay/tally.h"

#define MEMBERS 3
#define STALE_MS 600
#define TIMEOUT_MS 200
#define KNOWN_MAX 1024
#define SOON 3000
#define TOKEN 1000000u /* millionths */
#define A_MINUTE 60000

struct known {
    enum tally_kind kind;
    char key[TALLY_KEY_MAX];
    size_t len;
    uint64_t number;
    unsigned at;
    int times;
};

struct member {
    struct loop *loop;
    struct timer *guard;
    struct tally *tally;
    bool stopped;
    size_t count;
    struct known known[KNOWN_MAX];
};

static struct member members[MEMBERS];

/* ---- What they know ---- */

static inline struct known *known_of(struct member *member, enum tally_kind kind,
                                     jf_bytes key)
{
    for (size_t i = 0; i < member->count; i++) {
        struct known *known = &member->known[i];
        if (known->kind == kind && jf_same(jf_view(known->key, known->len), key))
            return known;
    }
    assert_true(member->count < KNOWN_MAX);
    struct known *known = &member->known[member->count++];
    char *at = known->key;
    *known = (struct known){ .kind = kind, .len = key.len };
    bytes_keep(key, &at);
    return known;
}

static inline void on_known(void *data, enum tally_kind kind, jf_bytes key, uint64_t number)
{
    struct known *known = known_of(data, kind, key);
    known->number = number;
    known->at = now_ms();
    known->times++;
}

static inline struct tally_counts counts_of(const struct member *member)
{
    struct tally_counts counts;
    tally_count(member->tally, &counts);
    return counts;
}

/* ---- Time passes ---- */

/* Every loop that is not stopped, in turn. */
static inline void turn_members(void)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        struct member *member = &members[i];
        if (!member->loop || member->stopped)
            continue;
        timer_start(member->guard, 1);
        loop_run(member->loop);
    }
}

static inline void pass_members(unsigned ms)
{
    unsigned end = now_ms() + ms;
    while (now_ms() < end)
        turn_members();
}

/* Until it has been told so, of that key, in time. */
static inline bool hears(struct member *member, enum tally_kind kind, const char *key,
                         uint64_t number)
{
    const struct known *known = known_of(member, kind, jf_str(key));
    unsigned end = now_ms() + SOON;
    while ((!known->times || known->number != number) && now_ms() < end)
        turn_members();
    return known->times && known->number == number;
}

/* Until it has been told so often of that key, in time. */
static inline const struct known *hears_again(struct member *member, enum tally_kind kind,
                                              const char *key, int times)
{
    const struct known *known = known_of(member, kind, jf_str(key));
    unsigned end = now_ms() + SOON;
    while (known->times < times && now_ms() < end)
        turn_members();
    assert_int_equal(known->times, times);
    return known;
}

static inline bool is_told(const struct member *member, uint64_t keys)
{
    unsigned end = now_ms() + SOON;
    while (counts_of(member).told < keys && now_ms() < end)
        turn_members();
    return counts_of(member).told >= keys;
}

/* ---- Life ---- */

static inline struct member *open_member(const struct town *town, size_t index)
{
    struct member *member = &members[index];
    const struct tally_options options = {
        .url = &town->url, .prefix = "t:", .timeout_ms = TIMEOUT_MS, .stale_ms = STALE_MS
    };
    memset(member, 0, sizeof(*member));
    assert_int_equal(loop_new(&member->loop), JF_OK);
    timer_new(member->loop, stop_loop, member->loop, &member->guard);
    assert_int_equal(tally_open(member->loop, &options, on_known, member, &member->tally),
                     JF_OK);
    return member;
}

/* One that has been told something, and so is in touch with Redis. */
static inline struct member *enter_member(const struct town *town, size_t index)
{
    struct member *member = open_member(town, index);
    tally_seats(member->tally, jf_str("enter"), 0);
    assert_true(hears(member, TALLY_SEATS, "enter", 0));
    return member;
}

static inline unsigned close_member(struct member *member, unsigned patience_ms)
{
    unsigned start = now_ms();
    if (!member->loop)
        return 0;
    tally_close(member->tally, patience_ms);
    unsigned took = now_ms() - start;
    timer_free(member->guard);
    loop_free(member->loop);
    member->loop = NULL;
    return took;
}

static inline int leave_all(void **state)
{
    for (size_t i = 0; i < MEMBERS; i++)
        close_member(&members[i], 0);
    return tear_down(state);
}

#define TALLY_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, leave_all)

static inline struct rate rate_of(uint64_t per_second, uint32_t burst)
{
    struct rate rate;
    rate_init(&rate, per_second * 1000, burst);
    rate_allow_debt(&rate);
    return rate;
}

/* ---- What they use ---- */

static inline void draw(struct member *member, const char *key, const struct rate *rate,
                        uint32_t cost)
{
    tally_take(member->tally, jf_str(key), rate, cost);
}

static inline void spend(struct member *member, const char *key, uint32_t cost)
{
    tally_spend(member->tally, jf_str(key), A_MINUTE, cost);
}

static inline void sit(struct member *member, const char *key, uint32_t count)
{
    tally_seats(member->tally, jf_str(key), count);
}

#endif
