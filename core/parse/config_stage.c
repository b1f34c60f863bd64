/* Reads what a file says of a stage: what its events tell of it, and what becomes of what
 * handlers return. The plugins are read in config_trees.c. */
#include "core/parse/config_stage.h"

#include "core/base/memory.h"
#include "core/parse/config_build.h"

#define VARIABLES_MAX 100
#define TWO_WAY_MAX 300  /* as many as an API of AWS has routes */
#define VARIABLE_MAX 512 /* octets of a value */

bool stage_read_api_id(struct config_reader *r, const cJSON *node,
                       struct config_stage *stage)
{
    const char *text = NULL;
    if (!reader_text(r, node, &text))
        return false;
    if (!reader_is_made_of(text, READER_LETTERS "0123456789-_"))
        return reader_fail(r, "an id is 1 to 64 letters, digits, - and _");
    config_set_text(&stage->api_id, text);
    return true;
}

static bool read_variable(struct config_reader *r, const cJSON *node, void *data)
{
    struct config_stage *stage = data;
    if (!reader_is_made_of(node->string, READER_LETTERS "0123456789_"))
        return reader_fail(r, "a variable's name is 1 to 64 letters, digits and _");
    if (!cJSON_IsString(node))
        return reader_fail(r, "must be a text, not %s", reader_type_name(node));
    if (strlen(node->valuestring) > VARIABLE_MAX)
        return reader_fail(r, "is longer than %d octets", VARIABLE_MAX);
    if (stage->variable_count == VARIABLES_MAX)
        return reader_fail(r, "there are more than %d variables", VARIABLES_MAX);
    size_t size = (stage->variable_count + 1) * sizeof(*stage->variables);
    stage->variables = xrealloc(stage->variables, size);
    stage->variables[stage->variable_count++] = (struct config_variable){
        xdup(jf_str(node->string)),
        xdup(jf_str(node->valuestring)),
    };
    return true;
}

bool stage_read_variables(struct config_reader *r, const cJSON *node,
                          struct config_stage *stage)
{
    return reader_each(r, node, read_variable, stage);
}

static bool is_key(const struct config_stage *stage, const char *key)
{
    for (size_t i = 0; i < stage->two_way_count; i++) {
        if (strcmp(stage->two_way_keys[i], key) == 0)
            return true;
    }
    return false;
}

static bool read_key(struct config_reader *r, const cJSON *node, struct config_stage *stage)
{
    const char *key = NULL;
    if (!reader_text(r, node, &key))
        return false;
    if (strcmp(key, "$disconnect") == 0)
        return reader_fail(r, "nothing can be sent to who has gone");
    if (is_key(stage, key))
        return reader_fail(r, "given twice");
    if (stage->two_way_count == TWO_WAY_MAX)
        return reader_fail(r, "there are more than %d", TWO_WAY_MAX);
    size_t size = (stage->two_way_count + 1) * sizeof(*stage->two_way_keys);
    stage->two_way_keys = xrealloc(stage->two_way_keys, size);
    stage->two_way_keys[stage->two_way_count++] = xdup(jf_str(key));
    return true;
}

bool stage_read_two_way(struct config_reader *r, const cJSON *node,
                        struct config_stage *stage)
{
    const cJSON *child;
    unsigned index = 0;
    stage->two_way = cJSON_IsArray(node)  ? TWO_WAY_SOME
                     : cJSON_IsTrue(node) ? TWO_WAY_ALL
                                          : TWO_WAY_NONE;
    if (!cJSON_IsArray(node))
        return cJSON_IsBool(node) ||
               reader_fail(r, "must be an array of route keys, true or false, not %s",
                           reader_type_name(node));
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend_element(r, index++);
        if (!read_key(r, child, stage))
            return false;
        reader_climb(r, mark);
    }
    return true;
}
