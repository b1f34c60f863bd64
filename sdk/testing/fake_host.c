/*
 * The test's side of the fake host: its life, the clients' lines, and what can be seen.
 *
 * What the plugin calls is in fake_calls.c and fake_store.c; what follows from it, in
 * fake_turn.c; how a client's words become an event, in fake_client.c.
 */
#include "fake_inside.h"

#include <stdlib.h>

#define DRAIN_MS 30000     /* on the fake clock */
#define DRAIN_REAL_MS 2000 /* for the plugin's threads */

/* ---- Its life --------------------------------------------------------------------------
 */

struct fake_host *fake_host_new(const struct jf_plugin *plugin, uint32_t workers)
{
    struct fake_host *host = calloc(1, sizeof(*host));
    if (!host || !workers)
        abort();
    pthread_mutex_init(&host->lock, NULL);
    fake_news_init(host);
    host->driver = pthread_self();
    host->table = fake_table;
    host->self.host = &host->table;
    host->self.worker_count = workers;
    host->workers = fake_take(&host->memory, workers * sizeof(*host->workers));
    for (uint32_t i = 0; i < workers; i++) {
        host->workers[i].self = &host->self;
        host->workers[i].index = i;
    }
    /* What lies behind its size is not there. */
    size_t size = plugin->size < sizeof(host->plugin) ? plugin->size : sizeof(host->plugin);
    memcpy(&host->plugin, plugin, size);
    return host;
}

static int check_description(struct fake_host *host)
{
    const struct jf_plugin *plugin = &host->plugin;
    if (plugin->abi_major != JF_ABI_MAJOR || plugin->abi_minor > JF_ABI_MINOR)
        return JF_E_INVALID;
    if (!plugin->name || !plugin->name[0] || !plugin->version)
        return JF_E_INVALID;
    const struct jf_route *route = plugin->routes;
    for (; route && route->key; route++) {
        int status = fake_add_route(host, jf_str(route->key), route->handler, NULL);
        if (status < 0)
            return status;
    }
    return JF_OK;
}

static void run_fini(struct fake_host *host)
{
    if (host->plugin.fini)
        host->plugin.fini(&host->self);
}

/* ... and take_over, if there is somebody whose place it takes. */
static int run_init(struct fake_host *host, struct fake_host *old, const char *options)
{
    int status = JF_OK;
    host->in_init = true;
    if (host->plugin.init)
        status = host->plugin.init(&host->self, jf_str(options));
    host->in_init = false;
    if (status < 0 || !old || !host->plugin.take_over)
        return status;
    status = host->plugin.take_over(&host->self, &old->self);
    if (status < 0)
        run_fini(host);
    return status;
}

static void run_worker_fini(struct fake_host *host, uint32_t from)
{
    while (from-- > 0) {
        if (!host->plugin.worker_fini)
            continue;
        host->inside = &host->workers[from];
        host->plugin.worker_fini(&host->workers[from]);
        host->inside = NULL;
    }
}

static int run_worker_init(struct fake_host *host)
{
    for (uint32_t i = 0; host->plugin.worker_init && i < host->self.worker_count; i++) {
        host->inside = &host->workers[i];
        int status = host->plugin.worker_init(&host->workers[i]);
        host->inside = NULL;
        if (status < 0) {
            run_worker_fini(host, i);
            return status;
        }
    }
    return JF_OK;
}

static int begin(struct fake_host *host, struct fake_host *old, const char *options)
{
    int status = check_description(host);
    if (status < 0)
        return status;
    status = run_init(host, old, options);
    if (status < 0)
        return status;
    status = run_worker_init(host);
    if (status < 0)
        run_fini(host);
    host->running = status >= 0;
    return status;
}

int fake_host_start(struct fake_host *host, const char *options)
{
    return begin(host, NULL, options);
}

int fake_host_take_over(struct fake_host *host, struct fake_host *old, const char *options)
{
    host->now = old->now;
    int status = begin(host, old, options);
    if (status >= 0)
        fake_move_clients(old, host);
    return status < 0 ? status : JF_OK;
}

