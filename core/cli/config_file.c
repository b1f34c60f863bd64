/* A configuration from a file, and complaints about it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/cli/cli.h"
#include "core/host/gateway.h"
#include "core/host/whole_file.h"

int cli_complain(const char *error)
{
    fprintf(stderr, "jackfield: %s\n", error);
    return EXIT_NOT_STARTED;
}

static void describe(const char *file, const struct config_error *wrong,
                     char error[CLI_ERROR_MAX])
{
    if (wrong->line)
        snprintf(error, CLI_ERROR_MAX, "%s:%u:%u: %s", file, wrong->line, wrong->column,
                 wrong->text);
    else
        snprintf(error, CLI_ERROR_MAX, "%s: %s", file, wrong->text);
}

/* The whole file, the caller's; NULL: *error says why. */
static char *read_file(const char *file, size_t *len, char error[CLI_ERROR_MAX])
{
    char *text = whole_file_read(file, CONFIG_TEXT_MAX, len);
    if (!text)
        snprintf(error, CLI_ERROR_MAX, "%s: %s", file,
                 errno == EFBIG ? "larger than 4 MiB" : strerror(errno));
    return text;
}

static char *folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    if (!slash)
        return xdup(jf_str("."));
    return xdup(jf_view(file, slash == file ? 1 : (size_t)(slash - file)));
}

struct config *cli_read_config(const char *file, char error[CLI_ERROR_MAX])
{
    struct config_error wrong = { 0 };
    struct config *config = NULL;
    size_t len;
    AUTO_FREE char *text = read_file(file, &len, error);
    if (!text)
        return NULL;
    AUTO_FREE char *folder = folder_of(file);
    if (config_parse(jf_view(text, len), folder, &config, &wrong) < 0) {
        describe(file, &wrong, error);
        return NULL;
    }
    return config;
}

int cli_check_config(const struct config *config, const char *file,
                     char error[CLI_ERROR_MAX])
{
    struct config_error wrong = { 0 };
    int status = config_check(config, &wrong);
    if (status == JF_OK)
        status = gateway_check(config, wrong.text, sizeof(wrong.text));
    if (status < 0)
        describe(file, &wrong, error);
    return status;
}
