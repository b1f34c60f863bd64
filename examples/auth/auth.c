/*
 * auth - who may come in is decided before the upgrade, and known ever after.
 *
 *   $connect   a token from "Authorization: Bearer TOKEN", or from ?token=TOKEN where there
 *              is no such header; 401 without one that is known
 *   whoami     answered with whose token it was
 *
 * Options: {"tokens": {"TOKEN": "NAME", ...}}
 */
#include "jackfield.h"

#include <stdbool.h>

#include <cjson/cJSON.h>

#define WHO jf_str("who")

/* ---- Whose token it is -----------------------------------------------------------------
 */

/* How long it takes does not depend on where they differ, only on the length of what was
 * sent: a stranger learns nothing by measuring. */
static bool same(jf_bytes sent, const char *token)
{
    size_t len = strlen(token);
    size_t difference = sent.len ^ len;
    for (size_t i = 0; i < sent.len; i++)
        difference |= (unsigned char)(sent.ptr[i] ^ (i < len ? token[i] : 0));
    return difference == 0;
}

/* All are looked at, for the same reason. */
static const char *owner_of(const cJSON *options, jf_bytes sent)
{
    const char *owner = NULL;
    const cJSON *token;
    cJSON_ArrayForEach(token, cJSON_GetObjectItemCaseSensitive(options, "tokens"))
    {
        if (same(sent, token->string))
            owner = token->valuestring;
    }
    return owner;
}

/* The scheme may be written in any case. */
static jf_bytes bearer(jf_bytes header)
{
    static const char scheme[] = "bearer ";
    size_t at = 0, len = strlen(scheme);
    while (at < header.len && at < len) {
        char c = header.ptr[at];
        if ((c >= 'A' && c <= 'Z' ? c + 32 : c) != scheme[at])
            break;
        at++;
    }
    if (at < len)
        return jf_view(NULL, 0);
    while (at < header.len && header.ptr[at] == ' ')
        at++;
    return jf_view(header.ptr + at, header.len - at);
}

static jf_bytes token_of(const struct jf_connect *connect)
{
    jf_bytes header = jf_find(connect->headers, connect->header_count, "Authorization");
    if (header.ptr)
        return bearer(header);
    return jf_find(connect->query, connect->query_count, "token");
}

/* ---- $connect --------------------------------------------------------------------------
 */

static void on_kept(jf_worker *w, void *data, int status)
{
    (void)w;
    jf_finish(data, status);
}

static int on_connect(struct jf_event *ev)
{
    const char *name = owner_of(ev->self->state, token_of(ev->connect));
    if (!name)
        return jf_refuse(ev, 401, jf_str("a token is needed, and this is none\n"));
    int status = jf_attr_set(ev->worker, ev->conn, WHO, jf_str(name), on_kept, ev);
    return status < 0 ? status : JF_LATER;
}

/* ---- whoami ----------------------------------------------------------------------------
 */

static void on_known(jf_worker *w, void *data, int status, jf_bytes name)
{
    struct jf_event *ev = data;
    if (status == JF_OK)
        status = jf_send(w->self, ev->conn, JF_TEXT, name);
    jf_finish(ev, status);
}

static int on_whoami(struct jf_event *ev)
{
    int status = jf_attr_get(ev->worker, ev->conn, WHO, on_known, ev);
    return status < 0 ? status : JF_LATER;
}

/* ---- Its life --------------------------------------------------------------------------
 */

static bool is_text(const char *text)
{
    return text && text[0];
}

static bool are_tokens(const cJSON *tokens)
{
    const cJSON *token;
    cJSON_ArrayForEach(token, tokens)
    {
        if (!is_text(token->string) || !is_text(cJSON_GetStringValue(token)))
            return false;
    }
    return cJSON_IsObject(tokens) && tokens->child;
}

/* The option that is wrong, or NULL. */
static const char *wrong_option(const cJSON *options)
{
    const cJSON *option;
    cJSON_ArrayForEach(option, options)
    {
        if (strcmp(option->string, "tokens") != 0)
            return option->string;
    }
    return are_tokens(cJSON_GetObjectItemCaseSensitive(options, "tokens")) ? NULL
                                                                           : "tokens";
}

/* The tokens stay where they are, in the JSON. */
static int init(jf_self *self, jf_bytes text)
{
    cJSON *options = cJSON_ParseWithLength(text.ptr, text.len);
    const char *wrong = cJSON_IsObject(options) ? wrong_option(options) : "";
    if (wrong) {
        jf_log(self, JF_ERROR, "event=bad_option option=\"%s\" known=%s", wrong,
               "{\"tokens\":{\"TOKEN\":\"NAME\"}}");
        cJSON_Delete(options);
        return JF_E_INVALID;
    }
    self->state = options;
    return JF_OK;
}

static void fini(jf_self *self)
{
    cJSON_Delete(self->state);
}

static const struct jf_route routes[] = {
    { "$connect", on_connect },
    { "whoami", on_whoami },
    { NULL, NULL },
};

JF_PLUGIN(.name = "auth", .version = "1.0", .routes = routes, .init = init, .fini = fini);
