/* The little that is not worth measuring. */
#include "tests/bench/yard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void yard_die(const char *what)
{
    perror(what);
    exit(1);
}

struct yard_options yard_options(int argc, char **argv)
{
    struct yard_options options = { .fan = argc == 3 && strcmp(argv[1], "--fan") == 0 };
    long port = argc == 2 || options.fan ? strtol(argv[argc - 1], NULL, 10) : 0;
    if (port < 1 || port > 65535) {
        fprintf(stderr, "usage: %s [--fan] PORT\n", argv[0]);
        exit(2);
    }
    options.port = (uint16_t)port;
    return options;
}
