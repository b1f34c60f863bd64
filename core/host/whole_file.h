/*
 * whole_file - a file's content in one piece. Blocks. [any thread]
 */
#ifndef JF_HOST_WHOLE_FILE_H
#define JF_HOST_WHOLE_FILE_H

#include <stddef.h>

/* The caller's to free; NULL with errno, EFBIG if it is longer than `max`. */
char *whole_file_read(const char *path, size_t max, size_t *len);

#endif
