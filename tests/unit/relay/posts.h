/* Nodes that write to each other: each with a way out and a way in. */
#ifndef JF_TEST_POSTS_H
#define JF_TEST_POSTS_H

#include "tests/unit/relay/nodes.h"

#include "core/base/bytes.h"
#include "core/relay/relay_in.h"
#include "core/relay/relay_out.h"

#define HEARD_MAX 4096
#define TEXT_MAX 24

struct heard {
    uint16_t from;
    enum letter_kind kind;
    uint64_t number;
    char body[TEXT_MAX];
};

struct post {
    struct node *node;
    struct relay_options options;
    struct relay_out *out;
    struct relay_in *in;
    int letters, listening, deaf; /* events */
    struct heard heard[HEARD_MAX];
    int undelivered;
    struct undelivered {
        uint16_t node;
        uint64_t first, last;
        int status;
    } last;
    void (*then)(struct post *post); /* on every letter */
    void (*failed)(struct post *post);
};

static struct post posts[NODES];
/* Where the ways lead: NULL is the Redis of the leases, and no cluster. */
static struct {
    const struct redis_url *url, *cluster;
} posts_at;

/* ---- Events ---- */

static inline void keep_text(char out[TEXT_MAX], jf_bytes text)
{
    snprintf(out, TEXT_MAX, "%.*s", (int)(text.len < TEXT_MAX ? text.len : TEXT_MAX - 1),
             text.len ? text.ptr : "");
}

static inline void on_letter(void *data, const struct batch_from *from,
                             const struct letter *letter)
{
    struct post *post = data;
    struct heard *heard = &post->heard[post->letters++ % HEARD_MAX];
    heard->from = from->node;
    heard->kind = letter->kind;
    heard->number = letter->number;
    keep_text(heard->body, letter->body);
    if (post->then)
        post->then(post);
}

static inline void on_listening(void *data)
{
    ((struct post *)data)->listening++;
}

static inline void on_deaf(void *data)
{
    ((struct post *)data)->deaf++;
}

static inline void on_undelivered(void *data, uint16_t node, uint64_t first, uint64_t last,
                                  int status)
{
    struct post *post = data;
    post->undelivered++;
    post->last = (struct undelivered){ node, first, last, status };
    if (post->failed)
        post->failed(post);
}

static const struct relay_out_events out_events = { .on_undelivered = on_undelivered };

static const struct relay_in_events in_events = {
    .on_letter = on_letter,
    .on_listening = on_listening,
    .on_deaf = on_deaf,
};

/* ---- Letters ---- */

static inline struct letter send_of(const char *body)
{
    static const jf_conn_id id = { "elevenoctet" };
    return (struct letter){ .kind = LETTER_SEND,
                            .opcode = JF_TEXT,
                            .ids = &id,
                            .id_count = 1,
                            .body = jf_str(body) };
}

static inline struct letter group_of(const char *group, const char *body)
{
    return (struct letter){
        .kind = LETTER_GROUP, .opcode = JF_TEXT, .name = jf_str(group), .body = jf_str(body)
    };
}

static inline struct letter stage_of(const char *body)
{
    return (struct letter){ .kind = LETTER_STAGE,
                            .opcode = JF_TEXT,
                            .name = jf_str("chat"),
                            .body = jf_str(body) };
}

static inline struct letter question_of(uint64_t number)
{
    static const jf_conn_id id = { "elevenoctet" };
    return (struct letter){
        .kind = LETTER_QUESTION, .number = number, .ids = &id, .id_count = 1
    };
}

static inline int send_text(struct post *from, const struct post *to, const char *body)
{
    const struct letter letter = send_of(body);
    return relay_send(from->out, to->node->self.node, &letter);
}

static inline int send_group(struct post *from, const char *group, const char *body)
{
    const struct letter letter = group_of(group, body);
    return relay_send_group(from->out, &letter);
}

static inline int send_all(struct post *from, const char *body)
{
    const struct letter letter = stage_of(body);
    return relay_send_all(from->out, &letter);
}

static inline int send_question(struct post *from, uint16_t node, uint64_t number)
{
    const struct letter letter = question_of(number);
    return relay_send(from->out, node, &letter);
}

/* All bodies in one line. */
static inline const char *bodies(const struct post *post)
{
    static char text[HEARD_MAX * 4];
    size_t len = 0;
    text[0] = '\0';
    for (int i = 0; i < post->letters && len < sizeof(text) - TEXT_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
                                post->heard[i].body);
    return text;
}

static inline struct relay_out_counts out_counts(const struct post *post)
{
    struct relay_out_counts counts;
    relay_out_count(post->out, &counts);
    return counts;
}

static inline struct relay_in_counts in_counts(const struct post *post)
{
    struct relay_in_counts counts;
    relay_in_count(post->in, &counts);
    return counts;
}

/* ---- Who lives ---- */

/* Until nodes are taken for dead: a new Redis is given the time of a lease first. */
static inline void pass_until_known(struct town *town)
{
    while (redis_server_number(server, "EXISTS t:quiet"))
        pass(town, 20);
}

/* ---- Posts ---- */

static inline void open_post(struct town *town, struct post *post, struct node *node)
{
    memset(post, 0, sizeof(*post));
    post->node = node;
    post->options = (struct relay_options){ .url = posts_at.url ? posts_at.url : &town->url,
                                            .prefix = "t:",
                                            .timeout_ms = TTL_MS / 3,
                                            .sharded = posts_at.cluster != NULL,
                                            .cluster = posts_at.cluster };
    assert_int_equal(relay_out_open(node->loop, &post->options, node->lease, &out_events,
                                    post, &post->out),
                     JF_OK);
    assert_int_equal(relay_in_open(node->loop, &post->options, &in_events, post, &post->in),
                     JF_OK);
    relay_in_listen(post->in, node->self.node);
}

static inline void close_post(struct post *post, unsigned patience_ms)
{
    relay_in_close(post->in);
    relay_out_close(post->out, patience_ms);
    post->in = NULL;
    post->out = NULL;
}

/* All of them, listening, and their ways out open. */
static inline void open_posts(struct town *town)
{
    for (size_t i = 0; i < NODES; i++)
        open_post(town, &posts[i], take(town, i));
    for (size_t i = 0; i < NODES; i++)
        assert_true(pass_until(town, 5000, &posts[i].listening, 1));
    pass(town, 50);
}

static inline int set_up_posts(void **state)
{
    memset(posts, 0, sizeof(posts));
    posts_at.url = NULL;
    set_up(state);
    open_posts(*state);
    return 0;
}

static inline int tear_down_posts(void **state)
{
    for (size_t i = 0; i < NODES; i++)
        close_post(&posts[i], 0);
    return tear_down(state);
}

#define POST_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_posts, tear_down_posts)

#endif
