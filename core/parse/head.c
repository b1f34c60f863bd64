/* An HTTP/1.1 request head, strictly by RFC 9112, and the handshake of RFC 6455, section
 * 4.2.1, on top of it. */
#include "core/parse/head.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"

#define KEY_TEXT 24 /* 16 octets in base64 */

static int wrong(unsigned status, const char *reason, unsigned *http_status,
                 const char **why)
{
    *http_status = status;
    *why = reason;
    return JF_E_INVALID;
}

size_t head_length(const char *bytes, size_t len, size_t seen)
{
    size_t from = seen > 3 ? seen - 3 : 0;
    if (len < from + 4)
        return 0;
    const char *end = memmem(bytes + from, len - from, "\r\n\r\n", 4);
    return end ? (size_t)(end - bytes) + 4 : 0;
}

/* ---- Characters --------------------------------------------------------- */

/* RFC 9110, 5.6.2: what a method and a header name are made of. */
static bool is_token_char(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(jf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_char((unsigned char)text.ptr[i]))
            return false;
    }
    return text.len > 0;
}

/* RFC 9110, 5.5: visible characters, blanks, tabs, and octets above ASCII. */
static bool is_field_value(jf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < ' ' && c != '\t') || c == 127)
            return false;
    }
    return true;
}

static bool is_target(jf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c >= 127 || c == '#')
            return false;
    }
    return text.len > 0;
}

/* ---- The request line --------------------------------------------------- */

/* A line up to its CRLF, which is skipped in `rest`. False: it ends in a bare LF, or has a
 * stray CR. */
static bool take_line(jf_bytes *rest, jf_bytes *line)
{
    size_t end = bytes_find(*rest, '\n');
    if (end == 0 || end == rest->len || rest->ptr[end - 1] != '\r')
        return false;
    *line = jf_view(rest->ptr, end - 1);
    *rest = bytes_from(*rest, end + 1);
    return bytes_find(*line, '\r') == line->len;
}

/* Behind "http://host", which says no more than Host does (RFC 9112, 3.2.2). False: the
 * target does not begin like that. */
static bool skip_authority(jf_bytes *target)
{
    static const char *const schemes[] = { "http://", "https://", "ws://", "wss://" };
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t len = strlen(schemes[i]), end = len;
        if (target->len < len || !bytes_eq_nocase(jf_view(target->ptr, len), schemes[i]))
            continue;
        while (end < target->len && target->ptr[end] != '/' && target->ptr[end] != '?')
            end++;
        if (end == len) /* no host (RFC 9110, 4.2.1) */
            return false;
        *target = bytes_from(*target, end);
        return true;
    }
    return false;
}

static bool split_target(jf_bytes target, jf_bytes *path, jf_bytes *query)
{
    bool asterisk = bytes_eq(target, "*"), absolute = skip_authority(&target);
    size_t mark = bytes_find(target, '?');
    *path = absolute && mark == 0 ? jf_str("/") : jf_view(target.ptr, mark);
    *query = bytes_from(target, mark + 1);
    return asterisk || (path->len && path->ptr[0] == '/');
}

static int parse_version(jf_bytes text, struct head *out, unsigned *http_status,
                         const char **why)
{
    if (text.len != 8 || memcmp(text.ptr, "HTTP/", 5) != 0 || text.ptr[6] != '.')
        return wrong(400, "the request line is malformed", http_status, why);
    if (text.ptr[5] != '1' || (text.ptr[7] != '0' && text.ptr[7] != '1'))
        return wrong(505, "HTTP/1.1 is spoken here", http_status, why);
    out->minor = (unsigned)(text.ptr[7] - '0');
    return JF_OK;
}

static int parse_request_line(jf_bytes line, struct head *out, unsigned *http_status,
                              const char **why)
{
    size_t first = bytes_find(line, ' ');
    jf_bytes rest = bytes_from(line, first + 1);
    size_t second = bytes_find(rest, ' ');
    out->method = jf_view(line.ptr, first);
    out->target = jf_view(rest.ptr, second);
    if (!is_token(out->method) || second == rest.len || !is_target(out->target))
        return wrong(400, "the request line is malformed", http_status, why);
    if (!split_target(out->target, &out->path, &out->query_text))
        return wrong(400, "the request target must begin with a slash", http_status, why);
    return parse_version(bytes_from(rest, second + 1), out, http_status, why);
}

