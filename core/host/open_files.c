/* The limit is set to what is needed and not to all that is allowed: libwebsockets scans a
 * table of that size whenever one of its connections closes. */
#include "core/host/open_files.h"

#include <sys/resource.h>

#include "core/base/log.h"

#define PER_WORKER                                                                         \
    64 /* loop, poller, mailbox, listener, HTTP clients, files being served */
#define PER_PROCESS 128

uint64_t open_files_raise(uint64_t connections, uint32_t workers)
{
    struct rlimit files;
    rlim_t others = (rlim_t)workers * PER_WORKER + PER_PROCESS;
    rlim_t need = connections + others;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= need)
        return connections;
    rlim_t soft = files.rlim_cur;
    files.rlim_cur = need < files.rlim_max ? need : files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0)
        files.rlim_cur = soft;
    if (files.rlim_cur >= need)
        return connections;
    uint64_t allowed = files.rlim_cur > others ? files.rlim_cur - others : 1;
    LOG_INFO(MAIN,
             "event=connections_limited to=%llu by=open_files "
             "hint=\"raise the hard limit of ulimit -n for more\"",
             (unsigned long long)allowed);
    return allowed;
}
