/* Two questions at a socket file. */
#include "core/host/control.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/gateway.h"
#include "core/loop/line_server.h"

struct control {
    struct gateway *gateway;
    struct line_server *server;
};

static bool is_ours(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0 && S_ISDIR(about.st_mode) &&
           about.st_uid == geteuid() && !(about.st_mode & 077);
}

bool control_folder(bool make, char path[PATH_MAX])
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int n;
    if (runtime && *runtime == '/')
        n = snprintf(path, PATH_MAX, "%s/jackfield", runtime);
    else if (geteuid() == 0)
        n = snprintf(path, PATH_MAX, "/run/jackfield");
    else
        n = snprintf(path, PATH_MAX, "/tmp/jackfield-%u", (unsigned)geteuid());
    if (n < 0 || n >= PATH_MAX)
        return false;
    if (make)
        mkdir(path, 0700); /* it may be there */
    return is_ours(path);
}

static void tell(struct line_call *call, int status, const char *text)
{
    char answer[GATEWAY_ERROR_MAX + 16];
    int n = snprintf(answer, sizeof(answer), "%s %s\n", status < 0 ? "failed" : "ok", text);
    line_answer(
        call, jf_view(answer, (size_t)n < sizeof(answer) ? (size_t)n : sizeof(answer) - 1));
}

static void on_reloaded(void *data, int status, const char *text)
{
    tell(data, status, text);
}

static void on_line(void *data, struct line_call *call, jf_bytes line)
{
    struct control *control = data;
    char url[GATEWAY_URL_MAX];
    if (bytes_eq(line, "reload"))
        gateway_ask_reload(control->gateway, on_reloaded, call);
    else if (bytes_eq(line, "url"))
        tell(call, JF_OK, gateway_url(control->gateway, url));
    else
        tell(call, JF_E_INVALID, "ask for reload or url");
}

void control_open(struct gateway *gateway, struct control **out)
{
    char folder[PATH_MAX], path[PATH_MAX];
    int status = JF_E_UNAVAILABLE, n = 0;
    struct control *control = xnew(struct control);
    control->gateway = gateway;
    if (control_folder(true, folder))
        n = snprintf(path, sizeof(path), "%s/%d" CONTROL_SUFFIX, folder, (int)getpid());
    if (n > 0 && n < PATH_MAX)
        status = line_server_new(gateway_loop(gateway), path, on_line, control,
                                 &control->server);
    *out = status == JF_OK ? control : NULL;
    if (status == JF_OK)
        return;
    LOG_WARN(MAIN,
             "event=no_control folder=%s status=%s hint=\"jackfield reload will not find "
             "this host; SIGHUP works\"",
             folder, status_name(status));
    free(control);
}

void control_close(struct control *control)
{
    if (!control)
        return;
    line_server_free(control->server);
    free(control);
}
