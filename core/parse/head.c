/* Reads a request head line by line, where it lies. Every refusal is a status and a
 * sentence; nothing is repaired. Bodies are read elsewhere: here it only matters that two
 * readers cannot disagree on their length. */
#include "core/parse/head.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <strings.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"

#define KEY_TEXT 24 /* 16 octets in base64 */
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* A head in the making; `http_status` and `why` are set by refuse(). */
struct reading {
    jf_bytes rest;
    struct head head;
    unsigned http_status;
    const char *why;
};

/* False, for the caller to return. */
static bool refuse(struct reading *r, unsigned http_status, const char *why)
{
    r->http_status = http_status;
    r->why = why;
    return false;
}

/* A bare LF ends a line here, and an empty line in front is a head, so that either is
 * refused by head_parse() now and not by a deadline later. */
size_t head_length(const char *bytes, size_t len, size_t seen)
{
    const char *found;
    size_t at = seen;
    while (at < len && (found = memchr(bytes + at, '\n', len - at))) {
        size_t end = (size_t)(found - bytes);
        at = end + 1;
        if (end && bytes[end - 1] == '\r')
            end--;
        if (!end || bytes[end - 1] == '\n')
            return at;
    }
    return 0;
}

/* ---- Characters --------------------------------------------------------- */

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool all_of(jf_bytes text, const char *others)
{
    size_t count = strlen(others);
    for (size_t i = 0; i < text.len; i++) {
        if (!is_alnum(text.ptr[i]) && !memchr(others, text.ptr[i], count))
            return false;
    }
    return true;
}

static bool all_digits(jf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return true;
}

/* RFC 9110, 5.6.2. */
static bool is_token(jf_bytes text)
{
    return text.len && all_of(text, "!#$%&'*+-.^_`|~");
}

/* Of a field value: octets above ASCII are as they are, tabs are blanks. */
static bool has_control(jf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return true;
    }
    return false;
}

/* "host", "host:port" or "[v6]:port" (RFC 3986, 3.2.2); no user in front. */
static bool is_authority(jf_bytes text)
{
    size_t host = bytes_find(text, ':');
    bool bracketed = text.len && text.ptr[0] == '[';
    if (bracketed)
        host = bytes_find(text, ']') + 1;
    if (!host || host > text.len)
        return false;
    jf_bytes name = { text.ptr, host };
    jf_bytes port = bytes_from(text, host);
    if (bracketed)
        name = jf_view(text.ptr + 1, host - 2);
    if (!name.len || !all_of(name, bracketed ? ":." : "-._~!$&'()*+,;=%"))
        return false;
    return !port.len || (port.ptr[0] == ':' && all_digits(bytes_from(port, 1)));
}

/* ---- The request line --------------------------------------------------- */

static bool check_size(struct reading *r)
{
    return r->rest.len <= HEAD_BYTES_MAX ||
           refuse(r, 431, "the request head is larger than 16384 octets");
}

static bool next_line(struct reading *r, jf_bytes *out)
{
    size_t end = bytes_find(r->rest, '\n');
    if (!end || end == r->rest.len || r->rest.ptr[end - 1] != '\r')
        return refuse(r, 400, "a line does not end in CR LF");
    *out = jf_view(r->rest.ptr, end - 1);
    r->rest = bytes_from(r->rest, end + 1);
    return !has_control(*out) || refuse(r, 400, "there is a control character in the head");
}

static bool read_version(struct reading *r, jf_bytes text)
{
    if (text.len != 8 || memcmp(text.ptr, "HTTP/", 5) != 0 || text.ptr[6] != '.' ||
        !all_digits(jf_view(text.ptr + 5, 1)) || !all_digits(jf_view(text.ptr + 7, 1)))
        return refuse(r, 400, "the request line is not a method, a target and a version");
    if (text.ptr[5] != '1' || text.ptr[7] > '1')
        return refuse(r, 505, "HTTP/1.1 and HTTP/1.0 are spoken here");
    r->head.minor = (unsigned)(text.ptr[7] - '0');
    return true;
}

