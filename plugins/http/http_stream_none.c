/* What a build without hiredis has instead of streams: a clear refusal when it starts. */
#include "http_stream.h"

int http_stream_check(const struct http_integration *it, const char **complaint)
{
    (void)it;
    *complaint = "this build cannot talk to Redis";
    return JF_E_INVALID;
}

struct http_stream *http_stream_new(jf_worker *w, const struct http_integration *it)
{
    (void)w;
    (void)it;
    return NULL;
}

void http_stream_free(struct http_stream *stream)
{
    (void)stream;
}

int http_stream_add(struct http_stream *stream, jf_bytes event, http_added_fn *done,
                    void *data, struct http_job **out)
{
    (void)stream;
    (void)event;
    (void)done;
    (void)data;
    (void)out;
    return JF_E_UNAVAILABLE;
}

void http_stream_cancel(struct http_stream *stream, struct http_job *job)
{
    (void)stream;
    (void)job;
}
