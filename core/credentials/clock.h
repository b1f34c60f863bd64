/*
 * clock - points in time as signatures write them.
 *
 * ISO 8601's basic format, "20150830T123600Z", and for the Date header also that of HTTP
 * (RFC 9110, 5.6.7). Seconds since 1970, UTC. Pure. [any thread]
 */
#ifndef JF_CREDENTIALS_CLOCK_H
#define JF_CREDENTIALS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "sdk/jackfield.h"

#define CLOCK_TEXT 16 /* "20150830T123600Z" */
#define CLOCK_DAY 8   /* its first characters, "20150830" */

/* Exactly that, of a day and time there are, from 1970 on; or false, *out untouched. */
bool clock_read(jf_bytes text, int64_t *out);

/* "Sun, 30 Aug 2015 12:36:00 GMT"; "+0000" and "-0000" are GMT too, as mail libraries write
 * it. The name of the day is not compared. */
bool clock_read_http(jf_bytes text, int64_t *out);

/* Sixteen characters and a NUL; a time that four digits of a year cannot say becomes the
 * nearest they can. */
void clock_write(int64_t at, char out[CLOCK_TEXT + 1]);

#endif
