/* Takes a claim apart where it lies; only a presigned one's values are decoded, into memory
 * of the claim. Nothing is guessed: a field twice, an unknown one, a list of headers in
 * another order are refused, since two readers could take them differently. */
#include "core/credentials/sigv4_claim.h"

#include "core/base/bytes.h"

/* The fields of a claim in the order of AWS's complaints. */
enum field { CREDENTIAL, SIGNATURE, SIGNED_HEADERS, FIELDS };

struct fields {
    jf_bytes value[FIELDS];
    jf_bytes stamp;  /* X-Amz-Date, or Date */
    bool stamp_http; /* it is Date, which may be in HTTP's format */
};

static const char *const field_names[FIELDS] = { "Credential", "Signature",
                                                 "SignedHeaders" };

static const char *const query_names[] = {
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
};

static bool incomplete(struct verdict *verdict, const char *text)
{
    return verdict_refuse(verdict, VERDICT_INCOMPLETE, text);
}

bool sigv4_is_presigned(const struct request *request)
{
    jf_bytes value;
    for (size_t i = 0; i < sizeof(query_names) / sizeof(query_names[0]); i++) {
        if (request_parameter(request, query_names[i], &value))
            return true;
    }
    return false;
}

/* ---- The Authorization header ------------------------------------------- */

static bool malformed_header(struct verdict *verdict, jf_bytes header)
{
    incomplete(verdict, "Invalid key=value pair (missing equal-sign) in Authorization "
                        "header (hashed with SHA-256 and encoded with Base64): '");
    verdict_add_hashed(verdict, header);
    verdict_say(verdict, "'.");
    return false;
}

/* One "Key=value" into its place; false: it is none, or was there already. */
static bool take_pair(jf_bytes pair, struct fields *fields)
{
    size_t equals = bytes_find(pair, '=');
    for (size_t i = 0; i < FIELDS && equals < pair.len; i++) {
        if (!bytes_eq(jf_view(pair.ptr, equals), field_names[i]))
            continue;
        if (fields->value[i].ptr)
            return false;
        fields->value[i] = jf_view(pair.ptr + equals + 1, pair.len - equals - 1);
        return true;
    }
    return false;
}

/* Behind the algorithm: pairs between commas, with or without blanks. */
static bool take_pairs(jf_bytes rest, struct fields *fields)
{
    while (rest.len) {
        size_t end = bytes_find(rest, ',');
        if (!take_pair(bytes_trim(jf_view(rest.ptr, end)), fields))
            return false;
        if (end + 1 == rest.len)
            return false; /* something is to follow this comma */
        rest = bytes_from(rest, end + 1);
    }
    return true;
}

/* False, with all that is missing. */
static bool complain(const struct fields *fields, jf_bytes header, struct verdict *verdict)
{
    incomplete(verdict, "");
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields->value[i].len)
            continue;
        verdict_say(verdict, "Authorization header requires '");
        verdict_say(verdict, field_names[i]);
        verdict_say(verdict, "' parameter. ");
    }
    if (!fields->stamp.len)
        verdict_say(verdict, "Authorization header requires existence of either a "
                             "'X-Amz-Date' or a 'Date' header. ");
    verdict_say(verdict, "(Hashed with SHA-256 and encoded with Base64) Authorization=");
    verdict_add_hashed(verdict, header);
    return false;
}

/* X-Amz-Date goes before Date. False: there are two of what counts. */
static bool take_stamp(const struct request *request, struct fields *fields)
{
    size_t count = request_header(request, "X-Amz-Date", &fields->stamp);
    if (count)
        return count == 1;
    fields->stamp_http = true;
    return request_header(request, "Date", &fields->stamp) <= 1;
}

static bool read_header(const struct request *request, struct fields *fields,
                        struct verdict *verdict)
{
    jf_bytes header;
    if (request_header(request, "Authorization", &header) != 1)
        return incomplete(verdict, "There is more than one Authorization header.");
    header = bytes_trim(header);
    if (header.len > SIGV4_CLAIM_MAX)
        return incomplete(verdict, "The Authorization header is too long.");
    size_t blank = bytes_find(header, ' ');
    jf_bytes algorithm = { header.ptr, blank };
    if (!take_stamp(request, fields))
        return incomplete(verdict, "There is more than one date header.");
    if (algorithm.len >= 5 && memcmp(algorithm.ptr, "AWS4-", 5) == 0 &&
        !bytes_eq(algorithm, SIGV4_ALGORITHM)) {
        incomplete(verdict, "Unsupported AWS 'algorithm': '");
        verdict_add(verdict, algorithm);
        verdict_say(verdict, "'.");
        return false;
    }
    jf_bytes rest = bytes_trim(bytes_from(header, blank));
    if (!bytes_eq(algorithm, SIGV4_ALGORITHM) || !take_pairs(rest, fields))
        return malformed_header(verdict, header);
    for (size_t i = 0; i < FIELDS; i++) {
        if (!fields->value[i].len || !fields->stamp.len)
            return complain(fields, header, verdict);
    }
    return true;
}

