/* A new token for a connection that has one: {"action":"refresh","token":"..."}. It moves
 * the deadline and nothing else; who the connection is was settled when it came in. */
#include <string.h>

#include "jwt_plugin.h"

#define MESSAGE_MAX (JWS_TOKEN_MAX + 1024)

static int answer(struct jf_event *ev, enum jwt_fault fault, int64_t exp)
{
    char text[128];
    int len = fault ? snprintf(text, sizeof(text),
                               "{\"type\":\"error\",\"message\":\"refresh refused: %s\"}",
                               jwt_fault_name(fault))
                    : snprintf(text, sizeof(text),
                               "{\"type\":\"refreshed\",\"expires\":%lld}", (long long)exp);
    return jf_send(ev->self, ev->conn, JF_TEXT, jf_view(text, (size_t)len));
}

/* RFC 7519 makes a subject unique by its issuer, so both have to be the same. A token
 * without a subject is nobody's, and so cannot follow another. */
static enum jwt_fault check_owner(const struct jwt_worker *worker, jf_conn_id conn,
                                  const struct jwt *jwt)
{
    const struct deadline *known = deadlines_find(worker->seat.deadlines, conn);
    if (!known || !known->has_owner || !jwt->has_owner ||
        memcmp(known->owner, jwt->owner, sizeof(known->owner)) != 0)
        return JWT_FAULT_SUBJECT;
    return JWT_FAULT_NONE;
}

static int take(struct jf_event *ev, const char *token)
{
    struct jwt_worker *worker = ev->worker->local;
    struct jwt jwt;
    enum jwt_fault fault =
        authorize_token(worker, token ? jf_str(token) : jf_view(NULL, 0), &jwt);
    if (!fault)
        fault = check_owner(worker, ev->conn, &jwt);
    int status = fault ? JF_OK : authorize_until(worker, ev->conn, &jwt);
    if (status == JF_OK)
        status = answer(ev, fault, jwt.exp);
    if (fault)
        worker->counts.not_refreshed++;
    else
        worker->counts.refreshed++;
    jwt_fini(&jwt);
    return status;
}

int refresh(struct jf_event *ev)
{
    jf_bytes body = ev->message->body;
    struct json_object message;
    if (body.len > MESSAGE_MAX)
        return answer(ev, JWT_FAULT_TOO_BIG, 0);
    if (json_strict_object(body, &message) < 0)
        return answer(ev, JWT_FAULT_MALFORMED, 0);
    int status = take(
        ev, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message.tree, "token")));
    json_strict_free(&message);
    return status;
}
