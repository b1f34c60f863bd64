/* Read from left to right, since a quoted comma cannot be told from the right; what is kept
 * is the last that is none of our proxies. What is no address is one of those: it is not
 * passed over, or a client could have us believe what it wrote in front of it. */
#include "core/parse/forwarded.h"

#include "core/base/bytes.h"

struct search {
    const struct ip_range *proxies;
    size_t proxy_count;
    enum { NOTHING, PROXIES_ONLY, FOUND, NO_ADDRESS } state;
    struct ip ip;
};

/* "192.0.2.1:80" and "[2001:db8::1]:80" without the port. False: it is no port. */
static bool cut_port(jf_bytes *node)
{
    uint64_t port;
    bool bracketed = node->len && node->ptr[0] == '[';
    size_t end = bytes_find(*node, bracketed ? ']' : ':');
    jf_bytes after = bytes_from(*node, end + bracketed);
    if (bracketed && end == node->len)
        return false;
    if (!bracketed && bytes_find(bytes_from(after, 1), ':') < bytes_from(after, 1).len)
        return true; /* a bare IPv6 address */
    *node = bracketed ? jf_view(node->ptr + 1, end - 1) : jf_view(node->ptr, end);
    if (!after.len)
        return true;
    bool is_port = after.ptr[0] == ':';
    after = bytes_from(after, 1);
    return is_port && after.len &&
           (after.ptr[0] == '_' || bytes_number(after, 65535, &port));
}

static void note(struct search *search, jf_bytes node)
{
    struct ip ip;
    if (!cut_port(&node) || ip_parse(node, &ip) < 0) {
        search->state = NO_ADDRESS;
        return;
    }
    bool is_proxy = ip_in(search->proxies, search->proxy_count, &ip);
    if (is_proxy && search->state != NOTHING)
        return;
    search->state = is_proxy ? PROXIES_ONLY : FOUND;
    search->ip = ip;
}

/* ---- X-Forwarded-For ---------------------------------------------------- */

static void read_list(struct search *search, jf_bytes value)
{
    while (value.len) {
        size_t end = bytes_find(value, ',');
        jf_bytes node = bytes_trim(jf_view(value.ptr, end));
        if (node.len)
            note(search, node);
        value = bytes_from(value, end + 1);
    }
}

/* ---- Forwarded (RFC 7239, 4) -------------------------------------------- */

/* Take a name in front, up to its "=". */
static bool take_name(jf_bytes *rest, jf_bytes *name)
{
    size_t end = bytes_find(*rest, '=');
    if (end == rest->len)
        return false;
    *name = bytes_trim(jf_view(rest->ptr, end));
    *rest = bytes_from(*rest, end + 1);
    return name->len && bytes_find(*name, ',') == name->len &&
           bytes_find(*name, ';') == name->len;
}

/* Take a quoted text in front. One with an escape in it is no address either way. */
static bool take_quoted(jf_bytes *rest, jf_bytes *value)
{
    size_t end = 1;
    while (end < rest->len && rest->ptr[end] != '"')
        end += rest->ptr[end] == '\\' ? 2 : 1;
    if (end >= rest->len)
        return false;
    *value = jf_view(rest->ptr + 1, end - 1);
    *rest = bytes_trim(bytes_from(*rest, end + 1));
    return !rest->len || rest->ptr[0] == ',' || rest->ptr[0] == ';';
}

static bool take_value(jf_bytes *rest, jf_bytes *value)
{
    *rest = bytes_trim(*rest);
    if (rest->len && rest->ptr[0] == '"')
        return take_quoted(rest, value);
    size_t comma = bytes_find(*rest, ','), semicolon = bytes_find(*rest, ';');
    size_t end = comma < semicolon ? comma : semicolon;
    *value = bytes_trim(jf_view(rest->ptr, end));
    *rest = bytes_from(*rest, end);
    return bytes_find(*value, '"') == value->len;
}

/* Take what one proxy has said: pairs with semicolons between them, up to a comma. */
static bool take_element(jf_bytes *rest, jf_bytes *node)
{
    *node = jf_view(NULL, 0);
    while (rest->len && rest->ptr[0] != ',') {
        jf_bytes name, value = { NULL, 0 };
        if (!take_name(rest, &name) || !take_value(rest, &value))
            return false;
        if (bytes_eq_nocase(name, "for")) {
            if (node->ptr)
                return false;
            *node = value.ptr ? value : jf_str("");
        }
        if (rest->len && rest->ptr[0] == ';')
            *rest = bytes_trim(bytes_from(*rest, 1));
    }
    *rest = bytes_trim(bytes_from(*rest, 1));
    return true;
}

static void read_forwarded(struct search *search, jf_bytes value)
{
    jf_bytes node;
    value = bytes_trim(value);
    while (value.len) {
        if (value.ptr[0] == ',') { /* an empty element (RFC 9110, 5.6.1) */
            value = bytes_trim(bytes_from(value, 1));
        } else if (take_element(&value, &node)) {
            note(search, node);
        } else {
            search->state = NO_ADDRESS;
            return;
        }
    }
}

/* ---- Both --------------------------------------------------------------- */

typedef void read_fn(struct search *search, jf_bytes value);

static void read_all(struct search *search, const struct jf_pair *headers, size_t count,
                     const char *name, read_fn *read)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_eq_nocase(headers[i].name, name))
            read(search, headers[i].value);
    }
}

bool forwarded_client(const struct ip_range *proxies, size_t proxy_count,
                      const struct jf_pair *headers, size_t header_count, struct ip *out)
{
    struct search search = { .proxies = proxies, .proxy_count = proxy_count };
    read_all(&search, headers, header_count, "X-Forwarded-For", read_list);
    if (search.state == NOTHING)
        read_all(&search, headers, header_count, "Forwarded", read_forwarded);
    if (search.state == NOTHING || search.state == NO_ADDRESS)
        return false;
    *out = search.ip;
    return true;
}
