/* Reads and writes times digit by digit. What is read is written again and compared, so
 * that the 31st of June, which timegm() would take for the 1st of July, is none. */
#include "core/credentials/clock.h"

#include <string.h>
#include <time.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"

#define YEAR_9999 253402300799 /* its last second */

static bool read_field(jf_bytes text, size_t from, size_t len, int *out)
{
    uint64_t number;
    if (!bytes_number(jf_view(text.ptr + from, len), 9999, &number))
        return false;
    *out = (int)number;
    return true;
}

/* Is there such a time? */
static bool to_seconds(const struct tm *fields, int64_t *out)
{
    struct tm again = *fields;
    time_t at = timegm(&again);
    if (fields->tm_year < 70 || again.tm_mday != fields->tm_mday ||
        again.tm_mon != fields->tm_mon || again.tm_hour != fields->tm_hour ||
        again.tm_min != fields->tm_min || again.tm_sec != fields->tm_sec)
        return false;
    *out = at;
    return true;
}

bool clock_read(jf_bytes text, int64_t *out)
{
    struct tm t = { 0 };
    if (text.len != CLOCK_TEXT || text.ptr[8] != 'T' || text.ptr[15] != 'Z' ||
        !read_field(text, 0, 4, &t.tm_year) || !read_field(text, 4, 2, &t.tm_mon) ||
        !read_field(text, 6, 2, &t.tm_mday) || !read_field(text, 9, 2, &t.tm_hour) ||
        !read_field(text, 11, 2, &t.tm_min) || !read_field(text, 13, 2, &t.tm_sec))
        return false;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    return to_seconds(&t, out);
}

static bool read_month(jf_bytes text, int *out)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int month = 0; month < 12; month++) {
        if (memcmp(text.ptr, names + 3 * month, 3) == 0) {
            *out = month;
            return true;
        }
    }
    return false;
}

bool clock_read_http(jf_bytes text, int64_t *out)
{
    struct tm t = { 0 };
    jf_bytes zone = bytes_from(text, 26);
    if (!bytes_eq(zone, "GMT") && !bytes_eq(zone, "+0000") && !bytes_eq(zone, "-0000"))
        return false;
    if (memcmp(text.ptr + 3, ", ", 2) != 0 || text.ptr[7] != ' ' || text.ptr[11] != ' ' ||
        text.ptr[16] != ' ' || text.ptr[19] != ':' || text.ptr[22] != ':' ||
        text.ptr[25] != ' ')
        return false;
    if (!read_field(text, 5, 2, &t.tm_mday) ||
        !read_month(bytes_from(text, 8), &t.tm_mon) ||
        !read_field(text, 12, 4, &t.tm_year) || !read_field(text, 17, 2, &t.tm_hour) ||
        !read_field(text, 20, 2, &t.tm_min) || !read_field(text, 23, 2, &t.tm_sec))
        return false;
    t.tm_year -= 1900;
    return to_seconds(&t, out);
}

void clock_write(int64_t at, char out[CLOCK_TEXT + 1])
{
    struct tm t;
    time_t bounded = at < 0 ? 0 : at > YEAR_9999 ? YEAR_9999 : at;
    CHECK(gmtime_r(&bounded, &t));
    CHECK(strftime(out, CLOCK_TEXT + 1, "%Y%m%dT%H%M%SZ", &t) == CLOCK_TEXT);
}
