/*
 * open_files - file descriptors: what is needed, what the system allows. [main thread]
 */
#ifndef JF_HOST_OPEN_FILES_H
#define JF_HOST_OPEN_FILES_H

#include <stdint.h>

/* Raise the soft limit of open files to what `connections` and `workers` need, if the hard
 * one allows; lower it never. Says in the log when it does not reach. */
void open_files_raise(uint64_t connections, uint32_t workers);

#endif