static bool is_busy(struct fake_host *host)
{
    pthread_mutex_lock(&host->lock);
    bool busy = fake_unfinished(host) != NULL;
    pthread_mutex_unlock(&host->lock);
    return busy;
}

/* Give unfinished events their time. Those of a timer need the clock, those of a thread
 * need patience. */
static void drain(struct fake_host *host)
{
    fake_host_turn(host);
    if (is_busy(host))
        fake_host_advance(host, DRAIN_MS);
    while (is_busy(host) && fake_host_wait(host, DRAIN_REAL_MS))
        fake_host_advance(host, DRAIN_MS);
}

static void blame_unfinished(struct fake_host *host)
{
    pthread_mutex_lock(&host->lock);
    for (struct fake_conn *conn = host->conns; conn; conn = conn->next) {
        if (conn->line)
            fake_fault(host, "an event of route '%s' was never finished",
                       conn->line->seen.route.ptr);
    }
    pthread_mutex_unlock(&host->lock);
}

void fake_host_stop(struct fake_host *host)
{
    if (!host->running)
        return;
    struct fake_close going = { 1001, "Going away" };
    fake_host_turn(host);
    pthread_mutex_lock(&host->lock);
    for (struct fake_conn *conn = host->conns; conn; conn = conn->next)
        fake_end(host, conn, going);
    pthread_mutex_unlock(&host->lock);
    drain(host);
    blame_unfinished(host);
    host->running = false;
    run_worker_fini(host, host->self.worker_count);
    fake_drop_polls(host);
    run_fini(host);
}

static void free_jobs(struct fake_job *jobs)
{
    while (jobs) {
        struct fake_job *job = jobs;
        jobs = job->next;
        fake_arena_fini(&job->memory);
        free(job);
    }
}

void fake_host_free(struct fake_host *host)
{
    if (!host)
        return;
    fake_host_stop(host);
    for (const struct fake_line *line = host->faults; line; line = line->next)
        fprintf(stderr, "fake_host: %s: %s\n", host->plugin.name, line->text);
    if (host->faults)
        abort();
    free_jobs(host->jobs);
    free_jobs(host->timers);
    for (struct fake_conn *conn = host->conns; conn; conn = conn->next) {
        for (struct fake_event *event = conn->line; event; event = event->next)
            fake_arena_fini(&event->memory);
    }
    fake_drop_polls(host);
    fake_news_fini(host);
    pthread_mutex_destroy(&host->lock);
    fake_arena_fini(&host->memory);
    free(host);
}

/* In the host's memory, for as long as it lives: somebody may be reading the old ones. */
void fake_host_set_variable(struct fake_host *host, const char *name, const char *value)
{
    pthread_mutex_lock(&host->lock);
    struct fake_variables *old = &host->variables, new = { 0 };
    new.pairs = fake_take(&host->memory, (old->count + 1) * sizeof(*new.pairs));
    for (size_t i = 0; i < old->count; i++) {
        if (!jf_same(old->pairs[i].name, jf_str(name)))
            new.pairs[new.count++] = old->pairs[i];
    }
    if (value)
        new.pairs[new.count++] = (struct jf_pair){
            jf_str(fake_text(&host->memory, jf_str(name))),
            jf_str(fake_text(&host->memory, jf_str(value))),
        };
    host->variables = new;
    pthread_mutex_unlock(&host->lock);
}

void fake_host_set_way(struct fake_host *host, enum jf_way way)
{
    pthread_mutex_lock(&host->lock);
    host->way = way;
    pthread_mutex_unlock(&host->lock);
}

void fake_host_set_judgement(struct fake_host *host, int status)
{
    pthread_mutex_lock(&host->lock);
    host->judgement = status;
    pthread_mutex_unlock(&host->lock);
}

jf_self *fake_host_self(struct fake_host *host)
{
    return &host->self;
}

/* ---- A conversation --------------------------------------------------------------------
 */

