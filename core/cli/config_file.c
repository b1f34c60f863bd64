/* A configuration from a file, and complaints about it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/memory.h"
#include "core/cli/cli.h"

#define FILE_MAX (1u << 20)

static void complain(const char *file, const struct config_error *error)
{
    if (error->line)
        fprintf(stderr, "jackfield: %s:%u:%u: %s\n", file, error->line, error->column,
                error->text);
    else
        fprintf(stderr, "jackfield: %s: %s\n", file, error->text);
}

/* The whole file, the caller's; NULL after a complaint. */
static char *read_file(const char *file, size_t *len)
{
    FILE *from = fopen(file, "r");
    if (!from) {
        fprintf(stderr, "jackfield: %s: %s\n", file, strerror(errno));
        return NULL;
    }
    char *text = xalloc(FILE_MAX + 1);
    *len = fread(text, 1, FILE_MAX + 1, from);
    bool failed = ferror(from) || *len > FILE_MAX;
    if (failed)
        fprintf(stderr, "jackfield: %s: %s\n", file,
                ferror(from) ? strerror(errno) : "larger than 1 MiB");
    fclose(from);
    if (!failed)
        return text;
    free(text);
    return NULL;
}

static char *folder_of(const char *file)
{
    const char *slash = strrchr(file, '/');
    if (!slash)
        return xdup(jf_str("."));
    return xdup(jf_view(file, slash == file ? 1 : (size_t)(slash - file)));
}

struct config *cli_read_config(const char *file)
{
    struct config_error error = { 0 };
    struct config *config = NULL;
    size_t len;
    AUTO_FREE char *text = read_file(file, &len);
    if (!text)
        return NULL;
    AUTO_FREE char *folder = folder_of(file);
    if (config_parse(jf_view(text, len), folder, &config, &error) < 0) {
        complain(file, &error);
        return NULL;
    }
    return config;
}

int cli_check_config(const struct config *config, const char *file)
{
    struct config_error error = { 0 };
    int status = config_check(config, &error);
    if (status < 0)
        complain(file, &error);
    return status;
}
