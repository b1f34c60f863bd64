/* What the configuration has the engine of a script know. */
#include <cjson/cJSON.h>

#include "core/base/memory.h"
#include "core/parse/config.h"

char *config_script_options(const struct config *config, const struct config_plugin *plugin,
                            const char *path)
{
    cJSON *tree = cJSON_CreateObject();
    CHECK(cJSON_AddStringToObject(tree, "script", path));
    CHECK(cJSON_AddNumberToObject(tree, "memory_bytes", (double)config->lua.memory_bytes));
    CHECK(cJSON_AddNumberToObject(tree, "budget_ms", (double)config->lua.budget_ms));
    CHECK(cJSON_AddRawToObject(tree, "options", plugin->options));
    char *text = cJSON_PrintUnformatted(tree);
    CHECK(text);
    cJSON_Delete(tree);
    char *copy = xdup(jf_str(text));
    cJSON_free(text);
    return copy;
}
