/*
 * json_skip - passes one JSON value whose content nobody asked about.
 *
 * All of it is checked (RFC 8259), nothing is kept. There is no recursion: a level is a
 * bit. Pure. [any thread]
 */
#ifndef JF_PARSE_JSON_SKIP_H
#define JF_PARSE_JSON_SKIP_H

#define JSON_SKIP_LEVELS 64 /* as many bits as there are */

/* Contract as in json_scan.h. NULL also for what is nested deeper than `levels`, which is
 * 64 at most: brackets in brackets count, a bare value has none. */
const char *json_skip(const char *at, const char *end, unsigned levels);

#endif
