/*
 * chat - one room; what one says, all hear.
 *
 *   $connect      enters the room; ?name=Ann says who it is
 *   onMessage     {"action":"onMessage","message":"Hello everyone"}: say it to all
 *   $default      anything else: answered with the actions there are
 *   $disconnect   has left the room
 *
 * Options, as JSON in the host's configuration:
 *
 *   "format"       "text" (the default): all hear the bare message;
 *                  "json": all hear who said it, and who comes and goes
 *   "prefix"       is put before each message, "Echo: " say; by default nothing
 *   "max_message"  so many bytes a message may have; 4096
 *
 * The frames of format "json". Errors are such a frame in either format:
 *
 *   {"type":"welcome","id":"...","name":"Ann","online":2}           to who entered
 *   {"type":"joined","id":"...","name":"Ann","online":2}            to all
 *   {"type":"message","id":"...","from":"Ann","message":"Hi","at":1700000000000}
 *   {"type":"left","id":"...","name":"Ann","online":1}
 *   {"type":"error","message":"...","actions":["onMessage"]}        to whose fault it is
 *
 * "online" counts the room on all nodes; it is left out while the others cannot be reached.
 *
 * There is no lock, nothing per worker and nothing that changes after init: who is in the
 * room is a group of the host's, a name is an attribute of its connection. So a reload
 * forgets nobody, and a room may span many nodes.
 */
#include "jackfield.h"

#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include <cjson/cJSON.h>

#define ROOM jf_str("room")
#define NAME jf_str("name")

#define NAME_CHARS_MAX 32
#define NAME_BYTES_MAX (NAME_CHARS_MAX * 4) /* UTF-8 needs four bytes at most */
#define MESSAGE_DEFAULT_MAX 4096
#define MESSAGE_LIMIT_MAX (1024 * 1024)

/* This instance's state: jf_self.state. */
struct chat {
    bool is_json;
    char *prefix;
    size_t max_message;
};

/* ---- Who is who ------------------------------------------------------------------------
 */

/* A connection as the others see it. */
struct person {
    char id[JF_CONN_ID_TEXT + 1];
    char name[NAME_BYTES_MAX + 1];
};

/* Take one character off the front of UTF-8 text. Returns -1 if there is none that is
 * well-formed: names come percent-encoded in a URL, so they may be any bytes. */
