/* jackfield reload: ask a running host of the same user to read everything again. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/cli/cli.h"
#include "core/host/control.h"

#define ANSWER_MAX 2048

static int open_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof(address.sun_path))
        return -1;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* One line there, one line back; false: nobody answers. */
static bool ask(const char *path, const char *line, char answer[ANSWER_MAX])
{
    size_t len = 0;
    ssize_t got = 1;
    int fd = open_socket(path);
    if (fd < 0)
        return false;
    bool asked = write(fd, line, strlen(line)) == (ssize_t)strlen(line);
    while (asked && got > 0 && len < ANSWER_MAX - 1) {
        got = read(fd, answer + len, ANSWER_MAX - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    close(fd);
    answer[len] = '\0';
    answer[strcspn(answer, "\n")] = '\0';
    return len > 0;
}

/* Those that answer; the socket file of one that was killed is cleared away. */
struct found {
    long pid;
    unsigned count;
    char list[ANSWER_MAX];
};

static void note(struct found *found, long pid, const char *path)
{
    char answer[ANSWER_MAX];
    size_t len = strlen(found->list);
    if (!ask(path, "url\n", answer)) {
        unlink(path);
        return;
    }
    found->pid = pid;
    found->count++;
    const char *url = strncmp(answer, "ok ", 3) == 0 ? answer + 3 : answer;
    snprintf(found->list + len, sizeof(found->list) - len, "  %ld  %.200s\n", pid, url);
}

static void look_around(const char *folder, struct found *found)
{
    DIR *names = opendir(folder);
    struct dirent *entry;
    while (names && (entry = readdir(names))) {
        char path[PATH_MAX], *end;
        long pid = strtol(entry->d_name, &end, 10);
        int n = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        if (pid > 0 && strcmp(end, CONTROL_SUFFIX) == 0 && n < PATH_MAX)
            note(found, pid, path);
    }
    if (names)
        closedir(names);
}

static int complain_of(const struct found *found)
{
    if (!found->count)
        return cli_complain("no host of this user is running that could be told to reload");
    fprintf(stderr, "jackfield: several hosts are running; name one with --pid:\n%s",
            found->list);
    return EXIT_NOT_STARTED;
}

static int reload(const char *folder, long pid)
{
    char path[PATH_MAX], answer[ANSWER_MAX];
    int n = snprintf(path, sizeof(path), "%s/%ld" CONTROL_SUFFIX, folder, pid);
    if (n >= PATH_MAX || !ask(path, "reload\n", answer)) {
        fprintf(stderr,
                "jackfield: process %ld does not answer; SIGHUP makes it reload too\n",
                pid);
        return EXIT_NOT_STARTED;
    }
    if (strncmp(answer, "ok ", 3) == 0) {
        printf("%s\n", answer + 3);
        return EXIT_CLEAN;
    }
    const char *text = strchr(answer, ' ');
    return cli_complain(text ? text + 1 : answer);
}

int cli_reload(int argc, char **argv)
{
    static const struct option options[] = { { "pid", required_argument, NULL, 'p' },
                                             { 0 } };
    struct found found = { 0 };
    char folder[PATH_MAX];
    uint64_t pid = 0;
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (option != 'p' || !bytes_number(jf_str(optarg), INT_MAX, &pid) || !pid)
            return cli_usage_error("reload knows --pid N, not \"%s\"", argv[optind - 1]);
    }
    if (optind < argc)
        return cli_usage_error("reload takes --pid N and nothing else");
    if (!control_folder(false, folder)) /* or it is not the user's own */
        return complain_of(&found);
    if (pid)
        return reload(folder, (long)pid);
    look_around(folder, &found);
    return found.count == 1 ? reload(folder, found.pid) : complain_of(&found);
}
