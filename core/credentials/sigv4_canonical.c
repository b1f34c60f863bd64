/* Writes canonical requests into memory that is large enough for what the claim and the
 * bounds let through. No spelling is judged here: all are made from the same request, and
 * the signature says which the client meant. */
#include "core/credentials/sigv4_canonical.h"

#include <openssl/evp.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"

#define DIGEST 32
#define METHOD_MAX 32
#define UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD"

/* Of a target every octet may become three, every parameter gets a "=" and a "&". */
#define SPELLED_MAX (3 * REQUEST_TARGET_MAX + 2 * CANONICAL_PARAMETERS_MAX)
#define TAIL_MAX (CANONICAL_HEADERS_MAX + 2 * SIGV4_CLAIM_MAX + 2 * DIGEST)

/* A text that grows inside memory of `max` octets. */
struct text {
    char *ptr;
    size_t len, max;
};

struct canonical {
    struct text paths[CANONICAL_PATHS], queries[CANONICAL_QUERIES];
    struct text scratch; /* encoded parameters, before they are sorted */
    struct text tail;    /* from the headers on */
    struct text whole;
    bool spelled_path[CANONICAL_PATHS], spelled_query[CANONICAL_QUERIES];
    struct jf_pair parameters[CANONICAL_PARAMETERS_MAX];
};

/* ---- Texts -------------------------------------------------------------- */

static void text_init(struct text *text, size_t max)
{
    *text = (struct text){ .ptr = xalloc(max), .max = max };
}

/* What fits was counted before; should the count be wrong, it ends here and not beyond. */
static void add(struct text *text, jf_bytes more)
{
    CHECK(more.len <= text->max - text->len);
    if (more.len)
        memcpy(text->ptr + text->len, more.ptr, more.len);
    text->len += more.len;
}

static void add_char(struct text *text, char c)
{
    add(text, jf_view(&c, 1));
}

