/*
 * From how a test writes a client down, "name=Ann&wait=20", to what $connect is shown.
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

void fake_fill_connect(struct fake_event *event, const struct fake_client *client)
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
}
