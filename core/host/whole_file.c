/* Read to the end, since not all that can be read has a length: a pipe has none. */
#include "core/host/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "core/base/memory.h"

#define ROOM_MIN 65536

/* Room for more; false with errno. */
static bool grow(char **text, size_t *room)
{
    size_t larger = *room ? *room * 2 : ROOM_MIN;
    char *moved = try_realloc(*text, larger);
    if (!moved)
        return false;
    *text = moved;
    *room = larger;
    return true;
}

static bool read_to_end(int fd, size_t max, char **text, size_t *len)
{
    size_t room = 0;
    ssize_t got = 1;
    *len = 0;
    while (got > 0 && *len <= max) {
        if (*len == room && !grow(text, &room))
            return false;
        got = read(fd, *text + *len, room - *len);
        if (got > 0)
            *len += (size_t)got;
    }
    if (*len > max)
        errno = EFBIG;
    return got == 0 && *len <= max;
}

char *whole_file_read(const char *path, size_t max, size_t *len)
{
    char *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    if (!read_to_end(fd, max, &text, len)) {
        int why = errno;
        free(text);
        text = NULL;
        errno = why;
    }
    close(fd);
    return text;
}
