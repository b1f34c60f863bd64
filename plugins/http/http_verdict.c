/* From the backend's answer to what the client sees. */
#include "http_lane.h"
#include "http_text.h"

#define REFUSAL_MAX 65536 /* as much as jf_refuse() takes */

/* Which message a $connect that could not be asked for gets is the host's affair, where it
 * is one of its own. */
static int refuse_for(struct jf_event *ev, enum http_fault fault)
{
    int status = http_fault_status(fault);
    if (fault == HTTP_FAULT_FULL)
        return jf_refuse(ev, 503, jf_str("{\"message\":\"Service Unavailable\"}"));
    if (fault == HTTP_FAULT_VALUE)
        return jf_refuse(ev, 400, jf_str("{\"message\":\"Bad Request\"}"));
    return status;
}

/* Text where it is some: a client that expects JSON does not look into binary frames. */
static int send_back(struct jf_event *ev, const struct http_integration *it,
                     const struct http_answer *answer)
{
    int way = it->way == JF_ANY_WAY ? jf_way(ev) : it->way;
    if (way != JF_TWO_WAY || !answer->has_body)
        return JF_OK;
    uint32_t opcode = http_text_is_utf8(answer->body) ? JF_TEXT : JF_BINARY;
    return jf_send(ev->self, ev->conn, opcode, answer->body);
}

static int answer_connect(struct jf_event *ev, const struct http_integration *it,
                          const struct http_answer *answer)
{
    long status = answer->http_status;
    if (status >= 200 && status <= 299) {
        if (answer->protocol.ptr && jf_subprotocol(ev, answer->protocol) == JF_E_INVALID)
            jf_log(ev->self, JF_DEBUG,
                   "route=$connect a protocol nobody offered was chosen");
        return send_back(ev, it, answer);
    }
    if (status < 300)
        return JF_E_UNAVAILABLE;
    jf_bytes body = answer->body;
    if (body.len > REFUSAL_MAX)
        body.len = 0;
    return jf_refuse(ev, (uint32_t)status, body);
}

/* A 2xx is an authorizer's answer; of a service, one without a body says yes and no more.
 * Any other status is a refusal of its own, but for 5xx: those are failures of the host's.
 */
static int answer_authorize(struct jf_event *ev, const struct http_integration *it,
                            enum http_fault fault, const struct http_answer *answer)
{
    long status = answer->http_status;
    if (fault != HTTP_FINE)
        return http_fault_status(fault);
    if (status >= 200 && status <= 299)
        return it->kind == HTTP_PROXY && !answer->body.len ? JF_OK
                                                           : jf_judge(ev, answer->body);
    jf_bytes body = it->kind == HTTP_PROXY && answer->body.len <= REFUSAL_MAX
                        ? answer->body
                        : jf_view(NULL, 0);
    return status < 300 ? JF_E_UNAVAILABLE : jf_refuse(ev, (uint32_t)status, body);
}

int http_verdict(struct jf_event *ev, const struct http_integration *it,
                 enum http_fault fault, struct http_answer *answer)
{
    if (it->authorizes)
        return answer_authorize(ev, it, fault, answer);
    /* A proxy's own words are the answer, also where they count as an outage. */
    bool speaks = fault == HTTP_FAULT_STATUS && it->kind == HTTP_PROXY;
    if (ev->kind == JF_CONNECT)
        return fault == HTTP_FINE || speaks ? answer_connect(ev, it, answer)
                                            : refuse_for(ev, fault);
    if (fault != HTTP_FINE)
        return http_fault_status(fault);
    return ev->kind == JF_MESSAGE ? send_back(ev, it, answer) : JF_OK;
}