/* ---- Headers ------------------------------------------------------------ */

static size_t count_lines(jf_bytes text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    return count;
}

static bool parse_header(jf_bytes line, struct jf_pair *out)
{
    size_t colon = bytes_find(line, ':');
    out->name = jf_view(line.ptr, colon);
    out->value = bytes_trim(bytes_from(line, colon + 1));
    return colon < line.len && is_token(out->name) && is_field_value(out->value);
}

static int parse_headers(jf_bytes rest, struct head *out, unsigned *http_status,
                         const char **why)
{
    size_t lines = count_lines(rest); /* one of them is the empty line */
    if (lines > HEAD_HEADERS_MAX + 1)
        return wrong(431, "there are more than 128 headers", http_status, why);
    out->headers = xcalloc(lines, sizeof(*out->headers));
    for (;;) {
        jf_bytes line;
        if (!take_line(&rest, &line))
            return wrong(400, "a line does not end in CR LF", http_status, why);
        if (!line.len)
            return JF_OK;
        if (!parse_header(line, &out->headers[out->header_count]))
            return wrong(400, "a header line is malformed", http_status, why);
        out->header_count++;
    }
}

static size_t count_named(const struct head *head, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->header_count; i++)
        count += bytes_eq_nocase(head->headers[i].name, name);
    return count;
}

static jf_bytes value_of(const struct head *head, const char *name)
{
    return jf_find(head->headers, head->header_count, name);
}

static int check_hosts(const struct head *head, unsigned *http_status, const char **why)
{
    if (count_named(head, "Host") > 1)
        return wrong(400, "there is more than one Host header", http_status, why);
    if (head->minor == 1 && !value_of(head, "Host").ptr)
        return wrong(400, "the Host header is missing", http_status, why);
    if (count_named(head, "Content-Length") > 1)
        return wrong(400, "there is more than one Content-Length header", http_status, why);
    return JF_OK;
}

