/* Reads what a file says of a stage: what its events tell of it. The plugins are read in
 * config_trees.c. */
#include "core/parse/config_stage.h"

#include "core/base/memory.h"
#include "core/parse/config_build.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define NAME_MAX_LEN 64
#define VARIABLES_MAX 100
#define VARIABLE_MAX 512 /* octets of a value */

static bool is_made_of(const char *text, const char *characters)
{
    size_t len = strlen(text);
    return len > 0 && len <= NAME_MAX_LEN && strspn(text, characters) == len;
}

bool stage_read_api_id(struct config_reader *r, const cJSON *node,
                       struct config_stage *stage)
{
    const char *text = NULL;
    if (!reader_text(r, node, &text))
        return false;
    if (!is_made_of(text, LETTERS "0123456789-_"))
        return reader_fail(r, "an id is 1 to 64 letters, digits, - and _");
    config_set_text(&stage->api_id, text);
    return true;
}

static bool read_variable(struct config_reader *r, const cJSON *node,
                          struct config_stage *stage)
{
    if (!is_made_of(node->string, LETTERS "0123456789_"))
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
    const cJSON *child;
    if (!reader_want_object(r, node))
        return false;
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend(r, child->string);
        if (reader_is_repeated(node, child))
            return reader_fail(r, "given twice");
        if (!read_variable(r, child, stage))
            return false;
        reader_climb(r, mark);
    }
    return true;
}