/* ---- The presigned query ------------------------------------------------ */

/* Decode into the claim's memory. False: there is no room, or an escape is none. */
static bool decode(struct sigv4_claim *claim, jf_bytes text, jf_bytes *out)
{
    size_t start = claim->used;
    while (text.len) {
        int octet = (unsigned char)text.ptr[0];
        size_t taken = octet == '%' ? 3 : 1;
        if (octet == '%')
            octet = bytes_unescape(text);
        if (octet < 0 || claim->used == sizeof(claim->memory))
            return false;
        claim->memory[claim->used++] = (char)octet;
        text = bytes_from(text, taken);
    }
    *out = jf_view(claim->memory + start, claim->used - start);
    return true;
}

/* At most once. Absent: *out is empty. */
static bool parameter(const struct request *request, struct sigv4_claim *claim,
                      const char *name, jf_bytes *out, struct verdict *verdict)
{
    jf_bytes text = { 0 };
    if (request_parameter(request, name, &text) > 1 || !decode(claim, text, out)) {
        incomplete(verdict, "The query-string parameter '");
        verdict_say(verdict, name);
        verdict_say(verdict, "' is there twice, or malformed, or too long.");
        return false;
    }
    return true;
}

static bool read_lifetime(jf_bytes text, struct sigv4_claim *claim, struct verdict *verdict)
{
    uint64_t seconds = SIGV4_LIFETIME;
    if (text.len && (!bytes_number(text, SIGV4_LIFETIME_MAX, &seconds) || !seconds))
        return incomplete(verdict, "X-Amz-Expires must be a number of seconds, at least 1 "
                                   "and at most a week (604800).");
    claim->lifetime = (unsigned)seconds;
    return true;
}

static bool must_include(struct verdict *verdict, const jf_bytes *values,
                         const char *const *names, size_t count)
{
    bool whole = true;
    incomplete(verdict, "");
    for (size_t i = 0; i < count; i++) {
        if (values[i].len)
            continue;
        whole = false;
        verdict_say(verdict, "AWS query-string parameters must include '");
        verdict_say(verdict, names[i]);
        verdict_say(verdict, "'. ");
    }
    verdict_say(verdict, "Re-examine the query-string parameters.");
    return whole;
}

static bool read_query(const struct request *request, struct sigv4_claim *claim,
                       struct fields *fields, struct verdict *verdict)
{
    static const char *const names[] = {
        "X-Amz-Algorithm",      "X-Amz-Credential", "X-Amz-Signature",
        "X-Amz-SignedHeaders",  "X-Amz-Date",       "X-Amz-Expires",
        "X-Amz-Security-Token",
    };
    jf_bytes values[sizeof(names) / sizeof(names[0])];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!parameter(request, claim, names[i], &values[i], verdict))
            return false;
    }
    if (!must_include(verdict, values, names, 5))
        return false;
    if (!bytes_eq(values[0], SIGV4_ALGORITHM)) {
        incomplete(verdict, "Unsupported AWS 'algorithm': '");
        verdict_add(verdict, values[0]);
        verdict_say(verdict, "'.");
        return false;
    }
    fields->value[CREDENTIAL] = values[1];
    fields->value[SIGNATURE] = values[2];
    fields->value[SIGNED_HEADERS] = values[3];
    fields->stamp = values[4];
    claim->token = values[6];
    return read_lifetime(values[5], claim, verdict);
}

/* ---- Both --------------------------------------------------------------- */

static bool read_stamp(const struct fields *fields, struct sigv4_claim *claim,
                       struct verdict *verdict)
{
    if (!clock_read(fields->stamp, &claim->at) &&
        !(fields->stamp_http && clock_read_http(fields->stamp, &claim->at))) {
        incomplete(verdict, "Date must be in ISO-8601 'basic format'. Got '");
        verdict_add(verdict, fields->stamp);
        verdict_say(verdict, "'. See http://en.wikipedia.org/wiki/ISO_8601");
        return false;
    }
    clock_write(claim->at, claim->stamp);
    return true;
}

static bool is_header_name(jf_bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
            !memchr("!#$%&'*+-.^_`|~", c, 15))
            return false;
    }
    return name.len > 0;
}

