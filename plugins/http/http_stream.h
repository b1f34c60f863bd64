/*
 * http_stream - events into a Redis Stream: XADD key MAXLEN ~ N * event JSON.
 *
 * One connection per lane, kept up: a lost one is made anew with growing pauses, and what
 * was on its way fails, since nobody knows whether it arrived. hiredis does the protocol on
 * the worker's loop. [home worker]
 */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "http_answer.h"
#include "http_options.h"

struct http_stream;
struct http_job;

typedef void http_added_fn(void *data, enum http_fault fault, const char *why);

/* Can it be reached at all: a URL that is one, a build with hiredis? On the main thread. */
int http_stream_check(const struct http_integration *it, const char **complaint);

/* NULL: no memory. */
struct http_stream *http_stream_new(jf_worker *w, const struct http_integration *it);
void http_stream_free(struct http_stream *stream); /* NULL is fine */

/* JF_E_FULL: so many are on their way already that wait for no answer. */
int http_stream_add(struct http_stream *stream, jf_bytes event, http_added_fn *done,
                    void *data, struct http_job **out);
void http_stream_cancel(struct http_stream *stream, struct http_job *job);

#endif