/* From "scheme://authority/path?query" on to "/path?query". */
static bool skip_authority(jf_bytes *target)
{
    static const char *const schemes[] = { "http", "https", "ws", "wss" };
    jf_bytes scheme = { target->ptr, bytes_find(*target, ':') };
    jf_bytes rest = bytes_from(*target, scheme.len);
    size_t len = 3;
    if (rest.len < len || memcmp(rest.ptr, "://", len) != 0)
        return false;
    while (len < rest.len && rest.ptr[len] != '/' && rest.ptr[len] != '?')
        len++;
    if (!is_authority(jf_view(rest.ptr + 3, len - 3)))
        return false;
    *target = bytes_from(rest, len);
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (bytes_eq_nocase(scheme, schemes[i]))
            return true;
    }
    return false;
}

static bool read_target(struct reading *r)
{
    jf_bytes target = r->head.target;
    for (size_t i = 0; i < target.len; i++) {
        if (target.ptr[i] <= ' ' || target.ptr[i] > '~' || target.ptr[i] == '#')
            return refuse(r, 400, "the request target has a character it may not have");
    }
    bool asterisk = bytes_eq(target, "*") && bytes_eq(r->head.method, "OPTIONS");
    if (target.ptr[0] != '/' && !asterisk && !skip_authority(&target))
        return refuse(r, 400, "the request target is neither a path nor a URL");
    size_t mark = bytes_find(target, '?');
    r->head.path = mark ? jf_view(target.ptr, mark) : jf_str("/");
    r->head.query_text = bytes_from(target, mark + 1);
    return true;
}

static bool read_request_line(struct reading *r)
{
    jf_bytes line;
    if (!next_line(r, &line))
        return false;
    size_t method = bytes_find(line, ' ');
    jf_bytes rest = bytes_from(line, method + 1);
    size_t target = bytes_find(rest, ' ');
    r->head.method = jf_view(line.ptr, method);
    r->head.target = jf_view(rest.ptr, target);
    if (!is_token(r->head.method) || !target)
        return refuse(r, 400, "the request line is not a method, a target and a version");
    return read_version(r, bytes_from(rest, target + 1)) && read_target(r);
}

/* ---- Headers ------------------------------------------------------------ */

static bool read_header(struct reading *r, jf_bytes line)
{
    size_t colon = bytes_find(line, ':');
    jf_bytes name = { line.ptr, colon };
    if (line.ptr[0] == ' ' || line.ptr[0] == '\t')
        return refuse(r, 400, "a header is folded over two lines");
    if (colon == line.len || !is_token(name))
        return refuse(r, 400, "a header is not a name, a colon and a value");
    jf_bytes value = bytes_trim(bytes_from(line, colon + 1));
    if (!value.len) /* empty, not absent: jf_find() tells them apart by the pointer */
        value.ptr = line.ptr + line.len;
    r->head.headers[r->head.header_count++] = (struct jf_pair){ name, value };
    return true;
}

static bool read_headers(struct reading *r)
{
    size_t lines = 0;
    jf_bytes line;
    for (size_t i = 0; i < r->rest.len; i++)
        lines += r->rest.ptr[i] == '\n';
    if (lines > HEAD_HEADERS_MAX + 1) /* one of them is the empty one */
        return refuse(r, 431, "there are more than 128 headers");
    r->head.headers = xcalloc(lines, sizeof(*r->head.headers));
    for (;;) {
        if (!next_line(r, &line))
            return false;
        if (!line.len)
            return !r->rest.len || refuse(r, 400, "the head goes on behind its empty line");
        if (!read_header(r, line))
            return false;
    }
}