/* ---- The query ---------------------------------------------------------- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = bytes_lower_char(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode into `*to`, which moves on. False: an escape is malformed. */
static bool decode(jf_bytes text, char **to, jf_bytes *out)
{
    char *at = *to;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_value(text.ptr[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_value(text.ptr[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        *at++ = c;
    }
    *out = jf_view(*to, (size_t)(at - *to));
    *to = at;
    return true;
}

static bool parse_parameter(jf_bytes text, char **to, struct jf_pair *out)
{
    size_t equals = bytes_find(text, '=');
    return decode(jf_view(text.ptr, equals), to, &out->name) &&
           decode(bytes_from(text, equals + 1), to, &out->value);
}

static size_t count_parameters(jf_bytes text)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '&';
    return count;
}

/* Pairs and their decoded text are one block, so that the head has one thing to free. */
static int parse_query(struct head *out, unsigned *http_status, const char **why)
{
    jf_bytes rest = out->query_text;
    size_t count = count_parameters(rest);
    if (!rest.len)
        return JF_OK;
    if (count > HEAD_QUERY_MAX)
        return wrong(400, "there are more than 128 query parameters", http_status, why);
    out->query = xcalloc(1, count * sizeof(*out->query) + rest.len);
    char *to = (char *)(out->query + count);
    while (rest.len) {
        size_t end = bytes_find(rest, '&');
        jf_bytes text = jf_view(rest.ptr, end);
        rest = bytes_from(rest, end + 1);
        if (!text.len)
            continue;
        if (!parse_parameter(text, &to, &out->query[out->query_count]))
            return wrong(400, "a percent escape in the query is malformed", http_status,
                         why);
        out->query_count++;
    }
    return JF_OK;
}

int head_parse(const char *bytes, size_t len, struct head *out, unsigned *http_status,
               const char **why)
{
    jf_bytes rest = jf_view(bytes, len), line;
    *out = (struct head){ 0 };
    if (!take_line(&rest, &line))
        return wrong(400, "a line does not end in CR LF", http_status, why);
    int status = parse_request_line(line, out, http_status, why);
    if (status == JF_OK)
        status = parse_headers(rest, out, http_status, why);
    if (status == JF_OK)
        status = check_hosts(out, http_status, why);
    if (status == JF_OK)
        status = parse_query(out, http_status, why);
    if (status < 0)
        head_fini(out);
    return status;
}

void head_fini(struct head *head)
{
    free(head->headers);
    free(head->query);
    *head = (struct head){ 0 };
}

/* ---- The handshake ------------------------------------------------------ */

/* Is `name` a token of the comma-separated lists of all headers called `header`? */
static bool lists(const struct head *head, const char *header, jf_bytes name, bool nocase)
{
    for (size_t i = 0; i < head->header_count; i++) {
        jf_bytes list = head->headers[i].value;
        if (!bytes_eq_nocase(head->headers[i].name, header))
            continue;
        while (list.len) {
            size_t end = bytes_find(list, ',');
            jf_bytes token = bytes_trim(jf_view(list.ptr, end));
            list = bytes_from(list, end + 1);
            if (!token.len) /* "a,,b" lists two (RFC 9110, 5.6.1) */
                continue;
            if (nocase ? bytes_eq_nocase(token, name.ptr) : jf_same(token, name))
                return true;
        }
    }
    return false;
}

bool head_offers(const struct head *head, const char *header, jf_bytes name)
{
    return lists(head, header, name, false);
}

bool head_wants_upgrade(const struct head *head)
{
    return lists(head, "Upgrade", jf_str("websocket"), true);
}

/* Sixteen octets in base64, in the one form they have. */
static bool is_key(jf_bytes key)
{
    unsigned char octets[KEY_TEXT], again[KEY_TEXT + 1];
    if (key.len != KEY_TEXT || key.ptr[KEY_TEXT - 1] != '=' ||
        key.ptr[KEY_TEXT - 2] != '=' || key.ptr[KEY_TEXT - 3] == '=')
        return false;
    const unsigned char *text = (const unsigned char *)key.ptr;
    if (EVP_DecodeBlock(octets, text, KEY_TEXT) != KEY_TEXT / 4 * 3)
        return false;
    EVP_EncodeBlock(again, octets, 16);
    return memcmp(again, key.ptr, KEY_TEXT) == 0;
}

/* An empty Transfer-Encoding counts too: what another reader makes of it is not known. */
static bool has_body(const struct head *head)
{
    bool length = count_named(head, "Content-Length") > 0;
    return (length && !bytes_eq(value_of(head, "Content-Length"), "0")) ||
           count_named(head, "Transfer-Encoding") > 0;
}

int head_check_upgrade(const struct head *head, jf_bytes *key, unsigned *http_status,
                       const char **why)
{
    if (!bytes_eq(head->method, "GET"))
        return wrong(400, "a WebSocket handshake is a GET", http_status, why);
    if (head->minor != 1)
        return wrong(400, "a WebSocket handshake needs HTTP/1.1", http_status, why);
    if (!lists(head, "Connection", jf_str("upgrade"), true))
        return wrong(400, "the Connection header does not say Upgrade", http_status, why);
    if (has_body(head))
        return wrong(400, "a WebSocket handshake has no body", http_status, why);
    if (count_named(head, "Sec-WebSocket-Version") > 1)
        return wrong(400, "there is more than one Sec-WebSocket-Version", http_status, why);
    if (!bytes_eq(value_of(head, "Sec-WebSocket-Version"), "13"))
        return wrong(426, "Sec-WebSocket-Version 13 is spoken here", http_status, why);
    if (count_named(head, "Sec-WebSocket-Key") > 1)
        return wrong(400, "there is more than one Sec-WebSocket-Key", http_status, why);
    jf_bytes found = value_of(head, "Sec-WebSocket-Key");
    if (!is_key(found))
        return wrong(400, "Sec-WebSocket-Key is not 16 octets in base64", http_status, why);
    *key = found;
    return JF_OK;
}

void head_accept_key(jf_bytes key, char out[29])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char text[KEY_TEXT + sizeof(guid) - 1], digest[SHA_DIGEST_LENGTH];
    CHECK(key.len == KEY_TEXT);
    memcpy(text, key.ptr, KEY_TEXT);
    memcpy(text + KEY_TEXT, guid, sizeof(guid) - 1);
    SHA1(text, sizeof(text), digest);
    EVP_EncodeBlock((unsigned char *)out, digest, sizeof(digest));
}
