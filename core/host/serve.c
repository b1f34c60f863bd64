/* The main thread's loop: signals in, the gateway's end out. */
#include "core/host/serve.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core/base/check.h"
#include "core/base/log.h"
#include "core/host/gateway.h"
#include "core/loop/loop.h"

/* glibc gives the top of the heap back to the kernel after every burst and asks for it
 * again in the next; a gateway's bursts come by the second. To say so ends glibc's learning
 * from which size on it is worth to map memory by itself, so that is said too: at its most.
 */
#define KEEP_HEAP_BYTES (64 << 20)
#define MAP_FROM_BYTES (32 << 20)

struct running {
    struct loop *loop;
    struct gateway *gateway;
    struct signal_watch *term, *interrupt, *hangup;
    bool clean;
};

static void on_signal(void *data, int signum)
{
    struct running *running = data;
    LOG_INFO(MAIN, "event=signal name=%s", signum == SIGTERM ? "SIGTERM" : "SIGINT");
    gateway_stop(running->gateway);
}

static void on_hangup(void *data, int signum)
{
    struct running *running = data;
    (void)signum;
    LOG_INFO(MAIN, "event=signal name=SIGHUP");
    gateway_ask_reload(running->gateway, NULL, NULL);
}

static void on_stopped(void *data, bool clean)
{
    struct running *running = data;
    running->clean = clean;
    loop_stop(running->loop);
}

static void watch_signals(struct running *running)
{
    CHECK(signal_watch_new(running->loop, SIGTERM, on_signal, running, &running->term) ==
          JF_OK);
    CHECK(signal_watch_new(running->loop, SIGINT, on_signal, running,
                           &running->interrupt) == JF_OK);
    CHECK(signal_watch_new(running->loop, SIGHUP, on_hangup, running, &running->hangup) ==
          JF_OK);
}

static enum serve_end run(struct running *running, const struct config *config,
                          const struct config_source *source)
{
    char error[GATEWAY_ERROR_MAX];
    if (gateway_new(running->loop, config, source, on_stopped, running, &running->gateway,
                    error) < 0) {
        fprintf(stderr, "jackfield: %s\n", error);
        return SERVE_NOT_STARTED;
    }
    watch_signals(running);
    loop_run(running->loop);
    signal_watch_free(running->term);
    signal_watch_free(running->interrupt);
    signal_watch_free(running->hangup);
    bool started = gateway_started(running->gateway);
    gateway_free(running->gateway);
    LOG_INFO(MAIN, "event=stopped clean=%s", running->clean ? "true" : "false");
    if (!started)
        return SERVE_NOT_STARTED;
    return running->clean ? SERVE_STOPPED : SERVE_UNFINISHED;
}

enum serve_end serve(const struct config *config, const struct config_source *source)
{
    struct running running = { 0 };
    signal(SIGPIPE, SIG_IGN);
    mallopt(M_TRIM_THRESHOLD, KEEP_HEAP_BYTES);
    mallopt(M_MMAP_THRESHOLD, MAP_FROM_BYTES);
    if (loop_new(&running.loop) < 0) {
        fprintf(stderr, "jackfield: the system refused an event loop\n");
        return SERVE_NOT_STARTED;
    }
    enum serve_end end = run(&running, config, source);
    loop_free(running.loop);
    return end;
}
