/* Options, the loop, the measurement and its one line of JSON. What is measured is in
 * scenes.c, how a client works in client.c. */
#include "tests/bench/load.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>

#include "core/base/memory.h"
#include "tests/bench/client.h"
#include "tests/bench/process.h"

#define EVENTS_MAX 1024
#define STALL_S 5
#define STALL_NS (STALL_S * 1000000000ull)
#define SETTLE_NS 1000000000u
#define TURN_MS 50

void load_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("load: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

uint64_t load_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ---- The loop ------------------------------------------------------------------- */

/* A handshake counts from connect() to the 101; then the next client takes the place. */
static void recycle(struct load *load, struct client *client)
{
    load->open--;
    load_count(load, load_clock() - client->opened_at);
    client_close(client);
    client_open(load, client);
}

static void turn(struct load *load, int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(load->epoll, events, EVENTS_MAX, timeout_ms);
    if (n < 0 && errno != EINTR)
        load_die("epoll_wait: %s", strerror(errno));
    load->now = load_clock();
    for (int i = 0; i < n; i++) {
        struct client *client = events[i].data.ptr;
        unsigned count = client_ready(load, client);
        if (count)
            load->scene->on_messages(load, client, count);
        if (load->scene->recycles && client->state == CLIENT_OPEN)
            recycle(load, client);
    }
    if (load->now - load->last_arrival > STALL_NS && !load->scene->may_be_silent)
        load_die("stalled: nothing has come for %d s, %llu messages are missing", STALL_S,
                 (unsigned long long)load->outstanding);
}

/* At most `concurrent` handshakes at a time; a scene that recycles only gets them going. */
static void connect_all(struct load *load)
{
    const struct load_options *options = &load->options;
    unsigned started = 0, before = 0;
    load->now = load->last_arrival = load_clock();
    while (load->open < options->connections) {
        while (started < options->connections && started - load->open < options->concurrent)
            client_open(load, &load->clients[started++]);
        if (load->scene->recycles)
            return;
        turn(load, TURN_MS);
        if (load->open != before)
            load->last_arrival = load->now;
        before = load->open;
        if (load->now - load->last_arrival > STALL_NS)
            load_die("stalled with %u of %u connections open", load->open,
                     options->connections);
    }
}

static void spend(struct load *load, uint64_t ns)
{
    int timeout_ms = load->options.rate > 0 ? 0 : TURN_MS;
    uint64_t end = load_clock() + ns;
    do {
        turn(load, timeout_ms);
        load->scene->on_turn(load);
    } while (load->now < end);
}

/* A message that was lost on one connection of many makes no stall; it shows here. */
static void wait_for_the_last(struct load *load)
{
    load->measuring = false;
    load->ending = true;
    while (load->outstanding)
        turn(load, TURN_MS);
}

static void begin_measuring(struct load *load)
{
    load->measuring = true;
    load->start = load->now;
    for (unsigned i = 0; i < load->options.server_count; i++)
        load->server_cpu[i] = process_cpu_ns(load->options.servers[i]);
    load->own_cpu = process_own_cpu_ns();
}

/* ---- The report ----------------------------------------------------------------- */

static double percent_of(uint64_t cpu_ns, uint64_t ns)
{
    return 100.0 * (double)cpu_ns / (double)ns;
}

/* Of the first server alone, and of each. */
static void report_cost(const struct load *load, const uint64_t *cpu_ns)
{
    double operations = (double)load->operations;
    printf(",\"cpu_ns\":%.1f,\"cpu_ns_each\":[", (double)cpu_ns[0] / operations);
    for (unsigned i = 0; i < load->options.server_count; i++)
        printf("%s%.1f", i ? "," : "", (double)cpu_ns[i] / operations);
    printf("],\"p50_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"all_us\":%.1f",
           latency_percentile(&load->latency, .5), latency_percentile(&load->latency, .99),
           latency_percentile(&load->latency, .999), latency_percentile(&load->bursts, .5));
}

static void report(const struct load *load)
{
    uint64_t took = load->now - load->start, operations = load->operations;
    uint64_t own_cpu = process_own_cpu_ns() - load->own_cpu, cpu_ns[NODES_MAX] = { 0 };
    double rss =
        (double)process_rss_kib(load->options.servers[0]) - (double)load->rss_empty;

    for (unsigned i = 0; i < load->options.server_count; i++)
        cpu_ns[i] = process_cpu_ns(load->options.servers[i]) - load->server_cpu[i];

    if (!operations && !load->scene->may_be_silent)
        load_die("nothing was measured");
    printf("{\"scene\":\"%s\",\"connections\":%u,\"operations\":%llu,\"rate\":%.1f",
           load->scene->name, load->options.connections, (unsigned long long)operations,
           (double)operations / ((double)took / 1e9));
    if (operations)
        report_cost(load, cpu_ns);
    printf(",\"server_cpu_percent\":%.3f,\"load_cpu_percent\":%.1f,\"rss_kib\":%.3f}\n",
           percent_of(cpu_ns[0], took), percent_of(own_cpu, took),
           rss / load->options.connections);
}

/* ---- Options -------------------------------------------------------------------- */

static const char usage[] =
    "usage: load [OPTION...] echo|far|fan|handshake|idle\n"
    "  -a ADDRESS      127.0.0.1\n"
    "  -p PORT         8080; given again: clients are spread over them\n"
    "  -P PID          the server, to read its CPU time and memory; given again: others'\n"
    "                  CPU time too\n"
    "  -c COUNT        connections (100)\n"
    "  -k COUNT        of them so many talk (all)\n"
    "  -A ACTION       the route of their messages\n"
    "  -H HEADER       one more header of their upgrades\n"
    "  -d COUNT        messages in flight on each, or of a burst (1)\n"
    "  -s OCTETS       payload of a message (20)\n"
    "  -n COUNT        handshakes at a time (64)\n"
    "  -w SECONDS      warm-up (0.5)\n"
    "  -t SECONDS      measured (3)\n"
    "  -r RATE         messages per second in all, whatever the answers do (echo)\n";

static double number(const char *text, double min, double max)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= min && value <= max))
        load_die("\"%s\" is no number from %g to %g", text, min, max);
    return value;
}

