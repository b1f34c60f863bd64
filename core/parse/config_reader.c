/* The path is kept as text while walking, since that is what an error needs. */
#include "core/parse/config_reader.h"

#include <stdarg.h>

#include "core/base/memory.h"
#include "core/parse/config_build.h"

#define MADE_OF_MAX 64
#define SHOWN_MAX 48 /* how much of the file's text an error repeats */

__attribute__((format(printf, 2, 3))) bool reader_fail(struct config_reader *r,
                                                       const char *format, ...)
{
    char what[384];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof(what), format, args);
    va_end(args);
    config_refuse(r->error, "%s%s%s", r->path, r->path_len ? ": " : "", what);
    return false;
}

const char *reader_shown(const char *text, char out[LOG_QUOTED_MAX])
{
    return log_quote(jf_view(text, strnlen(text, SHOWN_MAX)), out);
}

static bool is_plain(const char *name)
{
    for (const char *at = name; *at; at++) {
        bool plain = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
                     (*at >= '0' && *at <= '9') || strchr("$-_/", *at);
        if (!plain)
            return false;
    }
    return *name && strlen(name) <= SHOWN_MAX;
}

size_t reader_descend(struct config_reader *r, const char *name)
{
    char quoted[LOG_QUOTED_MAX];
    size_t mark = r->path_len, room = sizeof(r->path) - mark;
    const char *dot = mark ? "." : "";
    int len = is_plain(name)
                  ? snprintf(r->path + mark, room, "%s%s", dot, name)
                  : snprintf(r->path + mark, room, "[%s]", reader_shown(name, quoted));
    r->path_len += (size_t)len < room ? (size_t)len : room - 1;
    return mark;
}

size_t reader_descend_element(struct config_reader *r, unsigned index)
{
    size_t mark = r->path_len, room = sizeof(r->path) - mark;
    int len = snprintf(r->path + mark, room, "[%u]", index);
    r->path_len += (size_t)len < room ? (size_t)len : room - 1;
    return mark;
}

void reader_climb(struct config_reader *r, size_t mark)
{
    r->path_len = mark;
    r->path[mark] = '\0';
}

const char *reader_type_name(const cJSON *node)
{
    switch (node->type & 0xff) {
    case cJSON_Number:
        return "a number";
    case cJSON_String:
        return "a text";
    case cJSON_Array:
        return "an array";
    case cJSON_Object:
        return "an object";
    case cJSON_NULL:
        return "null";
    default:
        return cJSON_IsTrue(node) ? "true" : "false";
    }
}

bool reader_is_repeated(const cJSON *parent, const cJSON *child)
{
    for (const cJSON *other = parent->child; other != child; other = other->next) {
        if (strcmp(other->string, child->string) == 0)
            return true;
    }
    return false;
}

bool reader_want_object(struct config_reader *r, const cJSON *node)
{
    return cJSON_IsObject(node) ||
           reader_fail(r, "must be an object, not %s", reader_type_name(node));
}

bool reader_is_made_of(const char *text, const char *characters)
{
    size_t len = strlen(text);
    return len > 0 && len <= MADE_OF_MAX && strspn(text, characters) == len;
}

bool reader_flag(struct config_reader *r, const cJSON *node, bool *out)
{
    *out = cJSON_IsTrue(node);
    return cJSON_IsBool(node) ||
           reader_fail(r, "must be true or false, not %s", reader_type_name(node));
}

bool reader_text(struct config_reader *r, const cJSON *node, const char **out)
{
    if (!cJSON_IsString(node))
        return reader_fail(r, "must be a text, not %s", reader_type_name(node));
    if (!*node->valuestring)
        return reader_fail(r, "must not be empty");
    *out = node->valuestring;
    return true;
}

/* A relative name is relative to where the configuration file is. */
static char *in_folder(const struct config_reader *r, const char *file)
{
    size_t len = r->folder ? strlen(r->folder) : 0;
    if (!len || *file == '/')
        return xdup(jf_str(file));
    const char *slash = r->folder[len - 1] == '/' ? "" : "/";
    size_t size = len + strlen(file) + 2;
    char *joined = xalloc(size);
    snprintf(joined, size, "%s%s%s", r->folder, slash, file);
    return joined;
}

bool reader_file(struct config_reader *r, const cJSON *node, char **out)
{
    const char *file = NULL;
    if (!reader_text(r, node, &file))
        return false;
    free(*out);
    *out = in_folder(r, file);
    return true;
}

bool reader_each(struct config_reader *r, const cJSON *node,
                 bool (*read)(struct config_reader *reader, const cJSON *node, void *data),
                 void *data)
{
    const cJSON *child;
    if (!reader_want_object(r, node))
        return false;
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend(r, child->string);
        if (reader_is_repeated(node, child))
            return reader_fail(r, "given twice");
        if (!read(r, child, data))
            return false;
        reader_climb(r, mark);
    }
    return true;
}
