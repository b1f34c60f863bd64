/* Which subcommand, and nothing else. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/cli/cli.h"

#define VERSION_TEXT "jackfield " JF_VERSION

static const char help[] =
    "jackfield - a WebSocket API gateway on your own machine\n"
    "\n"
    "usage:\n"
    "  jackfield run [options] PLUGIN...       serve plugins and scripts as \"$default\"\n"
    "  jackfield run [options] -c FILE         serve what a configuration says\n"
    "  jackfield check -c FILE                 read a configuration and say what is wrong\n"
    "  jackfield reload [--pid N]              tell a running host to read all again\n"
    "  jackfield --help-config                 every option of a configuration\n"
    "  jackfield --version\n"
    "\n"
    "options of run (they override the configuration):\n"
    "  -c, --config FILE           JSON, comments allowed\n"
    "      --listen ADDRESS:PORT   where to listen (default 127.0.0.1:8080)\n"
    "      --port N                only the port; 0 lets the system choose\n"
    "      --workers N             threads (default: one per core)\n"
    "      --redis URL             share connections with other nodes through this Redis\n"
    "      --log-level LEVEL       error, warn, info or debug\n"
    "      --log-format FORMAT     logfmt or json, one line per event on stderr\n"
    "\n"
    "signals: SIGTERM and SIGINT drain: no new connections, events finish, sockets\n"
    "close with 1001. A second one does not wait. SIGHUP reloads.\n"
    "\n"
    "exit codes: 0 stopped or done as asked, 1 not started or not reloaded\n"
    "(configuration, plugin, address),\n"
    "2 wrong command line, 3 events were unfinished at the drain deadline\n";

int cli_usage_error(const char *format, ...)
{
    va_list args;
    fputs("jackfield: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputs("; see jackfield --help\n", stderr);
    return EXIT_USAGE;
}

static int print_and_leave(const char *text)
{
    fputs(text, stdout);
    return EXIT_CLEAN;
}

int main(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "run") == 0)
        return cli_run(argc - 1, argv + 1);
    if (strcmp(command, "check") == 0)
        return cli_check(argc - 1, argv + 1);
    if (strcmp(command, "reload") == 0)
        return cli_reload(argc - 1, argv + 1);
    if (strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0 ||
        strcmp(command, "help") == 0)
        return print_and_leave(help);
    if (strcmp(command, "--version") == 0)
        return print_and_leave(VERSION_TEXT "\n");
    if (strcmp(command, "--help-config") == 0) {
        config_print_help(stdout);
        return EXIT_CLEAN;
    }
    if (!*command)
        return cli_usage_error("say what to do: run, check, reload, --help");
    return cli_usage_error("unknown command \"%s\"", command);
}