/* As the real ones: node, worker, slot, and a salt that looks like one. */
static jf_conn_id make_id(uint32_t worker, uint32_t slot)
{
    jf_conn_id id = { { 0, 1 } };
    uint64_t salt = (slot + 1) * UINT64_C(0x9e3779b97f4a7c15);
    id.octet[2] = (uint8_t)worker;
    for (int i = 0; i < 3; i++)
        id.octet[3 + i] = (uint8_t)(slot >> (16 - 8 * i));
    for (int i = 0; i < 5; i++)
        id.octet[6 + i] = (uint8_t)(salt >> (56 - 8 * i));
    return id;
}

static struct fake_conn *add_conn(struct fake_host *host, const struct fake_client *client)
{
    struct fake_conn **end = &host->conns;
    while (*end)
        end = &(*end)->next;
    struct fake_conn *conn = fake_take(&host->memory, sizeof(*conn));
    uint32_t worker = client->worker % host->self.worker_count;
    conn->id = make_id(worker, host->conn_count++);
    conn->worker = &host->workers[worker];
    conn->stage = fake_text(&host->memory, jf_str(fake_or(client->stage, "$default")));
    conn->verdict.status = conn->status = JF_LATER;
    conn->verdict.body = conn->closed.reason = conn->ended.reason = "";
    conn->sent_end = &conn->sent;
    conn->connected_at = host->now;
    if (client->cert_subject)
        conn->cert_subject = fake_text(&host->memory, jf_str(client->cert_subject));
    if (client->cert_fingerprint)
        conn->cert_fingerprint = fake_text(&host->memory, jf_str(client->cert_fingerprint));
    *end = conn;
    return conn;
}

static jf_bytes first_route(struct fake_host *host)
{
    jf_bytes authorize = jf_str("$authorize");
    return fake_find_route(host, authorize) ? authorize : jf_str("$connect");
}

jf_conn_id fake_host_connect_as(struct fake_host *host, const struct fake_client *client)
{
    pthread_mutex_lock(&host->lock);
    struct fake_conn *conn = add_conn(host, client);
    struct fake_event *event = fake_add_event(host, conn, JF_CONNECT, first_route(host));
    fake_fill_connect(host, event, client);
    fake_deliver(host, conn);
    pthread_mutex_unlock(&host->lock);
    return conn->id;
}

jf_conn_id fake_host_connect(struct fake_host *host, const char *query)
{
    struct fake_client client = { .query = query };
    return fake_host_connect_as(host, &client);
}

/* The connection a test speaks of. One it never made is a slip of the test. */
static struct fake_conn *enter(struct fake_host *host, jf_conn_id id)
{
    pthread_mutex_lock(&host->lock);
    struct fake_conn *conn = fake_find(host, id);
    if (!conn)
        abort();
    return conn;
}

static void leave(struct fake_host *host)
{
    pthread_mutex_unlock(&host->lock);
}

struct fake_verdict fake_host_verdict(struct fake_host *host, jf_conn_id id)
{
    struct fake_verdict verdict = enter(host, id)->verdict;
    if (verdict.status == JF_LATER)
        verdict.http_status = 0;
    leave(host);
    return verdict;
}

int fake_host_say_bytes(struct fake_host *host, jf_conn_id id, const char *route,
                        uint32_t opcode, jf_bytes body)
{
    struct fake_conn *conn = enter(host, id);
    if (conn->state == FAKE_REFUSED || conn->state == FAKE_GONE) {
        leave(host);
        return JF_E_GONE;
    }
    struct fake_event *event = fake_add_event(host, conn, JF_MESSAGE, jf_str(route));
    event->message.body = jf_view(fake_text(&event->memory, body), body.len);
    event->message.opcode = opcode;
    conn->status = JF_LATER;
    int status = fake_deliver(host, conn);
    leave(host);
    return status;
}

int fake_host_say(struct fake_host *host, jf_conn_id conn, const char *route,
                  const char *text)
{
    return fake_host_say_bytes(host, conn, route, JF_TEXT, jf_str(text));
}

