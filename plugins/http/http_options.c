/* One table says which options there are, for which kinds, and within which bounds; one
 * walker reads an integration by it. What is left to say by hand are the ones with a shape
 * of their own: headers, tls, sigv4, breaker. */
#include "http_options.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

#include "http_fields.h"

#define DEFAULTS "$defaults"
#define INTEGRATIONS_MAX 256

static const char *const kind_names[] = { "http", "lambda", "redis_stream" };

/* ---- Integrations ------------------------------------------------------- */

static int read_kind(struct http_reading *r, struct http_integration *it)
{
    const char *name = http_text_field(r, "type", "http");
    for (int i = 0; name && i < 3; i++) {
        if (strcmp(name, kind_names[i]) == 0) {
            it->kind = (enum http_kind)i;
            return JF_OK;
        }
    }
    return http_wrong(r, "type", "it is not \"http\", \"lambda\" or \"redis_stream\"");
}

static void read_numbers(struct http_reading *r, struct http_integration *it)
{
    const struct {
        const char *name;
        uint32_t min, max, otherwise, *out;
    } numbers[] = {
        { "timeout_ms", 50, 900000, 29000, &it->timeout_ms },
        { "connect_timeout_ms", 10, 300000, 3000, &it->connect_timeout_ms },
        { "concurrency", 1, 4096, 64, &it->concurrency },
        { "queue", 0, 20000, 1000, &it->queue },
        { "retries", 0, 10, 0, &it->retries },
        { "keep_alive_s", 1, 3600, 4, &it->keep_alive_s },
        { "max_response_bytes", 1, 16777216, 131072, &it->max_response_bytes },
        { "disconnect_retry_s", 0, 3600, 300, &it->disconnect_retry_s },
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        *numbers[i].out = http_number_field(r, numbers[i].name, numbers[i].min,
                                            numbers[i].max, numbers[i].otherwise);
}

/* What a $connect returns is hardly ever meant for the client, so that is not inherited. */
static void read_way(struct http_reading *r, struct http_integration *it)
{
    struct http_reading own = *r;
    own.defaults = strcmp(it->route, "$connect") == 0 ? NULL : r->defaults;
    bool yes = http_bool_field(&own, "two_way", false);
    bool no = !http_bool_field(&own, "two_way", true);
    it->way = yes ? JF_TWO_WAY : no ? JF_ONE_WAY : JF_ANY_WAY;
    own.defaults = r->defaults;
    *r = own;
}

static int read_breaker(struct http_reading *r, struct http_integration *it)
{
    struct http_reading inside;
    if (!http_enter_field(r, "breaker", &inside))
        return r->status;
    it->breaker_failures = http_number_field(&inside, "failures", 1, 10000, 5);
    it->breaker_open_ms = http_number_field(&inside, "open_ms", 10, 3600000, 5000);
    return http_leave_field(r, &inside);
}

static int read_tls(struct http_reading *r, struct http_integration *it)
{
    struct http_reading inside;
    it->tls_verify = true;
    if (!http_enter_field(r, "tls", &inside))
        return r->status;
    it->tls_verify = http_bool_field(&inside, "verify", true);
    it->tls_ca = http_copied_field(&inside, "ca", NULL);
    return http_leave_field(r, &inside);
}

static bool has_colon_or_control(const char *text)
{
    return strchr(text, ':') || http_header_check(jf_str(text)) < 0 || !*text;
}

static int take_sigv4(struct http_reading *r, struct http_integration *it,
                      const char *const part[4])
{
    struct http_text scope = { .max = 512 }, user = { .max = 1024 };
    for (int i = 0; i < 4; i++) {
        if (!part[i] || has_colon_or_control(part[i]))
            return http_wrong(r, NULL,
                              "access_key, secret_key, region and service are texts "
                              "without colons");
    }
    http_text_add_str(&scope, "aws:amz:");
    http_text_add_str(&scope, part[2]);
    http_text_add_str(&scope, ":");
    http_text_add_str(&scope, part[3]);
    http_text_add_str(&user, part[0]);
    http_text_add_str(&user, ":");
    http_text_add_str(&user, part[1]);
    it->sigv4_scope = scope.ptr;
    it->sigv4_user = user.ptr;
    if (http_text_status(&scope) == JF_OK && http_text_status(&user) == JF_OK)
        return JF_OK;
    return http_wrong(r, NULL, "it is too long");
}

static int read_sigv4(struct http_reading *r, struct http_integration *it)
{
    struct http_reading inside;
    if (!http_enter_field(r, "sigv4", &inside))
        return r->status;
    const char *service = it->kind == HTTP_LAMBDA ? "lambda" : "execute-api";
    const char *part[4] = { http_text_field(&inside, "access_key", NULL),
                            http_text_field(&inside, "secret_key", NULL),
                            http_text_field(&inside, "region", NULL),
                            http_text_field(&inside, "service", service) };
    if (inside.status == JF_OK)
        take_sigv4(&inside, it, part);
    return http_leave_field(r, &inside);
}

static int read_header(struct http_reading *r, const cJSON *header,
                       struct http_integration *it)
{
    const char *complaint = NULL;
    if (!http_header_name_ok(header->string))
        return http_wrong(r, header->string, "no header that may be set");
    if (!cJSON_IsString(header))
        return http_wrong(r, header->string, "it is not a text");
    if (it->header_count == HTTP_HEADERS_MAX)
        return http_wrong(r, header->string, "32 headers are the most there may be");
    struct http_mapped *mapped = &it->headers[it->header_count];
    int status = http_source_read(jf_str(header->valuestring), it->route, &mapped->source,
                                  &complaint);
    if (status < 0)
        return http_wrong(r, header->string, complaint);
    mapped->name = http_text_copy(jf_str(header->string));
    it->header_count++;
    return mapped->name ? JF_OK : http_wrong(r, header->string, "no memory");
}

static int read_headers(struct http_reading *r, struct http_integration *it)
{
    struct http_reading inside;
    if (!http_enter_field(r, "headers", &inside))
        return r->status;
    const cJSON *header;
    cJSON_ArrayForEach(header, inside.object)
    {
        if (inside.status == JF_OK)
            read_header(&inside, header, it);
    }
    r->status = inside.status;
    return r->status;
}

static int read_url(struct http_reading *r, struct http_integration *it, const char *text)
{
    const char *complaint = NULL;
    int status = http_url_read(jf_str(text), it->route, &it->url, &complaint);
    return status < 0 ? http_wrong(r, "url", complaint) : JF_OK;
}

static int read_proxy(struct http_reading *r, struct http_integration *it)
{
    static const char *const methods[] = { "POST", "GET", "PUT", "PATCH", "DELETE" };
    const char *url = http_text_field(r, "url", NULL);
    const char *method = http_text_field(r, "method", "POST");
    bool known = false;
    for (size_t i = 0; method && i < sizeof(methods) / sizeof(methods[0]); i++)
        known = known || strcmp(method, methods[i]) == 0;
    if (!known)
        return http_wrong(r, "method", "it is not POST, GET, PUT, PATCH or DELETE");
    it->method = http_text_copy(jf_str(method));
    return url ? read_url(r, it, url) : http_wrong(r, "url", "it is missing");
}

/* The path of Invoke (docs.aws.amazon.com/lambda, API_Invoke), which the emulators serve
 * too. */
static int read_lambda(struct http_reading *r, struct http_integration *it)
{
    const char *url = http_text_field(r, "url", NULL);
    const char *name = http_text_field(r, "function", NULL);
    struct http_text path = { .max = HTTP_URL_MAX };
    if (!url || strpbrk(url, "?#"))
        return http_wrong(r, "url", "it is missing, or more than a host and a path");
    if (!name || !*name)
        return http_wrong(r, "function", "it is missing");
    size_t len = strlen(url);
    http_text_add(&path, jf_view(url, len - (len && url[len - 1] == '/')));
    http_text_add_str(&path, "/2015-03-31/functions/");
    http_text_add_percent(&path, jf_str(name), false);
    http_text_add_str(&path, "/invocations");
    it->method = http_text_copy(jf_str("POST"));
    int status = http_text_status(&path);
    status = status < 0 ? http_wrong(r, "function", "it is too long")
                        : read_url(r, it, path.ptr);
    http_text_fini(&path);
    return status;
}

static int read_stream(struct http_reading *r, struct http_integration *it)
{
    it->redis_url = http_copied_field(r, "url", NULL);
    it->stream = http_copied_field(r, "stream", NULL);
    it->maxlen = http_number_field(r, "maxlen", 1, 1000000000, 100000);
    if (!it->redis_url)
        return http_wrong(r, "url", "it is missing: \"redis://host:6379/0\"");
    if (!it->stream || !*it->stream)
        return http_wrong(r, "stream", "it is missing");
    return it->way == JF_TWO_WAY ? http_wrong(r, "two_way", "a stream gives no answer")
                                 : r->status;
}

static int read_request(struct http_reading *r, struct http_integration *it)
{
    if (it->kind == HTTP_REDIS_STREAM && it->authorizes)
        return http_wrong(r, "type", "a stream cannot say who may connect");
    if (it->kind == HTTP_REDIS_STREAM)
        return read_stream(r, it);
    int status = it->kind == HTTP_LAMBDA ? read_lambda(r, it) : read_proxy(r, it);
    if (status == JF_OK)
        status = read_headers(r, it);
    if (status == JF_OK)
        status = read_tls(r, it);
    return status == JF_OK ? read_sigv4(r, it) : status;
}

static int read_integration(struct http_reading *r, struct http_integration *it)
{
    int status = read_kind(r, it);
    if (status < 0)
        return status;
    read_numbers(r, it);
    read_way(r, it);
    status = r->status == JF_OK ? read_request(r, it) : r->status;
    if (status == JF_OK)
        status = read_breaker(r, it);
    return status == JF_OK ? http_refuse_unknown(r) : status;
}

/* ---- All of them -------------------------------------------------------- */

static int read_one(const cJSON *object, const cJSON *defaults, struct http_options *out,
                    char *complaint, size_t size)
{
    struct http_reading r = { .object = object,
                              .defaults = defaults,
                              .where = object->string,
                              .complaint = complaint,
                              .complaint_size = size };
    if (!cJSON_IsObject(object))
        return http_wrong(&r, NULL, "it is not an object");
    if (!*object->string)
        return http_wrong(&r, NULL, "a route key is not empty");
    if (out->count == INTEGRATIONS_MAX)
        return http_wrong(&r, NULL, "256 routes are the most there may be");
    struct http_integration *it = &out->integrations[out->count];
    it->index = (uint32_t)out->count++;
    it->route = http_text_copy(jf_str(object->string));
    if (!it->route)
        return JF_E_NOMEM;
    it->authorizes = strcmp(it->route, "$authorize") == 0;
    return read_integration(&r, it);
}

/* What a default is for depends on who takes it; that somebody could is all that is asked
 * of it. */
static int check_defaults(const cJSON *defaults, char *complaint, size_t size)
{
    static const char *const known[] = { "type",
                                         "url",
                                         "method",
                                         "headers",
                                         "function",
                                         "tls",
                                         "sigv4",
                                         "breaker",
                                         "two_way",
                                         "timeout_ms",
                                         "connect_timeout_ms",
                                         "concurrency",
                                         "queue",
                                         "retries",
                                         "keep_alive_s",
                                         "max_response_bytes",
                                         "disconnect_retry_s",
                                         "stream",
                                         "maxlen" };
    struct http_reading r = { .object = defaults,
                              .where = DEFAULTS,
                              .complaint = complaint,
                              .complaint_size = size };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        r.asked[r.asked_count++] = known[i];
    return defaults ? http_refuse_unknown(&r) : JF_OK;
}

static int read_all(const cJSON *root, struct http_options *out, char *complaint,
                    size_t size)
{
    const cJSON *defaults = cJSON_GetObjectItemCaseSensitive(root, DEFAULTS), *each;
    int status = JF_OK;
    if (!cJSON_IsObject(root) || (defaults && !cJSON_IsObject(defaults))) {
        snprintf(complaint, size, "options: an object of route key to integration");
        return JF_E_INVALID;
    }
    status = check_defaults(defaults, complaint, size);
    cJSON_ArrayForEach(each, root)
    {
        if (status == JF_OK && each != defaults)
            status = read_one(each, defaults, out, complaint, size);
    }
    if (status == JF_OK && !out->count) {
        snprintf(complaint, size, "options: there is no route");
        return JF_E_INVALID;
    }
    return status;
}

int http_options_read(jf_bytes json, struct http_options *out, char *complaint, size_t size)
{
    cJSON *root = cJSON_ParseWithLength(json.ptr, json.len);
    *out = (struct http_options){ calloc(INTEGRATIONS_MAX, sizeof(*out->integrations)), 0 };
    snprintf(complaint, size, "options: no memory");
    int status = out->integrations ? read_all(root, out, complaint, size) : JF_E_NOMEM;
    cJSON_Delete(root);
    if (status < 0)
        http_options_fini(out);
    return status;
}

static void fini_integration(struct http_integration *it)
{
    for (size_t i = 0; i < it->header_count; i++) {
        free(it->headers[i].name);
        http_source_fini(&it->headers[i].source);
    }
    http_url_fini(&it->url);
    free(it->route);
    free(it->method);
    free(it->sigv4_scope);
    free(it->sigv4_user);
    free(it->tls_ca);
    free(it->redis_url);
    free(it->stream);
}

void http_options_fini(struct http_options *options)
{
    for (size_t i = 0; i < options->count; i++)
        fini_integration(&options->integrations[i]);
    free(options->integrations);
    *options = (struct http_options){ NULL, 0 };
}

bool http_is_idempotent(const struct http_integration *it)
{
    return it->kind == HTTP_PROXY && strcmp(it->method, "POST") != 0 &&
           strcmp(it->method, "PATCH") != 0;
}

uint64_t http_options_sockets(const struct http_options *options)
{
    uint64_t sockets = 8;
    for (size_t i = 0; i < options->count; i++)
        sockets += options->integrations[i].kind == HTTP_REDIS_STREAM
                       ? 1
                       : options->integrations[i].concurrency;
    return sockets;
}
