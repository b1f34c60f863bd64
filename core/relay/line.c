/* Each parcel makes a trip: it waits until it is known where to, and until all before it
 * have departed; then a copy goes to each node, and it ends with the last of them. */
#include "core/relay/line.h"

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/relay/shards.h"

struct trip;

struct copy {
    struct shard_call call;
    struct trip *trip;
    uint16_t node;
};

struct trip {
    struct line *line;
    struct parcel *parcel;
    struct list_node node_link; /* until it departs */
    struct redis_call look;
    bool ready;
    struct copy *copies;
    size_t count;
    size_t open; /* copies without an outcome */
    int status;
    int64_t listeners;
};

struct line {
    const struct relay_options *options;
    struct redis_link *directory;
    struct shards *shards;
    void (*done)(struct parcel *parcel, int status, int64_t listeners);
    struct list_node trips;
    size_t copies; /* of all trips */
};

/* ---- The end of a trip ---- */

static void arrive(struct trip *trip, int status, int64_t listeners)
{
    struct line *line = trip->line;
    if (status < 0)
        trip->status = status;
    trip->listeners += listeners;
    if (--trip->open)
        return;
    line->copies -= trip->count;
    line->done(trip->parcel, trip->status, trip->listeners);
    free(trip->copies);
    free(trip);
}

static void on_published(struct shard_call *call, int status, int64_t listeners)
{
    struct copy *copy = CONTAINER_OF(call, struct copy, call);
    arrive(copy->trip, status, listeners);
}

/* ---- Departing ---- */

/* It is held open by one more than there are copies, for none may be on its way. */
static void depart(struct trip *trip)
{
    jf_bytes batch = jf_view(trip->parcel->octets, trip->parcel->len);
    list_remove(&trip->node_link);
    trip->open = trip->count + 1;
    for (size_t i = 0; i < trip->count; i++) {
        struct copy *copy = &trip->copies[i];
        copy->trip = trip;
        copy->call.done = on_published;
        int status = shards_publish(trip->line->shards, copy->node, batch, &copy->call);
        if (status < 0)
            arrive(trip, status, 0);
    }
    arrive(trip, JF_OK, 0);
}

static void go_on(struct line *line)
{
    struct list_node *first;
    while ((first = list_first(&line->trips))) {
        struct trip *trip = CONTAINER_OF(first, struct trip, node_link);
        if (!trip->ready)
            return;
        depart(trip);
    }
}

/* ---- Where to ---- */

static int make_copies(struct trip *trip, size_t count)
{
    struct line *line = trip->line;
    if (line->copies + count > LINE_COPIES_MAX)
        return JF_E_UNAVAILABLE;
    trip->copies = try_alloc((count + !count) * sizeof(*trip->copies));
    return trip->copies ? JF_OK : JF_E_UNAVAILABLE;
}

static void add_copy(struct trip *trip, uint16_t node)
{
    trip->copies[trip->count++].node = node;
    trip->line->copies++;
}

/* The answer to HKEYS: node numbers, ours among them. */
static int read_nodes(struct trip *trip, const struct redis_reply *reply)
{
    size_t count = redis_reply_count(reply);
    int status = make_copies(trip, count);
    for (size_t i = 0; i < count && status == JF_OK; i++) {
        uint64_t node;
        jf_bytes text = redis_reply_bytes(redis_reply_at(reply, i));
        if (bytes_number(text, UINT16_MAX, &node) && node != trip->parcel->from.node)
            add_copy(trip, (uint16_t)node);
    }
    return status;
}

/* A failure here means that nothing was sent. */
static void on_looked(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct trip *trip = CONTAINER_OF(call, struct trip, look);
    struct line *line = trip->line;
    trip->ready = true;
    trip->status = status < 0 ? status : read_nodes(trip, reply);
    if (trip->status < 0 && trip->status != JF_E_STOPPING)
        trip->status = JF_E_UNAVAILABLE;
    go_on(line);
}

static int look(struct trip *trip)
{
    const struct parcel *parcel = trip->parcel;
    bool group = parcel->to == PARCEL_TO_GROUP;
    const jf_bytes parts[] = { jf_str(trip->line->options->prefix),
                               jf_str(group ? "gn:" : "nodes"), parcel->group };
    size_t len = 0, size = parts[0].len + parts[1].len + parts[2].len;
    AUTO_FREE char *key = try_alloc(size);
    if (!key)
        return JF_E_UNAVAILABLE;
    for (size_t i = 0; i < 3; i++) {
        if (parts[i].len)
            memcpy(key + len, parts[i].ptr, parts[i].len);
        len += parts[i].len;
    }
    const jf_bytes words[] = { jf_str("HKEYS"), jf_view(key, len) };
    trip->look.done = on_looked;
    return redis_send(trip->line->directory, &trip->look, words, 2) < 0 ? JF_E_UNAVAILABLE
                                                                        : JF_OK;
}

void line_join(struct line *line, struct parcel *parcel)
{
    struct trip *trip = xnew(struct trip);
    trip->line = line;
    trip->parcel = parcel;
    list_append(&line->trips, &trip->node_link);
    if (parcel->to == PARCEL_TO_NODE) {
        trip->status = make_copies(trip, 1);
        if (trip->status == JF_OK)
            add_copy(trip, parcel->node);
        trip->ready = true;
    } else {
        trip->status = look(trip);
        trip->ready = trip->status < 0;
    }
    go_on(line);
}

/* ---- Open and close ---- */

int line_open(struct loop *loop, const struct relay_options *options,
              struct redis_link *directory,
              void (*done)(struct parcel *parcel, int status, int64_t listeners),
              struct line **out)
{
    struct line *line = xnew(struct line);
    line->options = options;
    line->directory = directory;
    line->done = done;
    list_init(&line->trips);
    int status = shards_open(loop, options, &line->shards);
    if (status < 0) {
        free(line);
        return status;
    }
    *out = line;
    return JF_OK;
}

void line_close(struct line *line, unsigned patience_ms)
{
    if (!line)
        return;
    CHECK(list_empty(&line->trips)); /* the link to the directory has answered */
    shards_close(line->shards, patience_ms);
    CHECK(line->copies == 0);
    free(line);
}
