/* http_stream_url - which Redis, and how to enter it: redis://user:password@host:port/db */
#ifndef HTTP_STREAM_URL_H
#define HTTP_STREAM_URL_H

#include "jackfield.h"

struct http_stream_url {
    char *host, *user, *password, *database; /* but for the host NULL if there is none */
    int port;
};

/* JF_E_INVALID: `*complaint` says why. [any thread] */
int http_stream_url_read(const char *text, struct http_stream_url *out,
                         const char **complaint);
void http_stream_url_fini(struct http_stream_url *url);

#endif