static jf_bytes view(const struct text *text)
{
    return jf_view(text->ptr, text->len);
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

/* RFC 3986, 2.1, with upper case digits. */
static void add_octet(struct text *text, unsigned char c, bool keep_slash)
{
    static const char digits[] = "0123456789ABCDEF";
    if (is_unreserved(c) || (keep_slash && c == '/')) {
        add_char(text, (char)c);
        return;
    }
    char escape[3] = { '%', digits[c >> 4], digits[c & 15] };
    add(text, jf_view(escape, sizeof(escape)));
}

static void add_encoded(struct text *text, jf_bytes plain)
{
    for (size_t i = 0; i < plain.len; i++)
        add_octet(text, (unsigned char)plain.ptr[i], true);
}

/* Decoded and encoded again; a "%" that begins no escape stands for itself. */
static void add_reencoded(struct text *text, jf_bytes encoded, bool keep_slash)
{
    while (encoded.len) {
        int octet = encoded.ptr[0] == '%' ? bytes_unescape(encoded) : -1;
        bool escaped = octet >= 0;
        add_octet(text, escaped ? (unsigned char)octet : (unsigned char)encoded.ptr[0],
                  keep_slash);
        encoded = bytes_from(encoded, escaped ? 3 : 1);
    }
}

struct canonical *canonical_new(void)
{
    struct canonical *canonical = xnew(struct canonical);
    for (int i = 0; i < CANONICAL_PATHS; i++)
        text_init(&canonical->paths[i], SPELLED_MAX);
    for (int i = 0; i < CANONICAL_QUERIES; i++)
        text_init(&canonical->queries[i], SPELLED_MAX);
    text_init(&canonical->scratch, SPELLED_MAX);
    text_init(&canonical->tail, TAIL_MAX);
    text_init(&canonical->whole, METHOD_MAX + 2 * SPELLED_MAX + TAIL_MAX + 3);
    return canonical;
}

void canonical_free(struct canonical *canonical)
{
    if (!canonical)
        return;
    for (int i = 0; i < CANONICAL_PATHS; i++)
        free(canonical->paths[i].ptr);
    for (int i = 0; i < CANONICAL_QUERIES; i++)
        free(canonical->queries[i].ptr);
    free(canonical->scratch.ptr);
    free(canonical->tail.ptr);
    free(canonical->whole.ptr);
    free(canonical);
}

/* ---- Paths -------------------------------------------------------------- */

/* Back to before the last segment. */
static void drop_segment(struct text *text)
{
    while (text->len && text->ptr[text->len - 1] != '/')
        text->len--;
    if (text->len)
        text->len--;
}

/* As botocore does: segments that are empty or "." vanish, ".." takes one with it, and a
 * slash at the end stays if there is anything in front of it. */
static void add_tidied(struct text *text, jf_bytes path)
{
    jf_bytes rest = path;
    while (rest.len) {
        jf_bytes segment = { rest.ptr, bytes_find(rest, '/') };
        rest = bytes_from(rest, segment.len + 1);
        if (bytes_eq(segment, "..")) {
            drop_segment(text);
        } else if (segment.len && !bytes_eq(segment, ".")) {
            add_char(text, '/');
            add_encoded(text, segment);
        }
    }
    if (!text->len || (path.len && path.ptr[path.len - 1] == '/'))
        add_char(text, '/');
}

static void spell_path(struct text *text, jf_bytes path, enum canonical_path how)
{
    if (!path.len)
        path = jf_str("/");
    switch (how) {
    case CANONICAL_PATH_TIDIED:
        add_tidied(text, path);
        break;
    case CANONICAL_PATH_DECODED:
        add_reencoded(text, path, true);
        break;
    default:
        add_encoded(text, path);
    }
}

/* ---- Queries ------------------------------------------------------------ */

static int compare(jf_bytes a, jf_bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;
    return order ? order : a.len < b.len ? -1 : a.len > b.len;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct jf_pair *one = a, *other = b;
    int order = compare(one->name, other->name);
    return order ? order : compare(one->value, other->value);
}

static jf_bytes reencoded(struct text *scratch, jf_bytes encoded)
{
    size_t start = scratch->len;
    add_reencoded(scratch, encoded, false);
    return jf_view(scratch->ptr + start, scratch->len - start);
}

/* Unencoded, a line feed could pass as the end of the line. */
static bool is_one_line(jf_bytes query)
{
    for (size_t i = 0; i < query.len; i++) {
        if ((unsigned char)query.ptr[i] <= ' ' || query.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

/* False: it cannot be spelled so. The signature is no part of what is signed. */
static bool spell_query(struct canonical *canonical, jf_bytes query,
                        enum canonical_query how)
{
    struct text *text = &canonical->queries[how];
    struct jf_pair pair;
    size_t count = 0;
    canonical->scratch.len = 0;
    if (how == CANONICAL_QUERY_AS_SENT && !is_one_line(query))
        return false;
    while (request_next_parameter(&query, &pair)) {
        if (bytes_eq(pair.name, "X-Amz-Signature"))
            continue;
        if (how == CANONICAL_QUERY_ENCODED) {
            pair.name = reencoded(&canonical->scratch, pair.name);
            pair.value = reencoded(&canonical->scratch, pair.value);
        }
        canonical->parameters[count++] = pair;
    }
    qsort(canonical->parameters, count, sizeof(pair), compare_pairs);
    for (size_t i = 0; i < count; i++) {
        if (i)
            add_char(text, '&');
        add(text, canonical->parameters[i].name);
        add_char(text, '=');
        add(text, canonical->parameters[i].value);
    }
    return true;
}

/* ---- Headers and payload ------------------------------------------------ */

static bool is_clean(jf_bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < ' ' && c != '\t') || c == 0x7f)
            return false;
    }
    return true;
}

/* Several blanks are one. */
static void add_folded(struct text *text, jf_bytes value)
{
    bool blank = false;
    value = bytes_trim(value);
    for (size_t i = 0; i < value.len; i++) {
        bool another = value.ptr[i] == ' ' || value.ptr[i] == '\t';
        if (!another || !blank)
            add_char(text, another ? ' ' : value.ptr[i]);
        blank = another;
    }
}

/* "name:value,value" of all headers with that name. False, with a refusal. */
static bool add_header(struct text *text, const struct request *request, jf_bytes name,
                       struct verdict *verdict)
{
    size_t found = 0;
    add(text, name);
    for (size_t i = 0; i < request->header_count; i++) {
        const struct jf_pair *header = &request->headers[i];
        if (!bytes_same_nocase(header->name, name))
            continue;
        if (!is_clean(header->value) ||
            text->len + header->value.len + 1 > CANONICAL_HEADERS_MAX)
            return verdict_refuse(verdict, VERDICT_INCOMPLETE,
                                  "A signed header has control characters, or the signed "
                                  "headers are too long.");
        add_char(text, found++ ? ',' : ':');
        add_folded(text, header->value);
    }
    add_char(text, '\n');
    if (found)
        return true;
    verdict_refuse(verdict, VERDICT_MISMATCH, "The signed header '");
    verdict_add(verdict, name);
    verdict_say(verdict, "' is not part of the request.");
    return false;
}

/* Whatever x-amz-content-sha256 says of the body, its hash is that of what arrived; so a
 * false one is a wrong signature. Only that nothing is said of the body must be said. */
static void add_payload(struct text *text, const struct request *request)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char digest[DIGEST];
    jf_bytes declared = { 0 };
    if (request_header(request, "X-Amz-Content-Sha256", &declared) == 1 &&
        bytes_eq(bytes_trim(declared), UNSIGNED_PAYLOAD)) {
        add(text, jf_str(UNSIGNED_PAYLOAD));
        return;
    }
    CHECK(EVP_Digest(request->body.ptr, request->body.len, digest, NULL, EVP_sha256(),
                     NULL) == 1);
    for (size_t i = 0; i < sizeof(digest); i++) {
        add_char(text, digits[digest[i] >> 4]);
        add_char(text, digits[digest[i] & 15]);
    }
}

