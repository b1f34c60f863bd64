/* The first socket of an address may choose the port; the other workers' share it. */
#include "core/host/listeners.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/memory.h"
#include "core/net/acceptor.h"
#include "core/parse/config.h"

struct listener {
    const char *host; /* NULL: there is none */
    uint16_t port;
    bool local;
    int *fds; /* by worker; -1: taken */
};

struct listeners {
    const char *scheme;
    uint32_t workers;
    struct listener all[LISTENERS];
};

static int bind_all(struct listeners *listeners, struct listener *listener,
                    const char *section, char *error, size_t error_size)
{
    const char *why;
    for (uint32_t i = 0; i < listeners->workers; i++) {
        int status = acceptor_bind(listener->host, listener->port, i == 0,
                                   &listener->fds[i], &listener->port, &why);
        if (status < 0) {
            snprintf(error, error_size, "%s: %s port %u: %s", section, listener->host,
                     listener->port, why);
            return status;
        }
    }
    listener->local = acceptor_is_local(listener->fds[0]);
    return JF_OK;
}

static int open_one(struct listeners *listeners, unsigned which, const char *host,
                    uint64_t port, const char *section, char *error, size_t error_size)
{
    struct listener *listener = &listeners->all[which];
    listener->host = host;
    listener->port = (uint16_t)port;
    listener->fds = xcalloc(listeners->workers, sizeof(*listener->fds));
    memset(listener->fds, 0xff, listeners->workers * sizeof(*listener->fds)); /* -1 */
    return bind_all(listeners, listener, section, error, error_size);
}

int listeners_open(const struct config *config, uint32_t workers, struct listeners **out,
                   char *error, size_t error_size)
{
    const struct config_management *management = &config->management;
    struct listeners *listeners = xnew(struct listeners);
    listeners->scheme = config->tls_cert ? "https" : "http";
    listeners->workers = workers;
    int status = open_one(listeners, LISTENER_CLIENTS, config->listen_host,
                          config->listen_port, "listen", error, error_size);
    if (status == JF_OK &&
        (management->mode == MANAGE_SEPARATE || management->mode == MANAGE_BOTH))
        status = open_one(listeners, LISTENER_MANAGEMENT, management->host,
                          management->port, "management", error, error_size);
    if (status < 0)
        listeners_close(listeners);
    else
        *out = listeners;
    return status;
}

void listeners_close(struct listeners *listeners)
{
    if (!listeners)
        return;
    for (unsigned which = 0; which < LISTENERS; which++) {
        struct listener *listener = &listeners->all[which];
        for (uint32_t i = 0; listener->fds && i < listeners->workers; i++) {
            if (listener->fds[i] >= 0)
                close(listener->fds[i]);
        }
        free(listener->fds);
    }
    free(listeners);
}

int listeners_take(struct listeners *listeners, unsigned which, uint32_t worker)
{
    struct listener *listener = &listeners->all[which];
    if (!listener->fds)
        return -1;
    int fd = listener->fds[worker];
    listener->fds[worker] = -1;
    return fd;
}

uint16_t listeners_port(const struct listeners *listeners, unsigned which)
{
    return listeners->all[which].port;
}

bool listeners_is_local(const struct listeners *listeners, unsigned which)
{
    return which < LISTENERS && listeners->all[which].local;
}

const char *listeners_url(const struct listeners *listeners, unsigned which, char *out,
                          size_t size)
{
    const struct listener *listener = &listeners->all[which];
    bool bare_v6 = strchr(listener->host, ':') != NULL;
    snprintf(out, size, "%s://%s%s%s:%u/", listeners->scheme, bare_v6 ? "[" : "",
             listener->host, bare_v6 ? "]" : "", listener->port);
    return out;
}
