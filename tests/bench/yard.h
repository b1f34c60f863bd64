/*
 * yard - what both yardsticks have in common: the command line and the way to give up.
 */
#ifndef JF_BENCH_YARD_H
#define JF_BENCH_YARD_H

#include <stdbool.h>
#include <stdint.h>

struct yard_options {
    uint16_t port;
    bool fan; /* send what comes to everybody, not back */
};

/* [--fan] PORT; ends the program with code 2 if it is something else. */
struct yard_options yard_options(int argc, char **argv);

_Noreturn void yard_die(const char *what);

#endif
