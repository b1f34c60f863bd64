/* Writes docs/configuration.md to its standard output; not installed. */
#include "core/parse/config.h"

int main(void)
{
    config_print_markdown(stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}
