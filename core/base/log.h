/*
 * log - one line per fact.
 *
 * A line is logfmt, `ts=... level=info area=net worker=0 event=refused route=$connect`, or
 * the same as a JSON object. It is formatted on the caller's stack, cut at LOG_LINE_MAX,
 * and written to stderr with one write(2), so lines of several threads never mix.
 *
 *   Error: the operator must act.  Warn: may have to.
 *   Info: lifecycle only.          Debug: may cost.
 *
 * A message's body is never logged. Text a stranger chose goes through log_quote().
 * [any thread]
 */
#ifndef JF_BASE_LOG_H
#define JF_BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sdk/jackfield.h"

#define LOG_LINE_MAX 2048
#define LOG_QUOTED_MAX 256 /* what log_quote() needs at most, NUL included */

#define LOG_AREA_MAP(XX)                                                                   \
    XX(MAIN, "main")                                                                       \
    XX(CONFIG, "config")                                                                   \
    XX(NET, "net")                                                                         \
    XX(HTTP, "http")                                                                       \
    XX(TLS, "tls")                                                                         \
    XX(DISPATCH, "dispatch")                                                               \
    XX(PLUGIN, "plugin")                                                                   \
    XX(STORE, "store")

enum log_area {
#define XX(upper, lower) LOG_AREA_##upper,
    LOG_AREA_MAP(XX)
#undef XX
        LOG_AREA_COUNT
};

/* Before the first thread starts. The default is JF_INFO as logfmt. */
void log_setup(enum jf_level level, bool json);

/* While threads run. */
void log_set_level(enum jf_level level);

/* Is a line of this level written? */
bool log_enabled(enum jf_level level);

/* "error", "warn", "info", "debug" to a level; false if it is none of them. */
bool log_level_from_name(jf_bytes name, enum jf_level *out);

__attribute__((format(printf, 3, 4))) void log_write(enum log_area area,
                                                     enum jf_level level,
                                                     const char *format, ...);

/* `text` as a logfmt value: quoted and escaped where it must be, cut with "..." where it
 * is too long for `out`. Returns `out`. */
const char *log_quote(jf_bytes text, char out[LOG_QUOTED_MAX]);

/* For text of our own, or of a plugin's author: `size` is at least LOG_QUOTED_MAX. */
const char *log_quote_long(jf_bytes text, char *out, size_t size);

#define LOG_AT(level, area, ...)                                                           \
    (log_enabled(level) ? log_write(LOG_AREA_##area, level, __VA_ARGS__) : (void)0)
#define LOG_ERROR(area, ...) LOG_AT(JF_ERROR, area, __VA_ARGS__)
#define LOG_WARN(area, ...) LOG_AT(JF_WARN, area, __VA_ARGS__)
#define LOG_INFO(area, ...) LOG_AT(JF_INFO, area, __VA_ARGS__)
#define LOG_DEBUG(area, ...) LOG_AT(JF_DEBUG, area, __VA_ARGS__)

/* One place in the code that may speak often: its memory of when it last did. */
struct log_gate {
    _Atomic uint64_t open_at_ms;
    _Atomic uint64_t held;
};

/* May it speak now? At most once every `seconds`; `held` gets the number of times it was
 * silent since. */
bool log_gate_open(struct log_gate *gate, unsigned seconds, uint64_t *held);

/* For facts a stranger can cause at will: a line every `seconds` at most, with the number
 * of those held back as repeated=N. */
#define LOG_RARELY(severity, area, seconds, format, ...)                                   \
    do {                                                                                   \
        static struct log_gate gate;                                                       \
        uint64_t held;                                                                     \
        if (log_enabled(JF_##severity) && log_gate_open(&gate, seconds, &held))            \
            log_write(LOG_AREA_##area, JF_##severity, format " repeated=%llu",             \
                      ##__VA_ARGS__, (unsigned long long)held);                            \
    } while (0)

#endif
