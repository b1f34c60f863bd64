/* A plugin with the routes its options name, {"routes": ["a", "$default"]}, and no other:
 * each answers which route it is and what it was given. */
#include <cjson/cJSON.h>
#include <stdlib.h>

#include "sdk/jackfield.h"

static int on_any(struct jf_event *ev)
{
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddStringToObject(answer, "route", ev->data);
    char *body = malloc(ev->message->body.len + 1);
    memcpy(body, ev->message->body.ptr ? ev->message->body.ptr : "", ev->message->body.len);
    body[ev->message->body.len] = '\0';
    cJSON_AddStringToObject(answer, "body", body);
    free(body);
    char *text = cJSON_PrintUnformatted(answer);
    int status = jf_send(ev->self, ev->conn, JF_TEXT, jf_str(text));
    cJSON_free(text);
    cJSON_Delete(answer);
    return status;
}

static int init(jf_self *self, jf_bytes options)
{
    cJSON *parsed = cJSON_ParseWithLength(options.ptr, options.len);
    const cJSON *list = cJSON_GetObjectItem(parsed, "routes"), *item;
    int status = JF_OK;
    self->state = parsed; /* the routes' names live in it */
    cJSON_ArrayForEach(item, list)
    {
        if (status >= 0)
            status =
                jf_route_add(self, jf_str(item->valuestring), on_any, item->valuestring);
    }
    if (status < 0)
        cJSON_Delete(parsed);
    return status;
}

static void fini(jf_self *self)
{
    cJSON_Delete(self->state);
}

JF_PLUGIN(.name = "routes", .version = "1.0", .init = init, .fini = fini);