static bool precedes(jf_bytes a, jf_bytes b)
{
    int order = memcmp(a.ptr, b.ptr, a.len < b.len ? a.len : b.len);
    return order < 0 || (order == 0 && a.len < b.len);
}

static bool read_signed_headers(jf_bytes list, struct sigv4_claim *claim,
                                struct verdict *verdict)
{
    bool host = false;
    for (jf_bytes rest = list;;) {
        size_t count = claim->signed_count, end = bytes_find(rest, ';');
        jf_bytes name = { rest.ptr, end };
        if (count == SIGV4_SIGNED_MAX || !is_header_name(name) ||
            (count && !precedes(claim->signed_headers[count - 1], name)))
            return incomplete(verdict, "SignedHeaders must be at most 64 names in lower "
                                       "case, each once, in alphabetical order.");
        claim->signed_headers[claim->signed_count++] = name;
        host = host || bytes_eq(name, "host");
        if (end == rest.len)
            break;
        rest = jf_view(rest.ptr + end + 1, rest.len - end - 1);
    }
    return host || verdict_refuse(verdict, VERDICT_SCOPE,
                                  "'Host' or ':authority' must be a 'SignedHeader' in the "
                                  "AWS Authorization.");
}

static bool is_scope_part(jf_bytes part)
{
    for (size_t i = 0; i < part.len; i++) {
        if (part.ptr[i] <= ' ' || part.ptr[i] > '~')
            return false;
    }
    return part.len > 0 && part.len <= SIGV4_SCOPE_MAX;
}

static bool read_credential(jf_bytes text, struct sigv4_claim *claim,
                            struct verdict *verdict)
{
    jf_bytes *const parts[] = { &claim->access_key_id, &claim->day, &claim->region,
                                &claim->service, &claim->terminator };
    jf_bytes rest = text;
    size_t count = 0;
    while (count < 5 && rest.len) {
        *parts[count] = jf_view(rest.ptr, bytes_find(rest, '/'));
        if (!is_scope_part(*parts[count]))
            break;
        rest = bytes_from(rest, parts[count]->len + 1);
        count++;
    }
    if (count == 5 && !rest.len && text.ptr[text.len - 1] != '/')
        return true;
    incomplete(verdict, "Credential must have exactly 5 slash-delimited elements, e.g. "
                        "keyid/date/region/service/term, got '");
    verdict_add(verdict, text);
    verdict_say(verdict, "'");
    return false;
}

/* AWS's comparison is of text, so upper case is as wrong as another length. Its length is
 * no secret. */
static bool read_signature(jf_bytes text, struct sigv4_claim *claim,
                           struct verdict *verdict)
{
    claim->signature = text;
    for (size_t i = 0; i < text.len; i++) {
        if (bytes_hex_digit(text.ptr[i]) < 0 || (text.ptr[i] >= 'A' && text.ptr[i] <= 'F'))
            claim->signature.len = 0;
    }
    return claim->signature.len == SIGV4_SIGNATURE ||
           verdict_refuse(verdict, VERDICT_MISMATCH,
                          "The request signature we calculated does not match the "
                          "signature you provided. A signature is 64 lower case "
                          "hexadecimal digits.");
}

bool sigv4_claim_read(const struct request *request, struct sigv4_claim *out,
                      struct verdict *verdict)
{
    struct fields fields = { 0 };
    jf_bytes authorization;
    out->used = out->signed_count = 0;
    out->token = jf_view(NULL, 0);
    out->lifetime = SIGV4_LIFETIME;
    out->presigned = sigv4_is_presigned(request);
    if (out->presigned && request_header(request, "Authorization", &authorization))
        return verdict_refuse(verdict, VERDICT_SCOPE,
                              "Found both 'X-Amz-Algorithm' as a query-string param and "
                              "'Authorization' as HTTP header.");
    if (request->path.len + request->query.len > REQUEST_TARGET_MAX)
        return incomplete(verdict, "The path and query are too long to be signed.");
    if (out->presigned ? !read_query(request, out, &fields, verdict)
                       : !read_header(request, &fields, verdict))
        return false;
    if (!out->presigned && request_header(request, "X-Amz-Security-Token", &out->token) > 1)
        return incomplete(verdict, "There is more than one X-Amz-Security-Token header.");
    return read_stamp(&fields, out, verdict) &&
           read_signed_headers(fields.value[SIGNED_HEADERS], out, verdict) &&
           read_credential(fields.value[CREDENTIAL], out, verdict) &&
           read_signature(fields.value[SIGNATURE], out, verdict);
}