/* How many headers have that name; *value is the last one's. */
static size_t count_named(const struct head *head, const char *name, jf_bytes *value)
{
    size_t count = 0;
    *value = jf_view(NULL, 0);
    for (size_t i = 0; i < head->header_count; i++) {
        if (!bytes_eq_nocase(head->headers[i].name, name))
            continue;
        *value = head->headers[i].value;
        count++;
    }
    return count;
}

static bool check_host(struct reading *r)
{
    jf_bytes value;
    size_t count = count_named(&r->head, "Host", &value);
    if (count > 1)
        return refuse(r, 400, "there is more than one Host header");
    if (!count)
        return !r->head.minor || refuse(r, 400, "the Host header is missing");
    return is_authority(value) ||
           refuse(r, 400, "the Host header is not a host and a port");
}

static bool check_body_length(struct reading *r)
{
    jf_bytes length, coding;
    size_t count = count_named(&r->head, "Content-Length", &length);
    if (!count)
        return true;
    if (count > 1)
        return refuse(r, 400, "there is more than one Content-Length header");
    if (!length.len || length.len > 18 || !all_digits(length))
        return refuse(r, 400, "the Content-Length is not a number");
    if (count_named(&r->head, "Transfer-Encoding", &coding))
        return refuse(r, 400, "there are both a Content-Length and a Transfer-Encoding");
    return true;
}

/* ---- The query ---------------------------------------------------------- */

/* Decode to `*to`, which moves on. False: an escape is not "%" and two hex digits. */
static bool decode(jf_bytes text, char **to, jf_bytes *out)
{
    out->ptr = *to;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i] == '+' ? ' ' : text.ptr[i];
        if (c == '%') {
            int octet = bytes_unescape(bytes_from(text, i));
            if (octet < 0)
                return false;
            c = (char)octet;
            i += 2;
        }
        *(*to)++ = c;
    }
    out->len = (size_t)(*to - out->ptr);
    return true;
}

/* Take the next "name=value" off `rest`; what lies between two "&&" is none. */
static bool next_parameter(jf_bytes *rest, jf_bytes *out)
{
    do {
        *out = jf_view(rest->ptr, bytes_find(*rest, '&'));
        *rest = bytes_from(*rest, out->len + 1);
    } while (!out->len && rest->len);
    return out->len;
}

static bool read_query(struct reading *r)
{
    struct head *head = &r->head;
    jf_bytes rest = head->query_text, text;
    size_t count = 0;
    while (next_parameter(&rest, &text))
        count++;
    if (count > HEAD_QUERY_MAX)
        return refuse(r, 400, "there are more than 128 query parameters");
    if (!count)
        return true;
    /* The pairs, and behind them what they view: decoding never makes longer. */
    head->query = xcalloc(1, count * sizeof(*head->query) + head->query_text.len);
    char *to = (char *)(head->query + count);
    rest = head->query_text;
    while (next_parameter(&rest, &text)) {
        struct jf_pair *pair = &head->query[head->query_count++];
        size_t equals = bytes_find(text, '=');
        if (!decode(jf_view(text.ptr, equals), &to, &pair->name) ||
            !decode(bytes_from(text, equals + 1), &to, &pair->value))
            return refuse(r, 400, "a percent escape in the query is malformed");
    }
    return true;
}

int head_parse(const char *bytes, size_t len, struct head *out, unsigned *http_status,
               const char **why)
{
    struct reading r = { .rest = jf_view(bytes, len) };
    if (check_size(&r) && read_request_line(&r) && read_headers(&r) && check_host(&r) &&
        check_body_length(&r) && read_query(&r)) {
        *out = r.head;
        return JF_OK;
    }
    head_fini(&r.head);
    *http_status = r.http_status;
    *why = r.why;
    return JF_E_INVALID;
}

void head_fini(struct head *head)
{
    free(head->headers);
    free(head->query);
    *head = (struct head){ 0 };
}

/* ---- The handshake ------------------------------------------------------ */