static bool check_shape(const struct request *request, struct verdict *verdict)
{
    jf_bytes query = request->query;
    struct jf_pair pair;
    size_t count = 0;
    bool method = request->method.len > 0 && request->method.len <= METHOD_MAX;
    for (size_t i = 0; method && i < request->method.len; i++)
        method = is_unreserved((unsigned char)request->method.ptr[i]);
    while (request_next_parameter(&query, &pair))
        count++;
    return (method && count <= CANONICAL_PARAMETERS_MAX) ||
           verdict_refuse(verdict, VERDICT_INCOMPLETE,
                          "The method is none, or there are more than 128 query-string "
                          "parameters.");
}

bool canonical_prepare(struct canonical *canonical, const struct request *request,
                       const struct sigv4_claim *claim, struct verdict *verdict)
{
    struct text *tail = &canonical->tail;
    memset(canonical->spelled_path, 0, sizeof(canonical->spelled_path));
    memset(canonical->spelled_query, 0, sizeof(canonical->spelled_query));
    tail->len = 0;
    if (!check_shape(request, verdict))
        return false;
    for (size_t i = 0; i < claim->signed_count; i++) {
        if (!add_header(tail, request, claim->signed_headers[i], verdict))
            return false;
    }
    add_char(tail, '\n');
    for (size_t i = 0; i < claim->signed_count; i++) {
        if (i)
            add_char(tail, ';');
        add(tail, claim->signed_headers[i]);
    }
    add_char(tail, '\n');
    add_payload(tail, request);
    return true;
}

/* ---- The whole ---------------------------------------------------------- */

/* False: it cannot be spelled so, or another spelling came to the same. */
static bool path_is_new(struct canonical *canonical, jf_bytes path, enum canonical_path how)
{
    if (!canonical->spelled_path[how]) {
        canonical->paths[how].len = 0;
        spell_path(&canonical->paths[how], path, how);
        canonical->spelled_path[how] = true;
    }
    for (int i = 0; i < (int)how; i++) {
        if (canonical->spelled_path[i] &&
            jf_same(view(&canonical->paths[i]), view(&canonical->paths[how])))
            return false;
    }
    return true;
}

static bool query_is_new(struct canonical *canonical, jf_bytes query,
                         enum canonical_query how)
{
    if (!canonical->spelled_query[how]) {
        canonical->queries[how].len = 0;
        if (!spell_query(canonical, query, how))
            return false;
        canonical->spelled_query[how] = true;
    }
    return how == CANONICAL_QUERY_ENCODED || !canonical->spelled_query[0] ||
           !jf_same(view(&canonical->queries[0]), view(&canonical->queries[how]));
}

jf_bytes canonical_write(struct canonical *canonical, const struct request *request,
                         enum canonical_path path, enum canonical_query query)
{
    struct text *whole = &canonical->whole;
    if (!path_is_new(canonical, request->path, path) ||
        !query_is_new(canonical, request->query, query))
        return jf_view(NULL, 0);
    whole->len = 0;
    add(whole, request->method);
    add_char(whole, '\n');
    add(whole, view(&canonical->paths[path]));
    add_char(whole, '\n');
    add(whole, view(&canonical->queries[query]));
    add_char(whole, '\n');
    add(whole, view(&canonical->tail));
    return view(whole);
}