static int32_t take_char(jf_bytes *text)
{
    static const int32_t smallest[] = { 0, 0x80, 0x800, 0x10000 };
    unsigned char lead = (unsigned char)text->ptr[0];
    size_t more = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    int32_t c = more == 0 ? lead : lead & (0x3f >> more);

    if ((lead >= 0x80 && lead < 0xc0) || lead >= 0xf8 || text->len <= more)
        return -1;
    for (size_t i = 1; i <= more; i++) {
        if ((text->ptr[i] & 0xc0) != 0x80)
            return -1;
        c = c << 6 | (text->ptr[i] & 0x3f);
    }
    if (c < smallest[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return -1;
    *text = jf_view(text->ptr + more + 1, text->len - more - 1);
    return c;
}

/* What is no character, control characters, line breaks, and those that turn the direction
 * of what follows. */
static bool is_unfit_for_names(int32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

static bool is_name(jf_bytes text)
{
    size_t chars = 0;
    if (text.len == 0 || text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' ')
        return false;
    while (text.len && chars <= NAME_CHARS_MAX) {
        if (is_unfit_for_names(take_char(&text)))
            return false;
        chars++;
    }
    return chars <= NAME_CHARS_MAX;
}

/* Without a name, a piece of the id that differs from one guest to the next is one. */
static struct person person_of(const struct jf_event *ev, jf_bytes name)
{
    struct person person;
    jf_id_to_text(ev->self, ev->conn, person.id);
    if (name.len && name.len <= NAME_BYTES_MAX)
        snprintf(person.name, sizeof(person.name), "%.*s", (int)name.len, name.ptr);
    else
        snprintf(person.name, sizeof(person.name), "guest-%.5s", person.id + 10);
    return person;
}

/* ---- What we say -----------------------------------------------------------------------
 */

/* To all in the room. When other nodes cannot be reached, who is on this one has heard it,
 * and that is as good as it gets. */
static int send_room(struct jf_event *ev, const char *text)
{
    int status = jf_send_group(ev->self, ROOM, JF_TEXT, jf_str(text));
    return status == JF_E_UNAVAILABLE ? JF_OK : status;
}

/* Send a frame to the event's own connection, or to all in the room; it is used up. */
static int tell(struct jf_event *ev, bool to_all, cJSON *frame)
{
    char *text = cJSON_PrintUnformatted(frame);
    int status = JF_E_NOMEM;
    if (text && to_all)
        status = send_room(ev, text);
    else if (text)
        status = jf_send(ev->self, ev->conn, JF_TEXT, jf_str(text));
    cJSON_free(text);
    cJSON_Delete(frame);
    return status;
}

static cJSON *new_frame(const char *type)
{
    cJSON *frame = cJSON_CreateObject();
    cJSON_AddStringToObject(frame, "type", type);
    return frame;
}

/* How many are in the room. When that cannot be known, nothing is said of it. */
struct online {
    bool known;
    uint64_t count;
};

/* False: it cannot be known, and not for that reason. */
static bool read_count(int status, uint64_t count, struct online *out)
{
    *out = (struct online){ status == JF_OK, count };
    return status == JF_OK || status == JF_E_UNAVAILABLE;
}

/* "welcome", "joined", "left": three of a kind. */
static cJSON *presence_frame(const char *type, const struct person *person,
                             const struct online *online)
{
    cJSON *frame = new_frame(type);
    cJSON_AddStringToObject(frame, "id", person->id);
    cJSON_AddStringToObject(frame, "name", person->name);
    if (online->known)
        cJSON_AddNumberToObject(frame, "online", (double)online->count);
    return frame;
}

static cJSON *message_frame(const struct person *person, const char *text)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    cJSON *frame = new_frame("message");
    cJSON_AddStringToObject(frame, "id", person->id);
    cJSON_AddStringToObject(frame, "from", person->name);
    cJSON_AddStringToObject(frame, "message", text);
    cJSON_AddNumberToObject(frame, "at",
                            (double)now.tv_sec * 1000 + (double)(now.tv_nsec / 1000000));
    return frame;
}

/* What went wrong, and what would go right: the routes a message can select. */
static int tell_error(struct jf_event *ev, const char *what)
{
    cJSON *frame = new_frame("error");
    cJSON_AddStringToObject(frame, "message", what);
    cJSON *actions = cJSON_AddArrayToObject(frame, "actions");
    for (const struct jf_route *route = jf_entry.routes; route->key; route++) {
        if (route->key[0] != '$')
            cJSON_AddItemToArray(actions, cJSON_CreateString(route->key));
    }
    return tell(ev, false, frame);
}

/* ---- $connect --------------------------------------------------------------------------
 */

static int greet(struct jf_event *ev, const struct online *online)
{
    jf_bytes name = jf_find(ev->connect->query, ev->connect->query_count, "name");
    int status = JF_OK;
    if (is_name(name)) {
        status = jf_attr_set(ev->worker, ev->conn, NAME, name, NULL, NULL);
    } else if (name.len) {
        status = tell_error(ev, "a name has 1 to 32 characters, none of them a control "
                                "character, and no blank at either end");
        name.len = 0;
    }
    struct person person = person_of(ev, name);
    if (status == JF_OK)
        status = tell(ev, false, presence_frame("welcome", &person, online));
    if (status == JF_OK)
        status = tell(ev, true, presence_frame("joined", &person, online));
    return status;
}

static void on_counted(jf_worker *w, void *data, int status, uint64_t count)
{
    struct jf_event *ev = data;
    struct online online;
    (void)w;
    if (read_count(status, count, &online))
        status = greet(ev, &online);
    jf_finish(ev, status);
}

static void on_joined(jf_worker *w, void *data, int status)
{
    struct jf_event *ev = data;
    const struct chat *chat = w->self->state;
    if (status == JF_OK && chat->is_json) {
        status = jf_group_count(w, ROOM, on_counted, ev);
        if (status == JF_OK)
            return;
    }
    jf_finish(ev, status);
}

/* Groups answer later, in memory as elsewhere, so the verdict comes later too. */
static int on_connect(struct jf_event *ev)
{
    int status = jf_group_join(ev->worker, ROOM, ev->conn, on_joined, ev);
    return status < 0 ? status : JF_LATER;
}

/* ---- onMessage -------------------------------------------------------------------------
 */

static int say(struct jf_event *ev, jf_bytes name, const char *message)
{
    const struct chat *chat = ev->self->state;
    size_t size = strlen(chat->prefix) + strlen(message) + 1;
    char *text = malloc(size);
    if (!text)
        return JF_E_NOMEM;
    snprintf(text, size, "%s%s", chat->prefix, message);

    int status;
    if (chat->is_json) {
        struct person person = person_of(ev, name);
        status = tell(ev, true, message_frame(&person, text));
    } else {
        status = send_room(ev, text);
    }
    free(text);
    return status;
}

static int tell_too_long(struct jf_event *ev, size_t max)
{
    char what[64];
    snprintf(what, sizeof(what), "\"message\" is longer than %zu bytes", max);
    return tell_error(ev, what);
}

/* Say what the body holds, or what is wrong with it. */
static int say_body(struct jf_event *ev, jf_bytes name)
{
    const struct chat *chat = ev->self->state;
    jf_bytes body = ev->message->body;
    cJSON *json = cJSON_ParseWithLength(body.ptr, body.len);
    const char *message =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "message"));

    int status;
    if (!message)
        status = tell_error(ev, "\"message\" is missing, or not a string");
    else if (!message[0])
        status = tell_error(ev, "\"message\" is empty");
    else if (strlen(message) > chat->max_message)
        status = tell_too_long(ev, chat->max_message);
    else
        status = say(ev, name, message);
    cJSON_Delete(json);
    return status;
}