static unsigned one_more(unsigned *count)
{
    if (*count == NODES_MAX)
        load_die("at most %d servers", NODES_MAX);
    return (*count)++;
}

static void parse_option(struct load_options *options, int option)
{
    switch (option) {
    case 'a':
        options->address = optarg;
        break;
    case 'p':
        options->ports[one_more(&options->port_count)] = (uint16_t)number(optarg, 1, 65535);
        break;
    case 'P':
        options->servers[one_more(&options->server_count)] =
            (pid_t)number(optarg, 1, INT32_MAX);
        break;
    case 'A':
        options->action = optarg;
        break;
    case 'H':
        options->header = optarg;
        break;
    case 'c':
        options->connections = (unsigned)number(optarg, 1, 1e6);
        break;
    case 'k':
        options->active = (unsigned)number(optarg, 1, 1e6);
        break;
    case 'd':
        options->depth = (unsigned)number(optarg, 1, 65536);
        break;
    case 's':
        options->size = (unsigned)number(optarg, 18, 65535);
        break;
    case 'n':
        options->concurrent = (unsigned)number(optarg, 1, 4096);
        break;
    case 'w':
        options->warm_up = number(optarg, 0, 3600);
        break;
    case 't':
        options->seconds = number(optarg, 0.01, 3600);
        break;
    case 'r':
        options->rate = number(optarg, 1, 1e8);
        break;
    default:
        fputs(usage, stderr);
        exit(2);
    }
}

static const struct scene *find_scene(const char *name)
{
    static const struct scene *const scenes[] = { &scene_echo, &scene_far, &scene_fan,
                                                  &scene_handshake, &scene_idle };
    for (size_t i = 0; name && i < sizeof(scenes) / sizeof(*scenes); i++) {
        if (strcmp(name, scenes[i]->name) == 0)
            return scenes[i];
    }
    fputs(usage, stderr);
    exit(2);
}

static void raise_open_files(unsigned connections)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < (rlim_t)connections + 16)
        load_die("%u connections need more open files than the limit of %llu", connections,
                 (unsigned long long)limit.rlim_max);
}

static void prepare(struct load *load)
{
    struct load_options *options = &load->options;
    unsigned may_talk = options->connections / (load->scene->pairs ? 2 : 1);
    if (!may_talk)
        load_die("a pair is two connections");
    if (!options->active || options->active > may_talk)
        options->active = may_talk;
    if (!options->port_count)
        options->ports[options->port_count++] = 8080;
    raise_open_files(options->connections);
    load->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (load->epoll < 0)
        load_die("epoll_create1: %s", strerror(errno));
    load->clients = xcalloc(options->connections, sizeof(*load->clients));
    for (unsigned i = 0; i < options->connections; i++)
        load->clients[i].sent_at = xcalloc(options->depth, sizeof(uint64_t));
    client_prepare_frames(load);
    load->rss_empty = process_rss_kib(options->servers[0]);
}

int main(int argc, char **argv)
{
    static struct load load = {
        .options = { .address = "127.0.0.1",
                     .connections = 100,
                     .depth = 1,
                     .size = 20,
                     .concurrent = 64,
                     .warm_up = .5,
                     .seconds = 3 },
    };
    int option;
    while ((option = getopt(argc, argv, "a:p:P:c:k:A:H:d:s:n:w:t:r:")) != -1)
        parse_option(&load.options, option);
    load.scene = find_scene(argv[optind]);
    prepare(&load);

    connect_all(&load);
    if (load.scene->may_be_silent)
        spend(&load, SETTLE_NS);
    load.scene->start(&load);
    spend(&load, (uint64_t)(load.options.warm_up * 1e9));
    begin_measuring(&load);
    spend(&load, (uint64_t)(load.options.seconds * 1e9));
    report(&load);
    wait_for_the_last(&load);
    return 0;
}
