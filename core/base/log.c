/* Formats a line on the caller's stack and writes it with one write(2). JSON lines are made
 * from the logfmt text, so there is one way to say a thing in the code and two to read it.
 */
#include "core/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/check.h"

/* Written before the first thread starts, then only read. */
static _Atomic(enum jf_level) threshold = JF_INFO;
static bool as_json;

static const char *const area_names[LOG_AREA_COUNT] = {
#define XX(upper, lower) lower,
    LOG_AREA_MAP(XX)
#undef XX
};
static const char *const level_names[] = { "error", "warn", "info", "debug" };

void log_set_level(enum jf_level level)
{
    atomic_store_explicit(&threshold, level, memory_order_relaxed);
}

void log_setup(enum jf_level level, bool json)
{
    log_set_level(level);
    as_json = json;
}

bool log_enabled(enum jf_level level)
{
    return level <= atomic_load_explicit(&threshold, memory_order_relaxed);
}

bool log_level_from_name(jf_bytes name, enum jf_level *out)
{
    for (unsigned i = 0; i < 4; i++) {
        if (bytes_eq(name, level_names[i])) {
            *out = (enum jf_level)i;
            return true;
        }
    }
    return false;
}

static uint64_t monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

bool log_gate_open(struct log_gate *gate, unsigned seconds, uint64_t *held)
{
    uint64_t now = monotonic_ms();
    uint64_t open_at = atomic_load_explicit(&gate->open_at_ms, memory_order_relaxed);
    if (now < open_at || !atomic_compare_exchange_strong(&gate->open_at_ms, &open_at,
                                                         now + seconds * 1000ULL)) {
        atomic_fetch_add_explicit(&gate->held, 1, memory_order_relaxed);
        return false;
    }
    *held = atomic_exchange_explicit(&gate->held, 0, memory_order_relaxed);
    return true;
}

static bool needs_quotes(jf_bytes text)
{
    if (!text.len)
        return true;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= ' ' || c >= 127 || c == '"' || c == '=' || c == '\\')
            return true;
    }
    return false;
}

/* At most four characters: an escape, never a raw control octet or half a character. */
static size_t put_escaped(char *out, unsigned char c)
{
    if (c == '"' || c == '\\') {
        out[0] = '\\';
        out[1] = (char)c;
        return 2;
    }
    if (c >= ' ' && c < 127) {
        out[0] = (char)c;
        return 1;
    }
    static const char hex[] = "0123456789abcdef";
    out[0] = '\\';
    out[1] = 'x';
    out[2] = hex[c >> 4];
    out[3] = hex[c & 15];
    return 4;
}

const char *log_quote_long(jf_bytes text, char *out, size_t size)
{
    const size_t tail = sizeof("...\"") + 4;
    bool quoted = needs_quotes(text) || text.len > size - tail;
    size_t at = 0;
    if (quoted)
        out[at++] = '"';
    for (size_t i = 0; i < text.len; i++) {
        if (at > size - tail) {
            memcpy(out + at, "...", 3);
            at += 3;
            break;
        }
        at += put_escaped(out + at, (unsigned char)text.ptr[i]);
    }
    if (quoted)
        out[at++] = '"';
    out[at] = '\0';
    return out;
}

const char *log_quote(jf_bytes text, char out[LOG_QUOTED_MAX])
{
    return log_quote_long(text, out, LOG_QUOTED_MAX);
}

static size_t format_prefix(char *line, size_t size, enum log_area area,
                            enum jf_level level)
{
    struct timespec now;
    struct tm utc;
    char stamp[32];
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &utc);

    char worker[24] = "";
    if (check_current_worker() >= 0)
        snprintf(worker, sizeof(worker), " worker=%d", check_current_worker());
    int n = snprintf(line, size, "ts=%s.%03ldZ level=%s area=%s%s ", stamp,
                     now.tv_nsec / 1000000, level_names[level], area_names[area], worker);
    return (size_t)n;
}

/* Step over one logfmt value, quoted or bare. */
static const char *value_end(const char *at)
{
    if (*at != '"') {
        while (*at && *at != ' ')
            at++;
        return at;
    }
    for (at++; *at && *at != '"'; at++) {
        if (*at == '\\' && at[1])
            at++;
    }
    return *at ? at + 1 : at;
}

struct writer {
    char *text;
    size_t size, len;
};

static void put(struct writer *w, const char *text, size_t len)
{
    size_t room = w->size - w->len;
    size_t take = len < room ? len : room;
    memcpy(w->text + w->len, text, take);
    w->len += take;
}

/* A value's text inside JSON quotes; \xNN becomes \u00NN, which says the same. */
static void put_json_value(struct writer *w, const char *value, const char *end)
{
    if (*value == '"') {
        value++;
        if (end > value && end[-1] == '"')
            end--;
    }
    put(w, "\"", 1);
    for (; value < end; value++) {
        char escaped[8];
        unsigned char c = (unsigned char)*value;
        if (c == '\\' && value + 1 < end && value[1] == 'x') {
            put(w, "\\u00", 4);
            value++;
        } else if (c < ' ' || (c == '"' && value[-1] != '\\')) {
            put(w, escaped, (size_t)snprintf(escaped, sizeof(escaped), "\\u%04x", c));
        } else {
            put(w, value, 1);
        }
    }
    put(w, "\"", 1);
}

static size_t to_json(const char *line, char *out, size_t size)
{
    struct writer w = { out, size - 2, 0 };
    const char *separator = "{";
    while (*line) {
        const char *equals = line + strcspn(line, "= ");
        if (*equals != '=') { /* a word that is no pair: skip it */
            line = *equals ? equals + 1 : equals;
            continue;
        }
        const char *end = value_end(equals + 1);
        put(&w, separator, 1);
        put(&w, "\"", 1);
        put(&w, line, (size_t)(equals - line));
        put(&w, "\":", 2);
        put_json_value(&w, equals + 1, end);
        separator = ",";
        line = *end ? end + 1 : end;
    }
    w.size = size;
    put(&w, "}\n", 2);
    return w.len;
}

void log_write(enum log_area area, enum jf_level level, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    size_t len = format_prefix(line, sizeof(line), area, level);

    va_list args;
    va_start(args, format);
    int n = vsnprintf(line + len, sizeof(line) - len - 1, format, args);
    va_end(args);
    if (n > 0)
        len += (size_t)n < sizeof(line) - len - 1 ? (size_t)n : sizeof(line) - len - 2;

    char json[LOG_LINE_MAX * 2];
    const char *text = line;
    if (as_json) {
        line[len] = '\0';
        len = to_json(line, json, sizeof(json));
        text = json;
    } else {
        line[len++] = '\n';
    }
    /* A log that cannot be written is no reason to stop serving. */
    ssize_t ignored = write(STDERR_FILENO, text, len);
    (void)ignored;
}
