/* The limit is set to what is needed and not to all that is allowed: libwebsockets scans a
 * table of that size whenever one of its connections closes. */
#include "core/host/open_files.h"

#include <sys/resource.h>

#include "core/base/log.h"

#define PER_WORKER                                                                         \
    64 /* loop, poller, mailbox, listener, HTTP clients, files being served */
#define PER_PROCESS 128

void open_files_raise(uint64_t connections, uint32_t workers)
{
    struct rlimit files;
    rlim_t need = connections + (rlim_t)workers * PER_WORKER + PER_PROCESS;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur >= need)
        return;
    files.rlim_cur = need < files.rlim_max ? need : files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur < need)
        LOG_WARN(MAIN,
                 "event=few_open_files allowed=%llu needed=%llu "
                 "hint=\"raise ulimit -n, or lower limits.connections\"",
                 (unsigned long long)files.rlim_cur, (unsigned long long)need);
}
