/*
 * process - what a process has cost so far, as the kernel counts it.
 */
#ifndef JF_BENCH_PROCESS_H
#define JF_BENCH_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/* CPU time of all threads that it has now, in nanoseconds; 0 if it is gone. */
uint64_t process_cpu_ns(pid_t pid);

/* Resident memory in KiB; 0 if it is gone. */
uint64_t process_rss_kib(pid_t pid);

/* CPU time of the caller, in nanoseconds. */
uint64_t process_own_cpu_ns(void);

#endif
