/* How we die: one line on stderr, then abort(), so that a core file shows the rest. */
#include "core/base/check.h"

#include <stdio.h>
#include <stdlib.h>

static _Thread_local int current_worker = -1;

void check_enter_worker(int index)
{
    current_worker = index;
}

int check_current_worker(void)
{
    return current_worker;
}

_Noreturn void check_failed(const char *file, int line, const char *function,
                            const char *expression)
{
    fprintf(stderr,
            "level=fatal event=check_failed at=%s:%d in=%s worker=%d check=\"%s\"\n", file,
            line, function, current_worker, expression);
    abort();
}
