/* Where a text comes from, and what it is for one event. The event's own JSON is asked for
 * only by what is nowhere else. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <strings.h>

#include "http_mapping.h"

#define NAME_MAX_LEN 256

static const struct prefix {
    const char *text;
    enum http_from from;
} prefixes[] = {
    { "context.", HTTP_FROM_CONTEXT },
    { "route.request.querystring.", HTTP_FROM_QUERY },
    { "route.request.header.", HTTP_FROM_HEADER },
    { "route.request.body.", HTTP_FROM_BODY },
    { "stageVariables.", HTTP_FROM_STAGE },
};

static bool begins_with(jf_bytes text, const char *prefix)
{
    size_t len = strlen(prefix);
    return text.len >= len && memcmp(text.ptr, prefix, len) == 0;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '_' || c == '-' || c == '$' || c == ':';
}

/* name("." name | "[" digits "]")*: where in JSON something is. */
static bool is_path(jf_bytes text)
{
    size_t at = 0;
    if (!text.len || !is_name_char(text.ptr[0]))
        return false;
    while (at < text.len) {
        size_t from = at;
        if (text.ptr[at] == '[') {
            for (at++; at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9'; at++)
                ;
            if (at == from + 1 || at == text.len || text.ptr[at++] != ']' || at - from > 8)
                return false;
            continue;
        }
        at += text.ptr[at] == '.' && at > 0;
        for (from = at; at < text.len && is_name_char(text.ptr[at]); at++)
            ;
        if (at == from)
            return false;
    }
    return true;
}

static bool fits_route(enum http_from from, const char *route)
{
    bool connects = strcmp(route, "$connect") == 0 || strcmp(route, "$authorize") == 0;
    if (from == HTTP_FROM_QUERY || from == HTTP_FROM_HEADER)
        return connects;
    if (from == HTTP_FROM_BODY)
        return !connects && strcmp(route, "$disconnect") != 0;
    return true;
}

static int keep(jf_bytes name, enum http_from from, struct http_source *out)
{
    out->name = http_text_copy(name);
    out->from = from;
    return out->name ? JF_OK : JF_E_NOMEM;
}

static int read_quoted(jf_bytes text, struct http_source *out, const char **complaint)
{
    jf_bytes inside = jf_view(text.ptr + 1, text.len - 2);
    *complaint = "a text between quotes has control characters";
    return http_header_check(inside) < 0 ? JF_E_INVALID : keep(inside, HTTP_FROM_TEXT, out);
}

int http_source_read(jf_bytes text, const char *route, struct http_source *out,
                     const char **complaint)
{
    if (text.len >= 2 && text.ptr[0] == '\'' && text.ptr[text.len - 1] == '\'')
        return read_quoted(text, out, complaint);
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (!begins_with(text, prefixes[i].text))
            continue;
        size_t skip = strlen(prefixes[i].text);
        jf_bytes name = jf_view(text.ptr + skip, text.len - skip);
        enum http_from from = prefixes[i].from;
        *complaint = "query and headers are those of $connect, and a body is a message's";
        if (!fits_route(from, route))
            return JF_E_INVALID;
        *complaint = "the name after the last dot is not acceptable";
        if (!name.len || name.len > NAME_MAX_LEN || http_header_check(name) < 0)
            return JF_E_INVALID;
        if ((from == HTTP_FROM_BODY || from == HTTP_FROM_CONTEXT) && !is_path(name))
            return JF_E_INVALID;
        return keep(name, from, out);
    }
    *complaint = "it is none of context., route.request.querystring., "
                 "route.request.header., route.request.body., stageVariables., 'text'";
    return JF_E_INVALID;
}

void http_source_fini(struct http_source *source)
{
    free(source->name);
    source->name = NULL;
}

void http_facts_fini(struct http_facts *facts)
{
    cJSON_Delete(facts->body);
    cJSON_Delete(facts->whole);
}

/* ---- Values ------------------------------------------------------------ */

static const cJSON *step(const cJSON *at, const char *path, size_t len)
{
    char name[NAME_MAX_LEN + 1];
    if (path[0] == '[')
        return cJSON_IsArray(at) ? cJSON_GetArrayItem(at, (int)strtol(path + 1, NULL, 10))
                                 : NULL;
    memcpy(name, path, len);
    name[len] = '\0';
    return cJSON_IsObject(at) ? cJSON_GetObjectItemCaseSensitive(at, name) : NULL;
}

