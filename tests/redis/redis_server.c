/* Forks, executes, and waits until it answers. Its questions go over a blocking connection
 * of their own, in Redis' inline form, so that no code under test is needed to look inside.
 */
#include "tests/redis/redis_server.h"

#include "tests/unit/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS_MAX 64

struct redis_server {
    pid_t pid; /* 0: not running */
    int port;
    char folder[64];
    char socket[96];
    char options[512];
    FILE *talk;
    char answer[1 << 20];
    size_t answer_len;
};

bool redis_server_exists(void)
{
    const char *path = getenv("PATH");
    char all[4096], *rest = all, *folder;
    snprintf(all, sizeof(all), "%s:/usr/bin:/usr/sbin", path ? path : "");
    while ((folder = strsep(&rest, ":"))) {
        char file[4200];
        snprintf(file, sizeof(file), "%s/redis-server", folder);
        if (access(file, X_OK) == 0)
            return true;
    }
    return false;
}

static struct sockaddr_in address_of(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

int redis_server_free_port(void)
{
    struct sockaddr_in address = address_of(0);
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

/* In the child. */
static void become_server(struct redis_server *server, pid_t parent)
{
    char port[16], *arguments[ARGUMENTS_MAX] = {
        (char[]){ "redis-server" },
        (char[]){ "--port" },
        port,
        (char[]){ "--bind" },
        (char[]){ "127.0.0.1" },
        (char[]){ "--save" },
        (char[]){ "" },
        (char[]){ "--appendonly" },
        (char[]){ "no" },
        (char[]){ "--unixsocket" },
        server->socket,
        (char[]){ "--dir" },
        server->folder,
    };
    int count = 13, null = open("/dev/null", O_RDWR);
    snprintf(port, sizeof(port), "%d", server->port);
    for (char *rest = server->options, *word; (word = strsep(&rest, " "));) {
        if (*word && count < ARGUMENTS_MAX - 1)
            arguments[count++] = word;
    }
    dup2(null, 0);
    dup2(null, 1);
    dup2(null, 2);
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == parent)
        execvp("redis-server", arguments);
    _exit(127);
}

static void connect_to_it(struct redis_server *server)
{
    struct sockaddr_in address = address_of(server->port);
    for (int tries = 0; tries < 1000; tries++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0) {
            server->talk = fdopen(fd, "r");
            return;
        }
        close(fd);
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid)
            break;
        usleep(10000);
    }
    fail_msg("redis-server does not start");
}

void redis_server_start(struct redis_server *server)
{
    pid_t parent = getpid();
    fflush(NULL);
    server->pid = fork();
    if (server->pid == 0)
        become_server(server, parent);
    assert_true(server->pid > 0);
    connect_to_it(server);
}

struct redis_server *redis_server_new(const char *options)
{
    struct redis_server *server = calloc(1, sizeof(*server));
    strcpy(server->folder, "/tmp/jackfield-redis-XXXXXX");
    assert_non_null(mkdtemp(server->folder));
    snprintf(server->socket, sizeof(server->socket), "%s/socket", server->folder);
    snprintf(server->options, sizeof(server->options), "%s", options ? options : "");
    server->port = redis_server_free_port();
    signal(SIGPIPE, SIG_IGN); /* as the host does */
    redis_server_start(server);
    return server;
}

void redis_server_kill(struct redis_server *server)
{
    if (!server->pid)
        return;
    fclose(server->talk);
    server->talk = NULL;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

void redis_server_free(struct redis_server *server)
{
    if (!server)
        return;
    redis_server_kill(server);
    unlink(server->socket);
    rmdir(server->folder);
    free(server);
}

int redis_server_port(const struct redis_server *server)
{
    return server->port;
}

const char *redis_server_socket(const struct redis_server *server)
{
    return server->socket;
}

void redis_server_pause(struct redis_server *server)
{
    kill(server->pid, SIGSTOP);
}

void redis_server_resume(struct redis_server *server)
{
    kill(server->pid, SIGCONT);
}

/* ---- Questions ---- */

static void add(struct redis_server *server, const char *text, size_t len)
{
    assert_true(server->answer_len + len + 1 < sizeof(server->answer));
    memcpy(server->answer + server->answer_len, text, len);
    server->answer_len += len;
    server->answer[server->answer_len] = '\0';
}

static void read_bulk(struct redis_server *server, size_t len)
{
    char *octets = malloc(len + 2); /* and the end of the line */
    assert_int_equal(fread(octets, 1, len + 2, server->talk), len + 2);
    add(server, octets, len);
    free(octets);
}

static void read_answer(struct redis_server *server)
{
    char line[1024];
    assert_non_null(fgets(line, sizeof(line), server->talk));
    size_t len = strcspn(line, "\r\n");
    long number = strtol(line + 1, NULL, 10);
    if (line[0] == '*') {
        for (long i = 0; i < number; i++) {
            if (i)
                add(server, "\n", 1);
            read_answer(server);
        }
    } else if (line[0] == '$' && number >= 0) {
        read_bulk(server, (size_t)number);
    } else if (line[0] == '$') {
        add(server, "(nil)", 5);
    } else {
        add(server, line + 1, len - 1);
    }
}

static const char *ask(struct redis_server *server, const char *format, va_list arguments)
{
    char command[4096];
    int len = vsnprintf(command, sizeof(command) - 2, format, arguments);
    memcpy(command + len, "\r\n", 2);
    assert_int_equal(write(fileno(server->talk), command, (size_t)len + 2), len + 2);
    server->answer_len = 0;
    server->answer[0] = '\0';
    read_answer(server);
    return server->answer;
}

const char *redis_server_ask(struct redis_server *server, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *answer = ask(server, format, arguments);
    va_end(arguments);
    return answer;
}

long redis_server_number(struct redis_server *server, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *answer = ask(server, format, arguments);
    va_end(arguments);
    return strtol(answer, NULL, 10);
}
