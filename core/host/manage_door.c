/* With credentials, whoever has them. Without any, only who is on this machine, and no
 * browser: a page from anywhere can have it send requests to local addresses, and a name
 * that leads there makes them look like that page's own. */
#include "core/host/manage_door.h"

#include <stdio.h>
#include <time.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/credentials/credentials.h"
#include "core/host/manage_answer.h"
#include "core/host/manage_request.h"
#include "core/net/http_call.h"
#include "core/parse/config.h"

struct manage_door {
    struct credentials *credentials;
};

/* ---- Credentials -------------------------------------------------------- */

static int make(const struct config *config, struct credentials **out, const char **why)
{
    const struct config_management *from = &config->management;
    AUTO_FREE struct sigv4_key *keys = xcalloc(from->key_count + 1, sizeof(*keys));
    AUTO_FREE jf_bytes *tokens = xcalloc(from->token_count + 1, sizeof(*tokens));
    for (size_t i = 0; i < from->key_count; i++) {
        keys[i].access_key_id = jf_str(from->keys[i].id);
        keys[i].secret_access_key = jf_str(from->keys[i].secret);
    }
    for (size_t i = 0; i < from->token_count; i++)
        tokens[i] = jf_str(from->tokens[i]);
    const struct credentials_options options = { keys, from->key_count, tokens,
                                                 from->token_count, jf_str(from->region) };
    return credentials_new(&options, out, why);
}

int manage_door_check(const struct config *config, char *error, size_t error_size)
{
    struct credentials *credentials = NULL;
    const char *why;
    int status = make(config, &credentials, &why);
    if (status < 0)
        snprintf(error, error_size, "management.access_keys, management.tokens: %s", why);
    credentials_free(credentials);
    return status;
}

struct manage_door *manage_door_new(const struct config *config)
{
    struct manage_door *door = xnew(struct manage_door);
    const char *why;
    CHECK(make(config, &door->credentials, &why) == JF_OK);
    return door;
}

void manage_door_free(struct manage_door *door)
{
    if (!door)
        return;
    credentials_free(door->credentials);
    free(door);
}

/* ---- The decision ------------------------------------------------------- */

static bool refuse(struct http_call *call, const char *type, jf_bytes message)
{
    char peer[LOG_QUOTED_MAX];
    LOG_RARELY(WARN, HTTP, 10, "event=management_refused peer=%s type=%s",
               log_quote(http_call_peer(call), peer), type);
    manage_answer_error(call, 403, type, message);
    return false;
}

static bool starts_with(jf_bytes text, const char *start)
{
    size_t len = strlen(start);
    return text.len >= len && memcmp(text.ptr, start, len) == 0;
}

/* 127.0.0.0/8. A name may begin like it, "127.0.0.1.example", but does not go on so. */
static bool is_local_address(jf_bytes host)
{
    for (size_t i = 0; i < host.len; i++) {
        if (!memchr(".0123456789", host.ptr[i], 11))
            return false;
    }
    return starts_with(host, "127.");
}

/* A name or an address that means this machine to everybody. */
static bool is_local_host(jf_bytes host)
{
    static const char suffix[] = ".localhost";
    if (starts_with(host, "[::1]"))
        return host.len == 5 || host.ptr[5] == ':';
    host.len = bytes_find(host, ':');
    jf_bytes end = bytes_from(
        host, host.len - (host.len < sizeof(suffix) - 1 ? host.len : sizeof(suffix) - 1));
    return is_local_address(host) || bytes_eq_nocase(host, "localhost") ||
           bytes_eq_nocase(end, suffix);
}

static bool pass_local(struct http_call *call)
{
    if (http_call_header(call, jf_str("origin")).ptr ||
        !is_local_host(http_call_header(call, jf_str("host"))))
        return refuse(call, "ForbiddenException",
                      jf_str("without credentials neither a browser nor a name other than "
                             "localhost may use this; configure management.access_keys or "
                             "management.tokens"));
    return true;
}

static bool check(struct manage_door *door, struct http_call *call)
{
    struct manage_request request;
    struct verdict verdict;
    int64_t now = (int64_t)time(NULL);
    if (!manage_request_read(call, &request))
        return refuse(call, "IncompleteSignatureException",
                      jf_str("path or query are longer than signed ones may be"));
    for (unsigned spelling = 0; spelling < MANAGE_SPELLINGS; spelling++) {
        if (!manage_request_spell(&request, http_call_path(call), spelling))
            continue;
        if (credentials_check(door->credentials, &request.request, now, &verdict))
            return true;
        if (verdict.kind != VERDICT_MISMATCH)
            break;
    }
    return refuse(call, verdict_error_type(verdict.kind), verdict_message(&verdict));
}

bool manage_may_pass(struct manage_door *door, struct http_call *call, bool local)
{
    if (credentials_configured(door->credentials))
        return check(door, call);
    if (local)
        return pass_local(call);
    return refuse(call, "ForbiddenException",
                  jf_str("no credentials are configured, so only a listener on a loopback "
                         "address serves this; configure management.access_keys or "
                         "management.tokens"));
}
