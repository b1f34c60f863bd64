/* Waits for descriptors, for tests of jf_poll_start(). A line is a socket pair, or a FIFO
 * whose other end the test holds; a client has one at a time. Built in versions, with
 * -DVERSION="...", since descriptors outlive neither their instance nor a reload; the one
 * with -DFLAW_FAILS fails at "where".
 *
 *   {"action":"open","path":"/..."}  a line, to that FIFO, or without a path to ourselves
 *   {"action":"put","text":"..."}    write into the other end
 *   {"action":"hang_up"}             close the other end
 *   {"action":"reset"}               the same with something in it that was not read
 *   {"action":"close_early"}         close ours before it is stopped
 *   {"action":"interest","n":N}      jf_poll_change(); 3 tells {"ready":2} and goes on with
 * 1
 *   {"action":"stop"}                jf_poll_stop(), and close; "twice" stops it again
 *   {"action":"wrong"}               what must be refused: {"wrong":[statuses]}
 *   {"action":"where"}               {"version":"1"}
 *
 * What is heard is told: {"version":"1","read":"..."}; the end is {"end":true}, an error
 * {"errno":N}; after either the interest is 0.
 */
#include "jackfield.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct line {
    struct line *next;
    jf_conn_id conn;
    int fd, peer;
    jf_poll poll;
};

static int tell(jf_self *self, jf_conn_id conn, const char *json)
{
    return jf_send(self, conn, JF_TEXT, jf_str(json));
}

static struct line *find(struct jf_event *ev)
{
    struct line *line = ev->worker->local;
    while (line && memcmp(&line->conn, &ev->conn, sizeof(ev->conn)) != 0)
        line = line->next;
    return line;
}

static void on_ready(jf_worker *w, void *data, uint32_t ready)
{
    struct line *line = data;
    char text[64], json[160];
    if (ready & JF_WRITABLE) {
        jf_poll_change(w, line->poll, JF_READABLE);
        snprintf(json, sizeof(json), "{\"ready\":%u}", ready & JF_WRITABLE);
    } else {
        ssize_t got = read(line->fd, text, sizeof(text));
        if (got > 0) {
            snprintf(json, sizeof(json), "{\"version\":\"" VERSION "\",\"read\":\"%.*s\"}",
                     (int)got, text);
        } else {
            jf_poll_change(w, line->poll, 0);
            snprintf(json, sizeof(json), got < 0 ? "{\"errno\":%d}" : "{\"end\":true}",
                     errno);
        }
    }
    if (tell(w->self, line->conn, json) < 0)
        jf_poll_stop(w, line->poll);
}

static int open_ends(struct line *line, const char *path)
{
    int pair[2];
    line->peer = -1;
    if (path) {
        line->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        return line->fd < 0 ? JF_E_INVALID : JF_OK;
    }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) < 0)
        return JF_E_FULL;
    line->fd = pair[0];
    line->peer = pair[1];
    return JF_OK;
}

static int open_line(struct jf_event *ev, const char *path)
{
    struct line *line = calloc(1, sizeof(*line));
    if (!line || open_ends(line, path) < 0) {
        free(line);
        return JF_E_INVALID;
    }
    line->conn = ev->conn;
    line->next = ev->worker->local;
    ev->worker->local = line;
    int status =
        jf_poll_start(ev->worker, line->fd, JF_READABLE, on_ready, line, &line->poll);
    return status < 0 ? status : tell(ev->self, ev->conn, "{\"open\":true}");
}

static int put(struct line *line, const char *text)
{
    return write(line->peer, text, strlen(text)) < 0 ? JF_E_GONE : JF_OK;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int wrong(struct jf_event *ev)
{
    char json[128];
    jf_poll poll = 0;
    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int bad = jf_poll_start(ev->worker, -1, JF_READABLE, on_ready, NULL, &poll);
    int plain = jf_poll_start(ev->worker, file, JF_READABLE, on_ready, NULL, &poll);
    int odd = jf_poll_start(ev->worker, 0, 8, on_ready, NULL, &poll);
    int empty = jf_poll_start(ev->worker, 0, JF_READABLE, NULL, NULL, &poll);
    close(file);
    jf_poll_stop(ev->worker, 0);
    jf_poll_stop(ev->worker, UINT64_MAX);
    jf_poll_change(ev->worker, UINT64_C(7) << 32, JF_READABLE);
    snprintf(json, sizeof(json), "{\"wrong\":[%d,%d,%d,%d]}", bad, plain, odd, empty);
    return tell(ev->self, ev->conn, json);
}

static int stop(struct jf_event *ev, struct line *line, bool twice)
{
    jf_poll_stop(ev->worker, line->poll);
    if (twice)
        jf_poll_stop(ev->worker, line->poll);
    close_fd(&line->fd);
    return tell(ev->self, ev->conn, "{\"stopped\":true}");
}

static int where(struct jf_event *ev)
{
#ifdef FLAW_FAILS
    (void)ev;
    return JF_E_INTERNAL;
#else
    return tell(ev->self, ev->conn, "{\"version\":\"" VERSION "\"}");
#endif
}

static const char *text_of(const cJSON *body, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, name));
}

static int do_it(struct jf_event *ev, const char *action, const cJSON *body)
{
    if (strcmp(action, "where") == 0)
        return where(ev);
    if (strcmp(action, "wrong") == 0)
        return wrong(ev);
    if (strcmp(action, "open") == 0)
        return open_line(ev, text_of(body, "path"));
    struct line *line = find(ev);
    if (!line)
        return JF_E_NOT_FOUND;
    if (strcmp(action, "stop") == 0)
        return stop(ev, line, cJSON_GetObjectItem(body, "twice") != NULL);
    if (strcmp(action, "put") == 0)
        return put(line, text_of(body, "text"));
    if (strcmp(action, "hang_up") == 0)
        close_fd(&line->peer);
    else if (strcmp(action, "close_early") == 0)
        close_fd(&line->fd);
    else if (strcmp(action, "interest") == 0)
        jf_poll_change(ev->worker, line->poll,
                       (uint32_t)cJSON_GetObjectItem(body, "n")->valueint);
    else if (strcmp(action, "reset") == 0 && write(line->fd, "x", 1) == 1)
        close_fd(&line->peer);
    return JF_OK;
}

static int on_message(struct jf_event *ev)
{
    cJSON *body = cJSON_ParseWithLength(ev->message->body.ptr, ev->message->body.len);
    const char *action = text_of(body, "action");
    int status = action ? do_it(ev, action, body) : JF_E_INVALID;
    cJSON_Delete(body);
    return status;
}

/* Polls are left as they are: the host drops them. */
static void worker_fini(jf_worker *w)
{
    struct line *line = w->local;
    while (line) {
        struct line *next = line->next;
        close_fd(&line->fd);
        close_fd(&line->peer);
        free(line);
        line = next;
    }
}

static const struct jf_route routes[] = { { "$default", on_message }, { NULL, NULL } };

JF_PLUGIN(.name = "polls", .version = VERSION, .routes = routes,
          .worker_fini = worker_fini);
