/*
 * http_phrase - the words behind a status code (RFC 9110, 15). Pure. [any thread]
 */
#ifndef JF_NET_HTTP_PHRASE_H
#define JF_NET_HTTP_PHRASE_H

/* "Refused" for one that is not among those we say. */
const char *http_phrase(unsigned status);

#endif
