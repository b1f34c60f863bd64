/* Reads a Lambda function's result. Lenient where AWS is: numbers may be text, a body that
 * is no text is handed on as its JSON. What cannot be understood at all is junk. */
#include "http_answer.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <strings.h>

#include "http_text.h"

const char *http_fault_name(enum http_fault fault)
{
    static const char *const names[HTTP_FAULT_COUNT] = {
        [HTTP_FINE] = "fine",           [HTTP_FAULT_AWAY] = "away",
        [HTTP_FAULT_BROKEN] = "broken", [HTTP_FAULT_TIMEOUT] = "timeout",
        [HTTP_FAULT_JUNK] = "junk",     [HTTP_FAULT_TOO_LARGE] = "too_large",
        [HTTP_FAULT_STATUS] = "status", [HTTP_FAULT_FUNCTION] = "function_error",
        [HTTP_FAULT_OPEN] = "open",     [HTTP_FAULT_FULL] = "full",
        [HTTP_FAULT_VALUE] = "value",   [HTTP_FAULT_MEMORY] = "memory",
        [HTTP_FAULT_LOST] = "lost",
    };
    return names[fault];
}

int http_fault_status(enum http_fault fault)
{
    switch (fault) {
    case HTTP_FINE:
        return JF_OK;
    case HTTP_FAULT_TIMEOUT:
        return JF_E_TIMEOUT;
    case HTTP_FAULT_FULL:
        return JF_E_FULL;
    case HTTP_FAULT_VALUE:
        return JF_E_INVALID;
    case HTTP_FAULT_MEMORY:
        return JF_E_NOMEM;
    case HTTP_FAULT_TOO_LARGE:
        return JF_E_TOO_BIG;
    default:
        return JF_E_UNAVAILABLE;
    }
}

bool http_fault_is_outage(enum http_fault fault)
{
    return fault == HTTP_FAULT_AWAY || fault == HTTP_FAULT_BROKEN ||
           fault == HTTP_FAULT_TIMEOUT || fault == HTTP_FAULT_STATUS;
}

enum http_fault http_answer_read_http(const struct http_answer *answer)
{
    return answer->http_status >= 500 ? HTTP_FAULT_STATUS : HTTP_FINE;
}

/* ---- Base64 (RFC 4648, 4) ----------------------------------------------- */

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Into `out`, which is as large as the text. False: it is none. */
static bool decode_base64(const char *text, char *out, size_t *out_len)
{
    size_t len = strcspn(text, "="), pad = strspn(text + len, "=");
    uint32_t bits = 0, have = 0;
    size_t at = 0;
    if (text[len + pad] || pad > 2 || len % 4 == 1 || (pad && (len + pad) % 4))
        return false;
    for (size_t i = 0; i < len; i++) {
        int value = value_of(text[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (uint32_t)value) & 0xffffff;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[at++] = (char)(bits >> have & 0xff);
        }
    }
    *out_len = at;
    return true;
}

/* ---- A function's result ------------------------------------------------ */

static const cJSON *get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* 0: none. */
static long status_of(const cJSON *value)
{
    double number = 0;
    if (cJSON_IsNumber(value))
        number = value->valuedouble;
    else if (cJSON_IsString(value) && strspn(value->valuestring, "0123456789") == 3 &&
             !value->valuestring[3])
        number = (double)strtol(value->valuestring, NULL, 10);
    return number >= 100 && number <= 599 ? (long)number : 0;
}

static enum http_fault take_text(struct http_answer *answer, char *text, size_t len)
{
    answer->mapped = text;
    answer->body = jf_view(text, len);
    return text ? HTTP_FINE : HTTP_FAULT_MEMORY;
}

static enum http_fault take_body(struct http_answer *answer, const cJSON *result)
{
    const cJSON *body = get(result, "body");
    answer->body = jf_view("", 0);
    answer->has_body = true;
    if (!body || cJSON_IsNull(body))
        return HTTP_FINE;
    if (!cJSON_IsString(body)) {
        char *text = cJSON_PrintUnformatted(body);
        return take_text(answer, text, text ? strlen(text) : 0);
    }
    size_t len = strlen(body->valuestring);
    char *text = http_text_copy(jf_view(body->valuestring, len));
    if (text && cJSON_IsTrue(get(result, "isBase64Encoded")) &&
        !decode_base64(body->valuestring, text, &len)) {
        free(text);
        return HTTP_FAULT_JUNK;
    }
    return take_text(answer, text, len);
}

