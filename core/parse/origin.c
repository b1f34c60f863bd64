/* Scheme, host and port apart, then compared one by one. */
#include "core/parse/origin.h"

#include "core/base/bytes.h"

struct origin {
    jf_bytes scheme, host, port;
};

static bool is_host_char(char c)
{
    c = bytes_lower_char(c);
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c && strchr("-._[]:*", c) != NULL);
}

static bool is_scheme(jf_bytes scheme)
{
    for (size_t i = 0; i < scheme.len; i++) {
        char c = bytes_lower_char(scheme.ptr[i]);
        if (!((c >= 'a' && c <= 'z') ||
              (i && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'))))
            return false;
    }
    return scheme.len > 0;
}

/* Where the port's colon is: behind the bracket of an IPv6 address. */
static size_t find_colon(jf_bytes rest)
{
    size_t from = rest.len && rest.ptr[0] == '[' ? bytes_find(rest, ']') : 0;
    return from + bytes_find(bytes_from(rest, from), ':');
}

/* "scheme://host" or "scheme://host:port", and nothing behind. */
static bool take_apart(jf_bytes text, struct origin *out)
{
    uint64_t port;
    size_t colon = bytes_find(text, ':');
    jf_bytes rest = bytes_from(text, colon);
    out->scheme = jf_view(text.ptr, colon);
    if (!is_scheme(out->scheme) || rest.len < 3 || memcmp(rest.ptr, "://", 3) != 0)
        return false;
    rest = bytes_from(rest, 3);
    for (size_t i = 0; i < rest.len; i++) {
        if (!is_host_char(rest.ptr[i]))
            return false;
    }
    size_t end = find_colon(rest);
    out->host = jf_view(rest.ptr, end < rest.len ? end : rest.len);
    out->port = bytes_from(rest, end + 1);
    bool has_colon = end < rest.len;
    return out->host.len && (!has_colon || bytes_number(out->port, UINT16_MAX, &port));
}

static jf_bytes implied_port(jf_bytes scheme)
{
    if (bytes_eq_nocase(scheme, "https"))
        return jf_str("443");
    return bytes_eq_nocase(scheme, "http") ? jf_str("80") : jf_str("");
}

static bool same_port(const struct origin *a, const struct origin *b)
{
    return jf_same(a->port.len ? a->port : implied_port(a->scheme),
                   b->port.len ? b->port : implied_port(b->scheme));
}

static bool is_wild(jf_bytes host)
{
    return host.len > 2 && host.ptr[0] == '*' && host.ptr[1] == '.';
}

/* "*.example" fits "a.example" and "a.b.example". */
static bool fits_below(jf_bytes wild, jf_bytes host)
{
    jf_bytes end = bytes_from(wild, 1);
    return host.len > end.len && host.ptr[0] != '.' &&
           bytes_same_nocase(bytes_from(host, host.len - end.len), end);
}

bool origin_is_pattern(jf_bytes pattern, const char **why)
{
    struct origin parts;
    if (bytes_eq(pattern, "*") || bytes_eq(pattern, "null"))
        return true;
    *why = "an origin is a scheme, a host and maybe a port, as in https://app.example:8443";
    if (!take_apart(pattern, &parts))
        return false;
    *why = "a \"*\" stands for the first part of a host only, as in https://*.example";
    jf_bytes plain = is_wild(parts.host) ? bytes_from(parts.host, 2) : parts.host;
    return bytes_find(plain, '*') == plain.len;
}

bool origin_fits(jf_bytes pattern, jf_bytes origin)
{
    struct origin wanted, given;
    if (bytes_eq(pattern, "*"))
        return true;
    if (bytes_eq(pattern, "null") || bytes_eq(origin, "null"))
        return jf_same(pattern, origin);
    if (!take_apart(pattern, &wanted) || !take_apart(origin, &given) ||
        bytes_find(given.host, '*') < given.host.len)
        return false;
    bool host = is_wild(wanted.host) ? fits_below(wanted.host, given.host)
                                     : bytes_same_nocase(wanted.host, given.host);
    return host && bytes_same_nocase(wanted.scheme, given.scheme) &&
           same_port(&wanted, &given);
}