static const cJSON *walk(const cJSON *at, const char *path)
{
    while (at && *path) {
        if (*path == '.')
            path++;
        size_t len = path[0] == '[' ? strcspn(path, "]") + 1 : strcspn(path, ".[");
        at = step(at, path, len);
        path += len;
    }
    return at;
}

/* Strings as they are, all else as JSON writes it; null is as good as nothing. */
static bool add_json(const cJSON *value, struct http_text *out)
{
    if (!value || cJSON_IsNull(value))
        return false;
    if (cJSON_IsString(value)) {
        http_text_add_str(out, value->valuestring);
        return true;
    }
    char *text = cJSON_PrintUnformatted(value);
    if (text)
        http_text_add_str(out, text);
    else
        out->starved = true;
    free(text);
    return true;
}

static bool add_context(const char *name, struct http_facts *facts, struct http_text *out)
{
    struct jf_event *ev = facts->ev;
    if (strcmp(name, "connectionId") == 0) {
        char id[JF_CONN_ID_TEXT + 1];
        jf_id_to_text(ev->self, ev->conn, id);
        http_text_add_str(out, id);
        return true;
    }
    if (!facts->whole_read) {
        jf_bytes json = jf_event_json(ev);
        facts->whole_read = true;
        facts->whole = json.ptr ? cJSON_ParseWithLength(json.ptr, json.len) : NULL;
        out->starved = out->starved || !facts->whole;
    }
    const cJSON *context = cJSON_GetObjectItemCaseSensitive(facts->whole, "requestContext");
    return add_json(walk(context, name), out);
}

static bool add_body(const char *path, struct http_facts *facts, struct http_text *out)
{
    const struct jf_message *message = facts->ev->message;
    if (!message)
        return false;
    if (!facts->body_read) {
        facts->body_read = true;
        facts->body = cJSON_ParseWithLength(message->body.ptr, message->body.len);
    }
    return add_json(walk(facts->body, path), out);
}

static bool add_bytes(jf_bytes value, struct http_text *out)
{
    if (value.ptr)
        http_text_add(out, value);
    return value.ptr != NULL;
}

/* Of a name that is there twice the last one, as in AWS's maps of single values. */
static jf_bytes of_query(const struct jf_connect *connect, const char *name)
{
    for (size_t i = connect->query_count; i-- > 0;) {
        if (jf_same(connect->query[i].name, jf_str(name)))
            return connect->query[i].value;
    }
    return jf_view(NULL, 0);
}

static jf_bytes of_headers(const struct jf_connect *connect, const char *name)
{
    for (size_t i = connect->header_count; i-- > 0;) {
        jf_bytes value = jf_find(&connect->headers[i], 1, name);
        if (value.ptr)
            return value;
    }
    return jf_view(NULL, 0);
}

bool http_source_add(const struct http_source *source, struct http_facts *facts,
                     struct http_text *out)
{
    const struct jf_connect *connect = facts->ev->connect;
    switch (source->from) {
    case HTTP_FROM_TEXT:
        return add_bytes(jf_str(source->name), out);
    case HTTP_FROM_CONTEXT:
        return add_context(source->name, facts, out);
    case HTTP_FROM_QUERY:
        return connect && add_bytes(of_query(connect, source->name), out);
    case HTTP_FROM_HEADER:
        return connect && add_bytes(of_headers(connect, source->name), out);
    case HTTP_FROM_BODY:
        return add_body(source->name, facts, out);
    case HTTP_FROM_STAGE:
        return add_bytes(jf_stage_variable(facts->ev, source->name), out);
    }
    return false;
}

/* ---- Headers ----------------------------------------------------------- */

int http_header_check(jf_bytes value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char octet = (unsigned char)value.ptr[i];
        if ((octet < 0x20 && octet != '\t') || octet == 0x7f)
            return JF_E_INVALID;
    }
    return JF_OK;
}

/* RFC 9110, 5.6.2: a token. */
static bool is_token(const char *name)
{
    size_t len = strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return len > 0 && name[len] == '\0' && len <= NAME_MAX_LEN;
}

bool http_header_name_ok(const char *name)
{
    static const char *const ours[] = { "Connection",
                                        "Content-Length",
                                        "Expect",
                                        "Keep-Alive",
                                        "TE",
                                        "Trailer",
                                        "Upgrade",
                                        "HTTP2-Settings",
                                        "Transfer-Encoding",
                                        "Proxy-Connection" };
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (strcasecmp(name, ours[i]) == 0)
            return false;
    }
    return is_token(name);
}
