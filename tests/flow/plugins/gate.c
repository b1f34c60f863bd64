/* $authorize, which does what the query says: ?as=NAME&team=... lets in, ?verdict= says how
 * not; ?later=MS takes its time; ?cert asks for a certificate. "who" tells what was said,
 * and who called. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "sdk/jackfield.h"

static jf_bytes query(const struct jf_event *ev, const char *name)
{
    return jf_find(ev->connect->query, ev->connect->query_count, name);
}

static int identify(struct jf_event *ev)
{
    jf_bytes as = query(ev, "as"), team = query(ev, "team");
    int status = as.ptr ? jf_principal(ev, as) : JF_OK;
    if (status == JF_OK && team.ptr)
        status = jf_context(ev, jf_str("team"), team);
    if (status == JF_OK && query(ev, "key").ptr)
        status = jf_context(ev, jf_str("usageIdentifierKey"), query(ev, "key"));
    if (status == JF_OK && query(ev, "admin").ptr)
        status = jf_context(ev, jf_str("admin"), jf_str("true"));
    return status;
}

static int judge(struct jf_event *ev, jf_bytes effect)
{
    char policy[1024];
    jf_bytes json = jf_event_json(ev);
    cJSON *event = cJSON_ParseWithLength(json.ptr, json.len);
    const char *arn = cJSON_GetObjectItem(event, "methodArn")->valuestring;
    jf_bytes resource = query(ev, "resource"), key = query(ev, "key");
    snprintf(
        policy, sizeof(policy),
        "{\"principalId\":\"p\",\"context\":{\"n\":1,\"yes\":true},\"policyDocument\":"
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Action\":\"execute-api:Invoke\","
        "\"Effect\":\"%.*s\",\"Resource\":\"%.*s\"}]},\"usageIdentifierKey\":%s%.*s%s}",
        (int)effect.len, effect.ptr, resource.ptr ? (int)resource.len : (int)strlen(arn),
        resource.ptr ? resource.ptr : arn, key.ptr ? "\"" : "null", (int)key.len,
        key.ptr ? key.ptr : "", key.ptr ? "\"" : "");
    cJSON_Delete(event);
    return jf_judge(ev, jf_str(policy));
}

/* Whoever has shown one is who that says. */
static int believe_certificate(struct jf_event *ev)
{
    struct jf_caller caller = jf_caller_of(ev);
    if (!caller.cert_fingerprint.len)
        return JF_E_DENIED;
    int status = jf_principal(ev, caller.cert_subject);
    return status < 0 ? status
                      : jf_context(ev, jf_str("fingerprint"), caller.cert_fingerprint);
}

static int decide(struct jf_event *ev)
{
    jf_bytes verdict = query(ev, "verdict"), effect = query(ev, "policy");
    if (query(ev, "cert").ptr)
        return believe_certificate(ev);
    if (effect.ptr)
        return judge(ev, effect);
    if (!verdict.ptr)
        return identify(ev);
    if (jf_same(verdict, jf_str("deny")))
        return JF_E_DENIED;
    if (jf_same(verdict, jf_str("401")))
        return jf_refuse(ev, 401, jf_str("{\"message\":\"who are you?\"}"));
    if (jf_same(verdict, jf_str("unauthorized")))
        return jf_refuse(ev, 401, jf_str("{\"message\":\"Unauthorized\"}"));
    return JF_E_INTERNAL;
}

static void decide_now(jf_worker *w, void *data)
{
    struct jf_event *ev = data;
    (void)w;
    jf_finish(ev, decide(ev));
}

static int on_authorize(struct jf_event *ev)
{
    jf_bytes protocol = query(ev, "protocol"), later = query(ev, "later");
    char text[16];
    if (protocol.ptr && jf_subprotocol(ev, protocol) < 0)
        return JF_E_INVALID;
    if (!later.ptr)
        return decide(ev);
    snprintf(text, sizeof(text), "%.*s", (int)later.len, later.ptr);
    int status = jf_timer_start(ev->worker, (uint64_t)atoi(text), decide_now, ev, NULL);
    return status < 0 ? status : JF_LATER;
}

static int on_who(struct jf_event *ev)
{
    size_t count;
    const struct jf_pair *pairs = jf_authorizer(ev, &count);
    struct jf_caller caller = jf_caller_of(ev);
    cJSON *answer = cJSON_CreateObject();
    for (size_t i = 0; i < count; i++) {
        char name[300], value[300];
        snprintf(name, sizeof(name), "%.*s", (int)pairs[i].name.len, pairs[i].name.ptr);
        snprintf(value, sizeof(value), "%.*s", (int)pairs[i].value.len, pairs[i].value.ptr);
        cJSON_AddStringToObject(answer, name, value);
    }
    cJSON_AddBoolToObject(answer, "ip", jf_same(caller.source_ip, jf_str("127.0.0.1")));
    cJSON_AddBoolToObject(answer, "host", caller.domain_name.len > 0);
    cJSON_AddBoolToObject(answer, "recent", caller.connected_at > 1500000000000u);
    char *text = cJSON_PrintUnformatted(answer);
    int status = jf_send(ev->self, ev->conn, JF_TEXT, jf_str(text));
    cJSON_free(text);
    cJSON_Delete(answer);
    return status;
}

static const struct jf_route routes[] = {
    { "$authorize", on_authorize },
    { "who", on_who },
    { NULL, NULL },
};

JF_PLUGIN(.name = "gate", .version = "1.0", .routes = routes);
