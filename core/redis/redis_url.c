/* Reads a URL from left to right. What may be escaped is decoded into one piece of memory
 * that is as large as the text. Strict: what would have to be guessed is refused, since it
 * is an operator's typing that is read here, and early is the best time to hear of it. */
#include "core/redis/redis_url.h"

#include <sys/un.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"

struct reader {
    jf_bytes rest;
    struct redis_url url;
    char *at; /* the free part of url.memory */
    const char *why;
};

static int refuse(struct reader *reader, const char *why)
{
    reader->why = why;
    return JF_E_INVALID;
}

static bool skip(struct reader *reader, const char *text)
{
    jf_bytes start = reader->rest;
    size_t len = strlen(text);
    if (start.len > len)
        start.len = len;
    if (!bytes_eq_nocase(start, text))
        return false;
    reader->rest = bytes_from(reader->rest, len);
    return true;
}

/* What stands before position `end`; the rest begins there. */
static jf_bytes take(struct reader *reader, size_t end)
{
    jf_bytes taken = jf_view(reader->rest.ptr, end);
    reader->rest = bytes_from(reader->rest, end);
    return taken;
}

/* A copy without escapes, NUL-terminated; NULL if an escape is none, or a NUL. */
static const char *decode(struct reader *reader, jf_bytes text)
{
    char *start = reader->at;
    while (text.len) {
        int octet = (unsigned char)text.ptr[0];
        size_t used = 1;
        if (octet == '%') {
            octet = bytes_unescape(text);
            used = 3;
        }
        if (octet <= 0)
            return NULL;
        *reader->at++ = (char)octet;
        text = bytes_from(text, used);
    }
    *reader->at++ = '\0';
    return start;
}

static int read_scheme(struct reader *reader, bool *is_file)
{
    *is_file = false;
    if (skip(reader, "redis://"))
        return JF_OK;
    if (skip(reader, "rediss://")) {
        reader->url.tls = true;
        return JF_OK;
    }
    if (skip(reader, "unix://")) {
        *is_file = true;
        return JF_OK;
    }
    return refuse(reader, "it begins with redis://, rediss:// or unix://");
}

/* "user:password" before the '@', which must be escaped inside of them. */
static int read_credentials(struct reader *reader)
{
    size_t slash = bytes_find(reader->rest, '/');
    size_t at = bytes_find(jf_view(reader->rest.ptr, slash), '@');
    if (at == slash)
        return JF_OK;
    jf_bytes both = take(reader, at);
    take(reader, 1);
    size_t colon = bytes_find(both, ':');
    if (bytes_find(reader->rest, '@') < bytes_find(reader->rest, '/'))
        return refuse(reader, "an '@' in a user or password is written %40");
    if (colon + 1 >= both.len)
        return refuse(reader, "before the '@' stands USER:PASSWORD or :PASSWORD");
    if (colon)
        reader->url.user = decode(reader, jf_view(both.ptr, colon));
    reader->url.password = decode(reader, bytes_from(both, colon + 1));
    if (!reader->url.password || (colon && !reader->url.user))
        return refuse(reader, "a '%' is followed by two hexadecimal digits, not both 0");
    return JF_OK;
}

static bool is_host(jf_bytes host, bool literal)
{
    for (size_t i = 0; i < host.len; i++) {
        char c = bytes_lower_char(host.ptr[i]);
        bool known = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
        if (!known && (literal ? c != ':' && c != '%' : c != '-' && c != '_'))
            return false;
    }
    return host.len > 0 && host.len <= 255;
}

static int read_host(struct reader *reader)
{
    bool literal = skip(reader, "[");
    jf_bytes rest = reader->rest;
    size_t end = bytes_find(rest, literal ? ']' : '/');
    if (!literal)
        end = bytes_find(jf_view(rest.ptr, end), ':');
    else if (end == rest.len)
        return refuse(reader, "a '[' is closed by a ']'");
    jf_bytes host = take(reader, end);
    if (literal)
        take(reader, 1);
    if (!is_host(host, literal))
        return refuse(reader, "the host is a name or an address, an IPv6 one in brackets");
    reader->url.host = reader->at;
    memcpy(reader->at, host.ptr, host.len);
    reader->at[host.len] = '\0';
    reader->at += host.len + 1;
    return JF_OK;
}

static int read_port(struct reader *reader)
{
    reader->url.port = REDIS_PORT;
    if (!skip(reader, ":"))
        return JF_OK;
    uint64_t port;
    if (!bytes_number(take(reader, bytes_find(reader->rest, '/')), 65535, &port) || !port)
        return refuse(reader, "the port is a number from 1 to 65535");
    reader->url.port = (uint16_t)port;
    return JF_OK;
}

static int read_database(struct reader *reader)
{
    uint64_t database;
    if (!bytes_number(reader->rest, REDIS_DATABASE_MAX, &database))
        return refuse(reader, "the database is a number from 0 to 65535");
    reader->url.database = (uint32_t)database;
    return JF_OK;
}

static int read_server(struct reader *reader)
{
    int status = read_host(reader);
    if (status < 0)
        return status;
    status = read_port(reader);
    if (status < 0 || !reader->rest.len)
        return status;
    if (!skip(reader, "/"))
        return refuse(reader, "after the host comes :PORT or /DATABASE");
    return reader->rest.len ? read_database(reader) : JF_OK;
}

static int read_file(struct reader *reader)
{
    jf_bytes path = take(reader, bytes_find(reader->rest, '?'));
    if (!path.len || path.ptr[0] != '/')
        return refuse(reader,
                      "the path of a socket begins with a '/': unix:///run/redis.sock");
    reader->url.path = decode(reader, path);
    if (!reader->url.path)
        return refuse(reader, "a '%' is followed by two hexadecimal digits, not both 0");
    if (strlen(reader->url.path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
        return refuse(reader, "the path of a socket has at most 107 octets");
    if (!reader->rest.len)
        return JF_OK;
    if (!skip(reader, "?db="))
        return refuse(reader, "after the path of a socket comes ?db=DATABASE or nothing");
    return read_database(reader);
}

static int read_all(struct reader *reader)
{
    bool is_file;
    int status = read_scheme(reader, &is_file);
    if (status < 0)
        return status;
    status = read_credentials(reader);
    if (status < 0)
        return status;
    return is_file ? read_file(reader) : read_server(reader);
}

int redis_url_parse(jf_bytes text, struct redis_url *out, const char **why)
{
    if (text.len > REDIS_URL_MAX) {
        *why = "it has at most 4096 octets";
        return JF_E_INVALID;
    }
    struct reader reader = { .rest = text };
    reader.url.memory =
        xalloc(text.len + 4); /* the same octets, with a NUL after each part */
    reader.at = reader.url.memory;
    int status = read_all(&reader);
    if (status < 0) {
        *why = reader.why;
        explicit_bzero(reader.url.memory, text.len);
        free(reader.url.memory);
        return status;
    }
    *out = reader.url;
    return JF_OK;
}

void redis_url_fini(struct redis_url *url)
{
    if (!url)
        return;
    if (url->password)
        explicit_bzero(url->memory + (url->password - url->memory), strlen(url->password));
    free(url->memory);
    *url = (struct redis_url){ 0 };
}
