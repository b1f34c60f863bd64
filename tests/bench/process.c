/* From /proc: the scheduler's own run times, which are exact where the ticks of
 * /proc/PID/stat are not, and smaps_rollup, which counts pages where status rounds. */
#include "tests/bench/process.h"

#include <dirent.h>
#include <stdio.h>
#include <time.h>

static uint64_t thread_cpu_ns(pid_t pid, const char *thread)
{
    char path[64 + 256];
    unsigned long long ns = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%.200s/schedstat", (int)pid, thread);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    if (fscanf(file, "%llu", &ns) != 1)
        ns = 0;
    fclose(file);
    return ns;
}

uint64_t process_cpu_ns(pid_t pid)
{
    char path[64];
    uint64_t sum = 0;
    struct dirent *entry;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (!threads)
        return 0;
    while ((entry = readdir(threads))) {
        if (entry->d_name[0] != '.')
            sum += thread_cpu_ns(pid, entry->d_name);
    }
    closedir(threads);
    return sum;
}

uint64_t process_rss_kib(pid_t pid)
{
    char path[64], line[256];
    unsigned long long kib = 0;
    snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return 0;
    while (fgets(line, sizeof(line), file)) {
        if (sscanf(line, "Rss: %llu", &kib) == 1)
            break;
    }
    fclose(file);
    return kib;
}

uint64_t process_own_cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
