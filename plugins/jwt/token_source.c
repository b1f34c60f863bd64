/* Finds the token in headers, query parameters or the offered subprotocols. It does not
 * look into it. */
#include "token_source.h"

#include <strings.h>

/* How many were found, and the last. */
struct hits {
    size_t count;
    jf_bytes token;
};

static void hit(struct hits *hits, jf_bytes token)
{
    if (!token.len)
        return;
    hits->count++;
    hits->token = token;
}

static jf_bytes trimmed(jf_bytes text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = jf_view(text.ptr + 1, text.len - 1);
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

/* ---- Headers and parameters ------------------------------------------------------------
 */

/* Behind the scheme, which may be written in any case; empty if it is another. */
static jf_bytes bearer(jf_bytes value)
{
    static const char scheme[] = "bearer ";
    size_t len = strlen(scheme);
    if (value.len < len || strncasecmp(value.ptr, scheme, len) != 0)
        return jf_view(NULL, 0);
    return trimmed(jf_view(value.ptr + len, value.len - len));
}

static void look_in_headers(const struct jf_connect *connect, const char *name,
                            struct hits *hits)
{
    bool is_authorization = strcasecmp(name, "authorization") == 0;
    for (size_t i = 0; i < connect->header_count; i++) {
        const struct jf_pair *header = &connect->headers[i];
        if (header->name.len == strlen(name) &&
            strncasecmp(header->name.ptr, name, header->name.len) == 0)
            hit(hits, is_authorization ? bearer(header->value) : header->value);
    }
}

static void look_in_query(const struct jf_connect *connect, const char *name,
                          struct hits *hits)
{
    for (size_t i = 0; i < connect->query_count; i++) {
        if (jf_same(connect->query[i].name, jf_str(name)))
            hit(hits, connect->query[i].value);
    }
}

/* ---- Subprotocols ----------------------------------------------------------------------
 */

/* Take one off the front of "a, b, c"; false if there is none left. */
static bool next_offered(jf_bytes *list, jf_bytes *out)
{
    if (!list->len)
        return false;
    const char *comma = memchr(list->ptr, ',', list->len);
    size_t len = comma ? (size_t)(comma - list->ptr) : list->len;
    *out = trimmed(jf_view(list->ptr, len));
    *list = jf_view(list->ptr + len, list->len - len);
    if (list->len)
        *list = jf_view(list->ptr + 1, list->len - 1);
    return true;
}

static void look_in_subprotocols(const struct jf_connect *connect, struct hits *hits)
{
    jf_bytes list = connect->subprotocols, one;
    while (next_offered(&list, &one)) {
        if (jf_same(one, jf_str(TOKEN_MARKER)) && next_offered(&list, &one))
            hit(hits, one);
    }
}

/* As the client wrote it; what follows the marker is a token, whatever it looks like. */
static jf_bytes offered(const struct jf_connect *connect, const char *name)
{
    jf_bytes list = connect->subprotocols, one;
    while (next_offered(&list, &one)) {
        if (jf_same(one, jf_str(name)))
            return one;
        if (jf_same(one, jf_str(TOKEN_MARKER)))
            (void)next_offered(&list, &one);
    }
    return jf_view(NULL, 0);
}

/* A browser that has offered something and hears nothing of it gives up. So if there is
 * nothing better, the marker is chosen: it tells nobody anything. */
static jf_bytes choose(const struct token_sources *sources,
                       const struct jf_connect *connect)
{
    jf_bytes chosen = { NULL, 0 };
    for (size_t i = 0; i < sources->subprotocols.count && !chosen.ptr; i++)
        chosen = offered(connect, sources->subprotocols.names[i]);
    for (size_t i = 0; i < sources->count && !chosen.ptr; i++) {
        if (sources->list[i].place == TOKEN_IN_SUBPROTOCOL)
            chosen = offered(connect, TOKEN_MARKER);
    }
    return chosen;
}

/* ---- All of them -----------------------------------------------------------------------
 */

enum jwt_fault token_find(const struct token_sources *sources,
                          const struct jf_connect *connect, struct token_found *out)
{
    struct hits hits = { 0, { NULL, 0 } };
    for (size_t i = 0; i < sources->count && !hits.count; i++) {
        const char *name = sources->list[i].name;
        switch (sources->list[i].place) {
        case TOKEN_IN_HEADER:
            look_in_headers(connect, name, &hits);
            break;
        case TOKEN_IN_QUERY:
            look_in_query(connect, name, &hits);
            break;
        case TOKEN_IN_SUBPROTOCOL:
            look_in_subprotocols(connect, &hits);
            break;
        }
    }
    *out = (struct token_found){ hits.token, choose(sources, connect) };
    if (hits.count > 1)
        return JWT_FAULT_AMBIGUOUS;
    return hits.count ? JWT_FAULT_NONE : JWT_FAULT_MISSING;
}