static const cJSON *find_header(const cJSON *headers, const char *name)
{
    const cJSON *header;
    cJSON_ArrayForEach(header, headers)
    {
        if (header->string && strcasecmp(header->string, name) == 0)
            return header;
    }
    return NULL;
}

static void take_protocol(struct http_answer *answer, const cJSON *result)
{
    const cJSON *value = find_header(get(result, "headers"), "Sec-WebSocket-Protocol");
    const cJSON *many =
        find_header(get(result, "multiValueHeaders"), "Sec-WebSocket-Protocol");
    answer->protocol = jf_view(NULL, 0);
    if (!value && cJSON_IsArray(many))
        value = cJSON_GetArrayItem(many, 0);
    if (cJSON_IsString(value))
        answer->chosen = http_text_copy(jf_str(value->valuestring));
    if (answer->chosen)
        answer->protocol = jf_str(answer->chosen);
}

static enum http_fault read_result(struct http_answer *answer, const cJSON *result)
{
    answer->has_body = false;
    answer->http_status = 0;
    if (!cJSON_IsObject(result)) { /* null, or whatever a function likes to return */
        answer->body = jf_view("", 0);
        return cJSON_IsNull(result) ? HTTP_FINE : HTTP_FAULT_JUNK;
    }
    /* The emulators say so here, and not all of them in a header. */
    if (get(result, "errorMessage") && !get(result, "statusCode"))
        return HTTP_FAULT_FUNCTION;
    answer->http_status = status_of(get(result, "statusCode"));
    take_protocol(answer, result);
    return take_body(answer, result);
}

static enum http_fault read_thrown(struct http_answer *answer)
{
    cJSON *result = cJSON_ParseWithLength(answer->body.ptr, answer->body.len);
    const cJSON *thrown = get(result, "errorMessage");
    const cJSON *policy = get(result, "policyDocument");
    enum http_fault fault = HTTP_FINE;
    if (!result)
        fault = HTTP_FAULT_JUNK;
    else if (cJSON_IsString(thrown) && strcmp(thrown->valuestring, "Unauthorized") == 0)
        answer->http_status = 401;
    else if (answer->function_error || (thrown && !policy))
        fault = HTTP_FAULT_FUNCTION;
    cJSON_Delete(result);
    return fault;
}

enum http_fault http_answer_read_authorizer(struct http_answer *answer)
{
    if (answer->http_status == 429)
        return HTTP_FAULT_FULL;
    if (answer->http_status < 200 || answer->http_status > 299)
        return HTTP_FAULT_STATUS;
    answer->http_status = 200;
    return read_thrown(answer);
}

static bool is_blank(jf_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!strchr(" \t\r\n", text.ptr[i]) || !text.ptr[i])
            return false;
    }
    return true;
}

enum http_fault http_answer_read_lambda(struct http_answer *answer)
{
    if (answer->http_status == 429)
        return HTTP_FAULT_FULL;
    if (answer->http_status < 200 || answer->http_status > 299)
        return HTTP_FAULT_STATUS;
    if (answer->function_error)
        return HTTP_FAULT_FUNCTION;
    if (is_blank(answer->body)) { /* a handler that returned nothing */
        answer->http_status = 0;
        answer->has_body = false;
        return HTTP_FINE;
    }
    cJSON *result = cJSON_ParseWithLength(answer->body.ptr, answer->body.len);
    if (!result)
        return HTTP_FAULT_JUNK;
    enum http_fault fault = read_result(answer, result);
    cJSON_Delete(result);
    return fault;
}

void http_answer_fini(struct http_answer *answer)
{
    free(answer->mapped);
    free(answer->chosen);
    answer->mapped = answer->chosen = NULL;
}
