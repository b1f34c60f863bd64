/* Bodies and headers are those recorded of AWS; where none was, in their style. An error's
 * body is JSON or empty, never anything else: SDKs parse it. */
#include "core/host/manage_answer.h"

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/net/http_call.h"
#include "core/parse/envelope.h"
#include "core/parse/json_text.h"

#define LINES_MAX 512
#define JSON "application/json"

/* RFC 9562, version 4. */
static void put_uuid(char out[37])
{
    uint8_t o[16];
    random_fill(o, sizeof(o));
    o[6] = (uint8_t)((o[6] & 15) | 64);
    o[8] = (uint8_t)((o[8] & 63) | 128);
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0, at = 0; i < sizeof(o); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = digits[o[i] >> 4];
        out[at++] = digits[o[i] & 15];
    }
    out[36] = '\0';
}

static void put_line(char **at, const char *name, jf_bytes value)
{
    bytes_keep(jf_str(name), at);
    bytes_keep(value, at);
    bytes_keep(jf_str("\r\n"), at);
}

/* What stands in a head beside AWS's ids, if it is not NULL. */
struct extras {
    const char *error, *allow;
};

static void answer(struct http_call *call, unsigned http, struct extras extras,
                   const char *type, jf_bytes body)
{
    char uuid[37], id[JF_CONN_ID_TEXT + 1], lines[LINES_MAX], *at = lines;
    put_uuid(uuid);
    envelope_request_id(id);
    put_line(&at, "x-amzn-RequestId: ", jf_view(uuid, sizeof(uuid) - 1));
    put_line(&at, "x-amz-apigw-id: ", jf_view(id, JF_CONN_ID_TEXT));
    if (extras.error)
        put_line(&at, "x-amzn-ErrorType: ", jf_str(extras.error));
    if (extras.allow)
        put_line(&at, "Allow: ", jf_str(extras.allow));
    http_call_answer(call, http, jf_view(lines, (size_t)(at - lines)), type, body);
}

static const struct extras none = { 0 };

void manage_answer_json(struct http_call *call, jf_bytes json)
{
    answer(call, 200, none, JSON, json);
}

void manage_answer_octets(struct http_call *call, jf_bytes octets)
{
    answer(call, 200, none, "application/octet-stream", octets);
}

void manage_answer_empty(struct http_call *call, unsigned http)
{
    answer(call, http, none, http == 204 ? "" : JSON, jf_str(""));
}

static void answer_error(struct http_call *call, unsigned http, struct extras extras,
                         jf_bytes message)
{
    struct json_text text = { 0 };
    size_t len = 0;
    json_text_open(&text, '{');
    json_text_name(&text, jf_str("message"));
    json_text_string(&text, message);
    json_text_close(&text, '}');
    AUTO_FREE char *json = json_text_take(&text, &len);
    answer(call, http, extras, JSON, jf_view(json, json ? len : 0));
}

void manage_answer_error(struct http_call *call, unsigned http, const char *type,
                         jf_bytes message)
{
    answer_error(call, http, (struct extras){ .error = type }, message);
}

void manage_answer_wrong_method(struct http_call *call, const char *allowed)
{
    answer_error(call, 405, (struct extras){ "MethodNotAllowedException", allowed },
                 jf_str("this path has no such method"));
}

struct manage_outcome manage_outcome_of(int status)
{
    switch (status) {
    case JF_OK:
        return (struct manage_outcome){ 200, NULL, NULL };
    case JF_E_GONE:
        return (struct manage_outcome){ 410, "GoneException", NULL };
    case JF_E_FULL:
        return (struct manage_outcome){ 429, "LimitExceededException",
                                        "Too Many Requests" };
    case JF_E_TOO_BIG:
        return (struct manage_outcome){ 413, "PayloadTooLargeException",
                                        "Request Too Long" };
    case JF_E_INVALID:
        return (struct manage_outcome){ 400, "BadRequestException", "Bad Request" };
    case JF_E_NOT_FOUND:
        return (struct manage_outcome){ 404, "NotFoundException", "Not Found" };
    case JF_E_TIMEOUT:
        return (struct manage_outcome){ 504, "GatewayTimeoutException", ENVELOPE_TIMEOUT };
    default:
        return (struct manage_outcome){ 503, "ServiceUnavailableException",
                                        ENVELOPE_UNAVAILABLE };
    }
}

void manage_answer_status(struct http_call *call, int status)
{
    const struct manage_outcome outcome = manage_outcome_of(status);
    if (outcome.message)
        manage_answer_error(call, outcome.http, outcome.type, jf_str(outcome.message));
    else
        answer(call, outcome.http, (struct extras){ .error = outcome.type }, JSON,
               jf_str(""));
}
