/* What clients leave as it is differs for "@", for "=", and for the other octets that a URL
 * may have there; all else is written as %XX by all of them. */
#include "core/host/manage_request.h"

#include "core/base/bytes.h"
#include "core/net/http_call.h"

#define OTHERS "$!*'(),;:+&"

/* Bits of a spelling: set, and the octets are the other way than most clients have them. */
enum { AT_ENCODED = 1, EQUALS_RAW = 2, OTHERS_RAW = 4 };

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._~", c));
}

static bool is_raw(char c, unsigned spelling)
{
    if (is_unreserved(c) || c == '/')
        return true;
    if (c == '@')
        return !(spelling & AT_ENCODED);
    if (c == '=')
        return spelling & EQUALS_RAW;
    return c && strchr(OTHERS, c) && spelling & OTHERS_RAW;
}

static void put_octet(char **at, char c, bool raw)
{
    static const char digits[] = "0123456789ABCDEF";
    if (raw) {
        *(*at)++ = c;
        return;
    }
    *(*at)++ = '%';
    *(*at)++ = digits[(unsigned char)c >> 4];
    *(*at)++ = digits[(unsigned char)c & 15];
}

/* Does the path have octets for which this spelling differs? */
static bool differs(jf_bytes path, unsigned spelling)
{
    bool at = false, equals = false, others = false;
    for (size_t i = 0; i < path.len; i++) {
        char c = path.ptr[i];
        at |= c == '@';
        equals |= c == '=';
        others |= c && strchr(OTHERS, c);
    }
    return (at || !(spelling & AT_ENCODED)) && (equals || !(spelling & EQUALS_RAW)) &&
           (others || !(spelling & OTHERS_RAW));
}

bool manage_request_spell(struct manage_request *request, jf_bytes path, unsigned spelling)
{
    char *at = request->path;
    if (!differs(path, spelling))
        return false;
    for (size_t i = 0; i < path.len; i++)
        put_octet(&at, path.ptr[i], is_raw(path.ptr[i], spelling));
    request->request.path = jf_view(request->path, (size_t)(at - request->path));
    return true;
}

/* ---- Headers ------------------------------------------------------------ */

static void add_header(struct http_call *call, struct manage_request *out, jf_bytes name)
{
    jf_bytes seen;
    char text[128];
    struct request *request = &out->request;
    if (!name.len || name.len >= sizeof(text) ||
        request->header_count == sizeof(out->headers) / sizeof(out->headers[0]))
        return;
    snprintf(text, sizeof(text), "%.*s", BYTES_FMT(name));
    if (request_header(request, text, &seen))
        return;
    jf_bytes value = http_call_header(call, name);
    if (value.ptr)
        out->headers[request->header_count++] = (struct jf_pair){ name, value };
}

/* Names between semicolons. */
static void add_headers(struct http_call *call, struct manage_request *out, jf_bytes names)
{
    while (names.len) {
        size_t len = bytes_find(names, ';');
        add_header(call, out, jf_view(names.ptr, len));
        names = bytes_from(names, len + 1);
    }
}

/* What a claim says was signed; whether it is a claim is not decided here. */
static jf_bytes signed_names(jf_bytes authorization)
{
    static const char word[] = "SignedHeaders=";
    const char *at = authorization.len ? memmem(authorization.ptr, authorization.len, word,
                                                sizeof(word) - 1)
                                       : NULL;
    if (!at)
        return (jf_bytes){ 0 };
    jf_bytes names =
        bytes_from(authorization, (size_t)(at - authorization.ptr) + sizeof(word) - 1);
    names.len = bytes_find(names, ',');
    return bytes_trim(names);
}

static void read_headers(struct http_call *call, struct manage_request *out)
{
    static const char *const always[] = {
        "host", "authorization",        "x-amz-date",
        "date", "x-amz-content-sha256", "x-amz-security-token"
    };
    for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++)
        add_header(call, out, jf_str(always[i]));
    jf_bytes authorization = { 0 };
    request_header(&out->request, "authorization", &authorization);
    add_headers(call, out, signed_names(authorization));
}

/* ---- The query ---------------------------------------------------------- */

static void put_text(char **at, jf_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        put_octet(at, text.ptr[i], is_unreserved(text.ptr[i]));
}

/* Of a presigned URL the names of signed headers are in here. */
static bool read_query(struct http_call *call, struct manage_request *out)
{
    size_t count, room = sizeof(out->query);
    const struct jf_pair *pairs = http_call_parameters(call, &count);
    char *at = out->query;
    for (size_t i = 0; i < count; i++) {
        size_t most = 3 * (pairs[i].name.len + pairs[i].value.len) + 2;
        if (most > room - (size_t)(at - out->query))
            return false;
        if (i)
            *at++ = '&';
        put_text(&at, pairs[i].name);
        *at++ = '=';
        put_text(&at, pairs[i].value);
        if (bytes_eq(pairs[i].name, "X-Amz-SignedHeaders"))
            add_headers(call, out, pairs[i].value);
    }
    out->request.query = jf_view(out->query, (size_t)(at - out->query));
    return true;
}

bool manage_request_read(struct http_call *call, struct manage_request *out)
{
    out->request = (struct request){ .method = http_call_method(call),
                                     .headers = out->headers,
                                     .body = http_call_body(call) };
    if (http_call_path(call).len * 3 > sizeof(out->path))
        return false;
    read_headers(call, out);
    return read_query(call, out);
}
