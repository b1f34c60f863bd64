/* Reads lists of origins and identity sources, and models of messages. */
#include "core/parse/config_access.h"

#include "core/base/memory.h"
#include "core/parse/identity_source.h"
#include "core/parse/origin.h"
#include "core/parse/schema.h"

#define LIST_MAX 100
#define MODELS_MAX 300 /* as many as an API of AWS has routes */

static bool is_listed(char **texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(texts[i], text) == 0)
            return true;
    }
    return false;
}

/* Each must be what `check` takes; if not, it says why. */
static bool read_texts(struct config_reader *r, const cJSON *node,
                       bool (*check)(jf_bytes text, const char **why), char ***texts,
                       size_t *count)
{
    const cJSON *child;
    unsigned index = 0;
    if (!cJSON_IsArray(node))
        return reader_fail(r, "must be an array, not %s", reader_type_name(node));
    cJSON_ArrayForEach(child, node)
    {
        const char *text = NULL, *why = "";
        size_t mark = reader_descend_element(r, index++);
        if (!reader_text(r, child, &text))
            return false;
        if (!check(jf_str(text), &why))
            return reader_fail(r, "%s", why);
        if (is_listed(*texts, *count, text))
            return reader_fail(r, "given twice");
        if (*count == LIST_MAX)
            return reader_fail(r, "there are more than %d", LIST_MAX);
        *texts = xrealloc(*texts, (*count + 1) * sizeof(**texts));
        (*texts)[(*count)++] = xdup(jf_str(text));
        reader_climb(r, mark);
    }
    return true;
}

bool access_read_origins(struct config_reader *r, const cJSON *node,
                         struct config_stage *stage)
{
    return read_texts(r, node, origin_is_pattern, &stage->origins, &stage->origin_count);
}

static bool is_source(jf_bytes text, const char **why)
{
    struct identity_source source;
    *why = "must be route.request.header.NAME or route.request.querystring.NAME";
    return identity_source_read(text, &source);
}

bool access_read_identity(struct config_reader *r, const cJSON *node,
                          struct config_stage *stage)
{
    return read_texts(r, node, is_source, &stage->identity, &stage->identity_count);
}

/* ---- Models ------------------------------------------------------------- */

static bool check_schema(struct config_reader *r, const char *text)
{
    struct schema *schema = NULL;
    struct schema_error error;
    char place[LOG_QUOTED_MAX];
    if (schema_compile(jf_str(text), &schema, &error) == JF_OK) {
        schema_free(schema);
        return true;
    }
    return reader_fail(r, "at %s of the schema: %s",
                       reader_shown(*error.place ? error.place : "/", place), error.text);
}

static bool read_model(struct config_reader *r, const cJSON *node, void *data)
{
    struct config_stage *stage = data;
    if (node->string[0] == '$' && strcmp(node->string, "$default") != 0)
        return reader_fail(r, "only messages have a model");
    if (stage->model_count == MODELS_MAX)
        return reader_fail(r, "there are more than %d", MODELS_MAX);
    char *text = cJSON_PrintUnformatted(node);
    if (!text)
        return reader_fail(r, "there is no memory for it");
    stage->models =
        xrealloc(stage->models, (stage->model_count + 1) * sizeof(*stage->models));
    struct config_model *model = &stage->models[stage->model_count++];
    *model = (struct config_model){ xdup(jf_str(node->string)), xdup(jf_str(text)) };
    cJSON_free(text);
    return check_schema(r, model->schema);
}

bool access_read_models(struct config_reader *r, const cJSON *node,
                        struct config_stage *stage)
{
    return reader_each(r, node, read_model, stage);
}