int fake_host_status(struct fake_host *host, jf_conn_id id)
{
    const struct fake_conn *conn = enter(host, id);
    int status = conn->line ? JF_LATER : conn->status;
    leave(host);
    return status;
}

void fake_host_hang_up(struct fake_host *host, jf_conn_id id, uint32_t code,
                       const char *reason)
{
    struct fake_conn *conn = enter(host, id);
    struct fake_close how = { code, fake_text(&host->memory, jf_str(fake_or(reason, ""))) };
    fake_end(host, conn, how);
    fake_deliver(host, conn);
    leave(host);
}

bool fake_host_hear_frame(struct fake_host *host, jf_conn_id id, struct fake_frame *out)
{
    struct fake_conn *conn = enter(host, id);
    struct fake_sent *sent = conn->verdict.http_status == 101 ? conn->sent : NULL;
    if (sent) {
        *out = sent->frame;
        conn->sent = sent->next;
        if (!conn->sent)
            conn->sent_end = &conn->sent;
    }
    leave(host);
    return sent != NULL;
}

const char *fake_host_hear(struct fake_host *host, jf_conn_id conn)
{
    struct fake_frame frame;
    return fake_host_hear_frame(host, conn, &frame) ? frame.text : NULL;
}

struct fake_close fake_host_closed(struct fake_host *host, jf_conn_id id)
{
    struct fake_close closed = enter(host, id)->closed;
    leave(host);
    return closed;
}

/* ---- What the plugin left behind, and bad days -----------------------------------------
 */

const char *fake_host_attr(struct fake_host *host, jf_conn_id id, const char *key)
{
    const char *value = NULL;
    enter(host, id);
    struct fake_fact *fact = fake_next_fact(host->facts, false, jf_str(key));
    for (; fact && !value; fact = fake_next_fact(fact->next, false, jf_str(key))) {
        if (fake_same_conn(fact->conn, id))
            value = fact->value;
    }
    leave(host);
    return value;
}

size_t fake_host_members(struct fake_host *host, const char *group)
{
    size_t count = 0;
    pthread_mutex_lock(&host->lock);
    struct fake_fact *fact = fake_next_fact(host->facts, true, jf_str(group));
    for (; fact; fact = fake_next_fact(fact->next, true, jf_str(group)))
        count++;
    leave(host);
    return count;
}

size_t fake_host_timers(struct fake_host *host)
{
    size_t count = 0;
    pthread_mutex_lock(&host->lock);
    for (const struct fake_job *job = host->timers; job; job = job->next)
        count++;
    leave(host);
    return count;
}

size_t fake_host_polls(struct fake_host *host)
{
    pthread_mutex_lock(&host->lock);
    size_t count = fake_count_polls(host);
    leave(host);
    return count;
}

bool fake_host_logged(struct fake_host *host, int level, const char *part)
{
    bool found = false;
    pthread_mutex_lock(&host->lock);
    for (const struct fake_line *line = host->log; line; line = line->next)
        found = found || (line->level == level && strstr(line->text, part));
    leave(host);
    return found;
}

bool fake_host_watches(struct fake_host *host, const char *path)
{
    bool found = false;
    pthread_mutex_lock(&host->lock);
    for (const struct fake_line *line = host->watched; line; line = line->next)
        found = found || strcmp(line->text, path) == 0;
    leave(host);
    return found;
}

const char *fake_host_fault(struct fake_host *host)
{
    pthread_mutex_lock(&host->lock);
    struct fake_line *line = host->faults;
    if (line)
        host->faults = line->next;
    leave(host);
    return line ? line->text : NULL;
}

void fake_host_stuff(struct fake_host *host, jf_conn_id id, bool full)
{
    enter(host, id)->stuffed = full;
    leave(host);
}

void fake_host_store_answers(struct fake_host *host, int status)
{
    pthread_mutex_lock(&host->lock);
    host->store_status = status;
    leave(host);
}
