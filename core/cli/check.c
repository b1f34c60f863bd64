/* jackfield check: is this configuration fit to run? Plugins are not loaded, since loading
 * one runs its code. */
#include <getopt.h>
#include <stdio.h>

#include "core/cli/cli.h"

int cli_check(int argc, char **argv)
{
    static const struct option options[] = { { "config", required_argument, NULL, 'c' },
                                             { 0 } };
    const char *file = NULL;
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "c:", options, NULL)) != -1) {
        if (option != 'c')
            return cli_usage_error("check does not know \"%s\"", argv[optind - 1]);
        file = optarg;
    }
    if (!file || optind < argc)
        return cli_usage_error("check takes -c FILE and nothing else");
    char error[CLI_ERROR_MAX];
    struct config *config = cli_read_config(file, error);
    int status = config ? cli_check_config(config, file, error) : JF_E_INVALID;
    config_free(config);
    if (status < 0)
        return cli_complain(error);
    printf("%s: ok\n", file);
    return EXIT_CLEAN;
}
