/*
 * From how a test writes a client down, "name=Ann&wait=20", to what $connect is shown; and
 * how clients move from one host to another.
 *
 * Lenient where the real host is strict: a test that wants a broken request head belongs to
 * the host's own tests.
 */
#include "fake_inside.h"

const char *fake_or(const char *text, const char *otherwise)
{
    return text ? text : otherwise;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static jf_bytes decode(struct fake_arena *memory, jf_bytes text)
{
    char *to = fake_take(memory, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i] == '+' ? ' ' : text.ptr[i];
        if (c == '%' && i + 2 < text.len && hex(text.ptr[i + 1]) >= 0 &&
            hex(text.ptr[i + 2]) >= 0) {
            c = (char)(hex(text.ptr[i + 1]) * 16 + hex(text.ptr[i + 2]));
            i += 2;
        }
        to[len++] = c;
    }
    return jf_view(to, len);
}

static size_t count_char(const char *text, char wanted)
{
    size_t count = 0;
    for (; *text; text++)
        count += *text == wanted;
    return count;
}

/* "a=1&b=2" or "A: 1\nB: 2" to pairs. */
static const struct jf_pair *split(struct fake_arena *memory, const char *text,
                                   char between, char within, size_t *count)
{
    struct jf_pair *pairs =
        fake_take(memory, (count_char(text, between) + 1) * sizeof(*pairs));
    *count = 0;
    while (*text) {
        const char *end = strchr(text, between);
        size_t len = end ? (size_t)(end - text) : strlen(text);
        const char *mark = memchr(text, within, len);
        size_t name = mark ? (size_t)(mark - text) : len;
        size_t value = mark ? name + 1 : len;
        while (within == ':' && value < len && text[value] == ' ')
            value++;
        pairs[*count].name = jf_view(text, name);
        pairs[(*count)++].value = jf_view(text + value, len - value);
        text += len + (end != NULL);
    }
    return pairs;
}

static jf_bytes keep(struct fake_arena *memory, const char *text)
{
    return jf_str(fake_text(memory, jf_str(text)));
}

static const struct jf_pair *decode_pairs(struct fake_arena *memory,
                                          const struct jf_pair *raw, size_t count)
{
    struct jf_pair *pairs = fake_take(memory, (count + 1) * sizeof(*pairs));
    for (size_t i = 0; i < count; i++) {
        pairs[i].name = decode(memory, raw[i].name);
        pairs[i].value = decode(memory, raw[i].value);
    }
    return pairs;
}

/* What later events of the connection tell of its head. */
static void note_client(struct fake_arena *memory, struct fake_conn *conn,
                        const struct jf_connect *connect)
{
    jf_bytes host = jf_find(connect->headers, connect->header_count, "Host");
    jf_bytes agent = jf_find(connect->headers, connect->header_count, "User-Agent");
    conn->host_name = fake_text(memory, host.ptr ? host : jf_str("localhost"));
    conn->agent = agent.ptr ? fake_text(memory, agent) : NULL;
    conn->peer = fake_text(memory, connect->peer);
}

void fake_fill_connect(struct fake_host *host, struct fake_event *event,
                       const struct fake_client *client)
{
    struct jf_connect *connect = &event->connect;
    struct fake_arena *memory = &event->memory;
    connect->path = keep(memory, fake_or(client->path, "/"));
    connect->peer = keep(memory, fake_or(client->peer, "192.0.2.1"));
    connect->subprotocols = keep(memory, fake_or(client->subprotocols, ""));
    connect->headers = split(memory, keep(memory, fake_or(client->headers, "")).ptr, '\n',
                             ':', &connect->header_count);
    const struct jf_pair *raw = split(memory, keep(memory, fake_or(client->query, "")).ptr,
                                      '&', '=', &connect->query_count);
    connect->query = decode_pairs(memory, raw, connect->query_count);
    note_client(&host->memory, event->conn, connect);
}

/* ---- Moving ----------------------------------------------------------------------------
 */

static const char *keep_or_null(struct fake_arena *memory, const char *text)
{
    return text ? keep(memory, text).ptr : NULL;
}

static void move_frames(struct fake_arena *memory, const struct fake_conn *from,
                        struct fake_conn *to)
{
    to->sent = NULL;
    to->sent_end = &to->sent;
    for (const struct fake_sent *sent = from->sent; sent; sent = sent->next) {
        struct fake_sent *copy = fake_take(memory, sizeof(*copy));
        copy->frame = sent->frame;
        copy->frame.text = fake_text(memory, jf_view(sent->frame.text, sent->frame.len));
        *to->sent_end = copy;
        to->sent_end = &copy->next;
    }
}

/* A copy with nothing in the old host's memory. */
static void move_client(struct fake_host *from, struct fake_host *to,
                        const struct fake_conn *conn)
{
    struct fake_arena *memory = &to->memory;
    struct fake_conn *copy = fake_take(memory, sizeof(*copy));
    *copy = *conn;
    copy->worker = &to->workers[conn->worker->index % to->self.worker_count];
    copy->stage = keep(memory, conn->stage).ptr;
    copy->host_name = keep(memory, conn->host_name).ptr;
    copy->agent = keep_or_null(memory, conn->agent);
    copy->peer = keep(memory, conn->peer).ptr;
    copy->cert_subject = keep_or_null(memory, conn->cert_subject);
    copy->cert_fingerprint = keep_or_null(memory, conn->cert_fingerprint);
    copy->identity = fake_identity_copy(memory, &conn->identity);
    copy->verdict.body = keep(memory, conn->verdict.body).ptr;
    copy->verdict.subprotocol = keep_or_null(memory, conn->verdict.subprotocol);
    copy->closed.reason = keep(memory, conn->closed.reason).ptr;
    copy->ended.reason = keep(memory, conn->ended.reason).ptr;
    move_frames(memory, conn, copy);
    copy->next = NULL;
    struct fake_conn **end = &to->conns;
    while (*end)
        end = &(*end)->next;
    *end = copy;
    fake_move_facts(from, to, conn->id);
}

void fake_move_clients(struct fake_host *from, struct fake_host *to)
{
    pthread_mutex_lock(&from->lock);
    pthread_mutex_lock(&to->lock);
    struct fake_conn **slot = &from->conns;
    to->conn_count = from->conn_count;
    while (*slot) {
        const struct fake_conn *conn = *slot;
        if (conn->line) { /* at work */
            slot = &(*slot)->next;
        } else {
            move_client(from, to, conn);
            *slot = conn->next;
        }
    }
    pthread_mutex_unlock(&to->lock);
    pthread_mutex_unlock(&from->lock);
}
