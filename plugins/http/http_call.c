/* All that is sent for one event, put together while it is at hand. */
#include <stdlib.h>

#include "http_lane.h"

void http_calls_append(struct http_calls *calls, struct http_call *call)
{
    call->next = NULL;
    call->previous = calls->last;
    if (calls->last)
        calls->last->next = call;
    else
        calls->first = call;
    calls->last = call;
    calls->count++;
}

void http_calls_remove(struct http_calls *calls, struct http_call *call)
{
    if (call->previous)
        call->previous->next = call->next;
    else
        calls->first = call->next;
    if (call->next)
        call->next->previous = call->previous;
    else
        calls->last = call->previous;
    calls->count--;
}

static int build_url(struct http_call *call, struct http_facts *facts)
{
    struct http_text url = { .max = HTTP_URL_MAX };
    int status = http_url_build(&call->lane->it->url, facts, &url);
    if (status < 0)
        http_text_fini(&url);
    call->url = url.ptr;
    return status;
}

/* "Name;" is how curl is told of a header without a value. */
static int build_header(struct http_call *call, const struct http_mapped *mapped,
                        struct http_facts *facts)
{
    struct http_text value = { .max = HTTP_HEADER_VALUE_MAX };
    struct http_text line = { .max = HTTP_HEADER_VALUE_MAX + 512 };
    if (!http_source_add(&mapped->source, facts, &value) && !value.starved)
        return JF_OK;
    int status = http_text_status(&value);
    if (status == JF_OK)
        status = http_header_check(http_text_bytes(&value));
    http_text_add_str(&line, mapped->name);
    http_text_add_str(&line, value.len ? ": " : ";");
    http_text_add(&line, http_text_bytes(&value));
    http_text_fini(&value);
    if (status == JF_OK)
        status = http_text_status(&line);
    if (status < 0)
        http_text_fini(&line);
    else
        call->headers[call->header_count++] = line.ptr;
    return status;
}

static bool is_mapped(const struct http_integration *it, const char *name)
{
    for (size_t i = 0; i < it->header_count; i++) {
        const struct jf_pair pair = { .name = jf_str(it->headers[i].name),
                                      .value = jf_str("") };
        if (jf_find(&pair, 1, name).ptr)
            return true;
    }
    return false;
}

/* Messages are JSON as a rule, and what a function is given always is. */
static int add_content_type(struct http_call *call, const struct jf_event *ev)
{
    const struct http_integration *it = call->lane->it;
    bool octets = it->kind == HTTP_PROXY && ev->message && ev->message->opcode == JF_BINARY;
    if (strcmp(it->method, "GET") == 0 || is_mapped(it, "Content-Type"))
        return JF_OK;
    char *line = http_text_copy(jf_str(octets ? "Content-Type: application/octet-stream"
                                              : "Content-Type: application/json"));
    if (line)
        call->headers[call->header_count++] = line;
    return line ? JF_OK : JF_E_NOMEM;
}

static int build_request(struct http_call *call, struct http_facts *facts)
{
    const struct http_integration *it = call->lane->it;
    int status = build_url(call, facts);
    for (size_t i = 0; i < it->header_count && status == JF_OK; i++)
        status = build_header(call, &it->headers[i], facts);
    return status == JF_OK ? add_content_type(call, facts->ev) : status;
}

static int take_body(struct http_call *call, struct jf_event *ev)
{
    if (call->lane->it->kind != HTTP_PROXY) {
        call->body = jf_event_json(ev);
        return call->body.ptr ? JF_OK : JF_E_NOMEM;
    }
    if (ev->message)
        call->body = ev->message->body;
    return JF_OK;
}

int http_call_new(struct http_lane *lane, struct jf_event *ev, struct http_call **out)
{
    struct http_facts facts = { .ev = ev };
    struct http_call *call = calloc(1, sizeof(*call));
    if (!call)
        return JF_E_NOMEM;
    call->lane = lane;
    call->ev = ev;
    int status = take_body(call, ev);
    if (status == JF_OK && lane->it->kind != HTTP_REDIS_STREAM)
        status = build_request(call, &facts);
    http_facts_fini(&facts);
    if (status < 0)
        http_call_free(call);
    else
        *out = call;
    return status;
}

int http_call_keep(struct http_call *call)
{
    call->own_body = http_text_copy(call->body);
    if (!call->own_body)
        return JF_E_NOMEM;
    call->body.ptr = call->own_body;
    return JF_OK;
}

void http_call_free(struct http_call *call)
{
    for (size_t i = 0; i < call->header_count; i++)
        free(call->headers[i]);
    free(call->url);
    free(call->own_body);
    free(call);
}