/* Is the token in the comma-separated lists of the headers so called? */
static bool lists(const struct jf_pair *headers, size_t count, const char *header,
                  jf_bytes token, bool nocase)
{
    for (size_t i = 0; i < count; i++) {
        jf_bytes rest = headers[i].value;
        if (!bytes_eq_nocase(headers[i].name, header))
            continue;
        while (rest.len) {
            size_t end = bytes_find(rest, ',');
            jf_bytes element = bytes_trim(jf_view(rest.ptr, end));
            rest = bytes_from(rest, end + 1);
            if (!element.len || element.len != token.len)
                continue;
            if (nocase ? strncasecmp(element.ptr, token.ptr, token.len) == 0
                       : jf_same(element, token))
                return true;
        }
    }
    return false;
}

bool head_offers(const struct jf_pair *headers, size_t count, const char *header,
                 jf_bytes name)
{
    return lists(headers, count, header, name, false);
}

static bool names(const struct head *head, const char *header, const char *token)
{
    return lists(head->headers, head->header_count, header, jf_str(token), true);
}

bool head_wants_upgrade(const struct head *head)
{
    return names(head, "Upgrade", "websocket");
}

/* Sixteen octets in base64, in their one spelling: 21 letters, one that carries two bits,
 * and "==". */
static bool is_key(jf_bytes key)
{
    return key.len == KEY_TEXT && all_of(jf_view(key.ptr, 21), "+/") &&
           memchr("AQgw", key.ptr[21], 4) && key.ptr[22] == '=' && key.ptr[23] == '=';
}

/* An empty Transfer-Encoding counts too: what another reader makes of it is not known. */
static bool has_body(const struct head *head)
{
    jf_bytes value;
    return count_named(head, "Transfer-Encoding", &value) ||
           (count_named(head, "Content-Length", &value) && !bytes_eq(value, "0"));
}

static bool check_upgrade(struct reading *r, const struct head *head, jf_bytes *key)
{
    jf_bytes version;
    if (!bytes_eq(head->method, "GET"))
        return refuse(r, 400, "a WebSocket handshake is a GET");
    if (head->minor < 1)
        return refuse(r, 400, "a WebSocket handshake needs HTTP/1.1");
    if (!names(head, "Connection", "upgrade"))
        return refuse(r, 400, "the Connection header does not say Upgrade");
    if (has_body(head))
        return refuse(r, 400, "a WebSocket handshake has no body");
    if (count_named(head, "Sec-WebSocket-Version", &version) > 1)
        return refuse(r, 400, "there is more than one Sec-WebSocket-Version");
    if (!bytes_eq(version, "13"))
        return refuse(r, 426, "Sec-WebSocket-Version 13 is spoken here");
    if (count_named(head, "Sec-WebSocket-Key", key) > 1)
        return refuse(r, 400, "there is more than one Sec-WebSocket-Key");
    return is_key(*key) || refuse(r, 400, "Sec-WebSocket-Key is not 16 octets in base64");
}

int head_check_upgrade(const struct head *head, jf_bytes *key, unsigned *http_status,
                       const char **why)
{
    struct reading r = { 0 };
    jf_bytes found;
    if (check_upgrade(&r, head, &found)) {
        *key = found;
        return JF_OK;
    }
    *http_status = r.http_status;
    *why = r.why;
    return JF_E_INVALID;
}

void head_accept_key(jf_bytes key, char out[29])
{
    unsigned char text[KEY_TEXT + sizeof(GUID) - 1], digest[SHA_DIGEST_LENGTH];
    CHECK(key.len == KEY_TEXT);
    memcpy(text, key.ptr, KEY_TEXT);
    memcpy(text + KEY_TEXT, GUID, sizeof(GUID) - 1);
    SHA1(text, sizeof(text), digest);
    EVP_EncodeBlock((unsigned char *)out, digest, sizeof(digest));
}
