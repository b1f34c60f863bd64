/* URLs of a Redis: whatever the text, it is refused with a reason and untouched, or what
 * was read lies within bounds and, written down again, reads the same. */
#include <stdio.h>
#include <string.h>

#include "core/base/check.h"
#include "core/redis/redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct text {
    size_t len;
    char octets[4 * REDIS_URL_MAX];
};

static void add(struct text *text, const char *octets)
{
    size_t len = strlen(octets);
    CHECK(text->len + len < sizeof(text->octets));
    memcpy(text->octets + text->len, octets, len);
    text->len += len;
}

static void add_escaped(struct text *text, const char *octets)
{
    for (; *octets; octets++) {
        char escape[4];
        snprintf(escape, sizeof(escape), "%%%02X", (unsigned char)*octets);
        add(text, escape);
    }
}

static void write_down(const struct redis_url *url, struct text *text)
{
    char number[32];
    text->len = 0;
    add(text, url->path ? "unix://" : url->tls ? "rediss://" : "redis://");
    if (url->user)
        add_escaped(text, url->user);
    if (url->password) {
        add(text, ":");
        add_escaped(text, url->password);
        add(text, "@");
    }
    if (url->path) {
        add(text, "/");
        add_escaped(text, url->path + 1);
        snprintf(number, sizeof(number), "?db=%u", (unsigned)url->database);
    } else {
        add(text, "[");
        add(text, url->host);
        snprintf(number, sizeof(number), "]:%u/%u", url->port, (unsigned)url->database);
    }
    add(text, number);
}

static bool same(const char *a, const char *b)
{
    return !a == !b && (!a || strcmp(a, b) == 0);
}

static void reads_the_same(const struct redis_url *url)
{
    static struct text text;
    struct redis_url again;
    const char *why;
    write_down(url, &text);
    if (text.len > REDIS_URL_MAX)
        return;
    bool literal = !url->host || !strpbrk(url->host, "-_"); /* may stand in brackets */
    if (!literal)
        return;
    CHECK(redis_url_parse(jf_view(text.octets, text.len), &again, &why) == JF_OK);
    CHECK(same(again.host, url->host) && same(again.path, url->path));
    CHECK(same(again.user, url->user) && same(again.password, url->password));
    CHECK(again.database == url->database && again.port == url->port);
    CHECK(again.tls == url->tls);
    redis_url_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redis_url url, before;
    const char *why = NULL;
    memset(&url, 0x5a, sizeof(url));
    before = url;
    int status = redis_url_parse(jf_view(data, size), &url, &why);
    if (status != JF_OK) {
        CHECK(status == JF_E_INVALID && why && memcmp(&url, &before, sizeof(url)) == 0);
        return 0;
    }
    CHECK(!url.host != !url.path);
    CHECK(url.path ? url.path[0] == '/' && strlen(url.path) < 108 : url.port > 0);
    CHECK(!url.user || url.password);
    CHECK(url.database <= REDIS_DATABASE_MAX);
    reads_the_same(&url);
    redis_url_fini(&url);
    return 0;
}