static void on_speaker(jf_worker *w, void *data, int status, jf_bytes name)
{
    struct jf_event *ev = data;
    (void)w;
    if (status == JF_OK || status == JF_E_NOT_FOUND)
        status = say_body(ev, name);
    jf_finish(ev, status);
}

/* The bare message needs nobody's name, and is said at once. */
static int on_message(struct jf_event *ev)
{
    const struct chat *chat = ev->self->state;
    if (!chat->is_json)
        return say_body(ev, jf_view(NULL, 0));
    int status = jf_attr_get(ev->worker, ev->conn, NAME, on_speaker, ev);
    return status < 0 ? status : JF_LATER;
}

/* ---- $default --------------------------------------------------------------------------
 */

static int on_anything_else(struct jf_event *ev)
{
    return tell_error(ev, "no such action; send JSON like "
                          "{\"action\":\"onMessage\",\"message\":\"Hello everyone\"}");
}

/* ---- $disconnect -----------------------------------------------------------------------
 */

struct leaver {
    struct jf_event *ev;
    struct online online;
};

static void finish_leaver(struct leaver *leaver, int status)
{
    jf_finish(leaver->ev, status);
    free(leaver);
}

static void on_name_of_leaver(jf_worker *w, void *data, int status, jf_bytes name)
{
    struct leaver *leaver = data;
    (void)w;
    if (status == JF_OK || status == JF_E_NOT_FOUND) {
        struct person person = person_of(leaver->ev, name);
        status = tell(leaver->ev, true, presence_frame("left", &person, &leaver->online));
    }
    finish_leaver(leaver, status);
}

static void on_counted_without(jf_worker *w, void *data, int status, uint64_t count)
{
    struct leaver *leaver = data;
    if (read_count(status, count, &leaver->online))
        status = jf_attr_get(w, leaver->ev->conn, NAME, on_name_of_leaver, leaver);
    if (status < 0)
        finish_leaver(leaver, status);
}

