/*
 * open_files - file descriptors: what is needed, what the system allows. [main thread]
 */
#ifndef JF_HOST_OPEN_FILES_H
#define JF_HOST_OPEN_FILES_H

#include <stdint.h>

/* Raise the soft limit of open files to what `connections` and `workers` need, as far as
 * the hard one allows; never lower it. Returns how many connections that allows:
 * `connections`, or less, and then the log says so. */
uint64_t open_files_raise(uint64_t connections, uint32_t workers);

#endif
