/*
 * cli - what the subcommands share: exit codes, and a configuration from the arguments.
 */
#ifndef JF_CLI_CLI_H
#define JF_CLI_CLI_H

#include "core/parse/config.h"

/* Documented in --help and in the README. */
enum exit_code {
    EXIT_CLEAN = 0,       /* stopped as asked */
    EXIT_NOT_STARTED = 1, /* configuration, plugin, or address: the log says what */
    EXIT_USAGE = 2,       /* the command line itself */
    EXIT_UNFINISHED = 3   /* the drain deadline passed with events unfinished */
};

/* Each takes what follows its name and returns an exit code. */
int cli_run(int argc, char **argv);
int cli_check(int argc, char **argv);
int cli_reload(int argc, char **argv);

/* Say on stderr what is wrong with the command line; returns EXIT_USAGE. */
__attribute__((format(printf, 1, 2))) int cli_usage_error(const char *format, ...);

#define CLI_ERROR_MAX 1024

/* A configuration from a file. NULL: it is no good, and *error says where and why. */
struct config *cli_read_config(const char *file, char error[CLI_ERROR_MAX]);

/* Is it fit to run? If not, *error says why. */
int cli_check_config(const struct config *config, const char *file,
                     char error[CLI_ERROR_MAX]);

/* Say on stderr why nothing was started; returns EXIT_NOT_STARTED. */
int cli_complain(const char *error);

#endif