static void on_left(jf_worker *w, void *data, int status)
{
    if (status == JF_OK)
        status = jf_group_count(w, ROOM, on_counted_without, data);
    if (status < 0)
        finish_leaver(data, status);
}

/* The membership would end by itself, only after this event; here it is not to be counted
 * any more. The name can still be asked for. */
static int on_disconnect(struct jf_event *ev)
{
    const struct chat *chat = ev->self->state;
    if (!chat->is_json)
        return JF_OK;
    struct leaver *leaver = calloc(1, sizeof(*leaver));
    if (!leaver)
        return JF_E_NOMEM;
    leaver->ev = ev;
    int status = jf_group_leave(ev->worker, ROOM, ev->conn, on_left, leaver);
    if (status == JF_OK)
        return JF_LATER;
    free(leaver);
    return status;
}

/* ---- Its life --------------------------------------------------------------------------
 */

static bool read_format(struct chat *chat, const cJSON *option)
{
    const char *value = cJSON_GetStringValue(option);
    chat->is_json = value && strcmp(value, "json") == 0;
    return chat->is_json || (value && strcmp(value, "text") == 0);
}

static bool read_prefix(struct chat *chat, const cJSON *option)
{
    const char *value = cJSON_GetStringValue(option);
    free(chat->prefix);
    chat->prefix = value ? strdup(value) : NULL;
    return chat->prefix != NULL;
}

static bool read_max_message(struct chat *chat, const cJSON *option)
{
    double value = cJSON_IsNumber(option) ? option->valuedouble : 0;
    if (!(value >= 1 && value <= MESSAGE_LIMIT_MAX))
        return false;
    chat->max_message = (size_t)value;
    return true;
}

static const struct {
    const char *name;
    bool (*read)(struct chat *chat, const cJSON *option);
} known_options[] = {
    { "format", read_format },
    { "prefix", read_prefix },
    { "max_message", read_max_message },
};

static bool read_option(struct chat *chat, const cJSON *option)
{
    for (size_t i = 0; i < sizeof(known_options) / sizeof(known_options[0]); i++) {
        if (option->string && strcmp(option->string, known_options[i].name) == 0)
            return known_options[i].read(chat, option);
    }
    return false;
}

static int read_options(jf_self *self, struct chat *chat, jf_bytes text)
{
    cJSON *options = cJSON_ParseWithLength(text.ptr, text.len);
    const cJSON *option = options ? options->child : NULL;
    while (option && read_option(chat, option))
        option = option->next;

    int status = JF_OK;
    if (!cJSON_IsObject(options) || option) {
        jf_log(self, JF_ERROR, "event=bad_option option=\"%s\" known=%s",
               option && option->string ? option->string : "", "format,prefix,max_message");
        status = JF_E_INVALID;
    }
    cJSON_Delete(options);
    return status;
}

static void fini(jf_self *self)
{
    struct chat *chat = self->state;
    if (chat)
        free(chat->prefix);
    free(chat);
    self->state = NULL;
}

static int init(jf_self *self, jf_bytes options)
{
    struct chat *chat = calloc(1, sizeof(*chat));
    self->state = chat;
    if (!chat)
        return JF_E_NOMEM;
    chat->prefix = strdup("");
    chat->max_message = MESSAGE_DEFAULT_MAX;
    int status = chat->prefix ? read_options(self, chat, options) : JF_E_NOMEM;
    if (status < 0)
        fini(self); /* the host calls it only after an init that succeeded */
    return status;
}

static const struct jf_route routes[] = {
    { "$connect", on_connect },
    { "$disconnect", on_disconnect },
    { "onMessage", on_message },
    { "$default", on_anything_else },
    { NULL, NULL },
};

JF_PLUGIN(.name = "chat", .version = "1.2", .routes = routes, .init = init, .fini = fini);
