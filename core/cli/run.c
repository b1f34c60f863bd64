/* jackfield run: from the arguments to a running gateway, until a signal. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/cli/cli.h"
#include "core/host/reload.h"
#include "core/host/serve.h"

struct arguments {
    const char *config_file, *listen, *port, *workers, *redis, *log_level, *log_format;
    char **plugins;
    int plugin_count;
};

static int parse_arguments(int argc, char **argv, struct arguments *out)
{
    static const struct option options[] = {
        { "config", required_argument, NULL, 'c' },
        { "listen", required_argument, NULL, 'l' },
        { "port", required_argument, NULL, 'p' },
        { "workers", required_argument, NULL, 'w' },
        { "redis", required_argument, NULL, 'r' },
        { "log-level", required_argument, NULL, 'v' },
        { "log-format", required_argument, NULL, 'f' },
        { 0 },
    };
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":c:", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            out->config_file = optarg;
            break;
        case 'l':
            out->listen = optarg;
            break;
        case 'p':
            out->port = optarg;
            break;
        case 'w':
            out->workers = optarg;
            break;
        case 'r':
            out->redis = optarg;
            break;
        case 'v':
            out->log_level = optarg;
            break;
        case 'f':
            out->log_format = optarg;
            break;
        case ':':
            return cli_usage_error("\"%s\" wants a value", argv[optind - 1]);
        default:
            return cli_usage_error("run does not know \"%s\"", argv[optind - 1]);
        }
    }
    out->plugins = argv + optind;
    out->plugin_count = argc - optind;
    return EXIT_CLEAN;
}

static int apply_arguments(const struct arguments *given, struct config *config)
{
    if (given->listen && config_set_listen(config, jf_str(given->listen)) < 0)
        return cli_usage_error("--listen wants ADDRESS:PORT, not \"%s\"", given->listen);
    if (given->port && !bytes_number(jf_str(given->port), 65535, &config->listen_port))
        return cli_usage_error("--port wants 0 to 65535, not \"%s\"", given->port);
    if (given->workers && !bytes_number(jf_str(given->workers), 64, &config->workers))
        return cli_usage_error("--workers wants 0 to 64, not \"%s\"", given->workers);
    if (given->log_level &&
        !log_level_from_name(jf_str(given->log_level), &config->log_level))
        return cli_usage_error("--log-level wants error, warn, info or debug, not \"%s\"",
                               given->log_level);
    if (given->log_format) {
        config->log_json = strcmp(given->log_format, "json") == 0;
        if (!config->log_json && strcmp(given->log_format, "logfmt") != 0)
            return cli_usage_error("--log-format wants logfmt or json, not \"%s\"",
                                   given->log_format);
    }
    if (given->redis)
        config_set_redis(config, given->redis);
    for (int i = 0; i < given->plugin_count; i++)
        config_add_plugin(config, given->plugins[i]);
    return EXIT_CLEAN;
}

/* What the file says now, with what the command line says on top; it has been checked, so
 * this complains about the file only. */
static struct config *read_config(const struct arguments *given, char error[CLI_ERROR_MAX])
{
    struct config *config = NULL;
    const char *name = given->config_file ? given->config_file : "command line";
    if (given->config_file)
        config = cli_read_config(given->config_file, error);
    else
        config_new(&config);
    if (!config)
        return NULL;
    apply_arguments(given, config);
    if (cli_check_config(config, name, error) == JF_OK)
        return config;
    config_free(config);
    return NULL;
}

static struct config *read_again(void *data, char *error, size_t error_size)
{
    char why[CLI_ERROR_MAX];
    struct config *config = read_config(data, why);
    if (!config)
        snprintf(error, error_size, "%s", why);
    return config;
}

static int run_config(const struct config *config, struct arguments *given)
{
    struct config_source source = { given->config_file, given, read_again };
    log_setup(config->log_level, config->log_json);
    switch (serve(config, &source)) {
    case SERVE_STOPPED:
        return EXIT_CLEAN;
    case SERVE_UNFINISHED:
        return EXIT_UNFINISHED;
    case SERVE_NOT_STARTED:
        break;
    }
    return EXIT_NOT_STARTED;
}

/* A configuration to try the arguments on: what is wrong with them does not depend on it.
 */
static int check_arguments(const struct arguments *given)
{
    struct config *scratch;
    config_new(&scratch);
    int code = apply_arguments(given, scratch);
    config_free(scratch);
    return code;
}

int cli_run(int argc, char **argv)
{
    struct arguments given = { 0 };
    char error[CLI_ERROR_MAX];
    int code = parse_arguments(argc, argv, &given);
    if (code != EXIT_CLEAN)
        return code;
    if (!given.config_file && !given.plugin_count)
        return cli_usage_error("run wants a plugin or -c FILE");
    code = check_arguments(&given);
    if (code != EXIT_CLEAN)
        return code;
    struct config *config = read_config(&given, error);
    if (!config)
        return cli_complain(error);
    code = run_config(config, &given);
    if (code != EXIT_UNFINISHED) /* else a plugin's thread may still ask for it */
        config_free(config);
    return code;
}
