/* Reads usage plans and API keys. There may be thousands of keys, so whether two are the
 * same is asked of tables and not of all the others. */
#include "core/parse/config_keys.h"

#include <openssl/sha.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/table.h"
#include "core/parse/config_table.h"
#include "core/parse/config_trees.h"

#define PLANS_MAX 100
#define KEYS_MAX 10000
#define VALUE_MIN 20 /* as in AWS, and up to 128 */
#define VALUE_MAX 128

_Static_assert(CONFIG_DIGEST == SHA256_DIGEST_LENGTH, "it is a SHA-256");

/* ---- Plans -------------------------------------------------------------- */

static bool read_plan(struct config_reader *r, const cJSON *node, void *data)
{
    struct config *config = data;
    if (!reader_is_made_of(node->string, READER_LETTERS "0123456789-_"))
        return reader_fail(r, "a plan's name is 1 to 64 letters, digits, - and _");
    if (config->usage_plan_count == PLANS_MAX)
        return reader_fail(r, "there are more than %d", PLANS_MAX);
    size_t size = (config->usage_plan_count + 1) * sizeof(*config->usage_plans);
    config->usage_plans = xrealloc(config->usage_plans, size);
    struct config_usage_plan *plan = &config->usage_plans[config->usage_plan_count++];
    *plan = (struct config_usage_plan){ .name = xdup(jf_str(node->string)) };
    return config_read_object(r, node, CONFIG_IN_USAGE_PLAN, plan);
}

bool keys_read_plans(struct config_reader *r, const cJSON *node)
{
    return reader_each(r, node, read_plan, r->config);
}

/* The name of a plan to its place. */
static bool read_place(struct config_reader *r, const cJSON *node, size_t *out)
{
    const char *name = NULL;
    char quoted[LOG_QUOTED_MAX];
    if (!reader_text(r, node, &name))
        return false;
    for (size_t i = 0; i < r->config->usage_plan_count; i++) {
        if (strcmp(r->config->usage_plans[i].name, name) == 0) {
            *out = i;
            return true;
        }
    }
    return reader_fail(r, "usage_plans has no %s", reader_shown(name, quoted));
}

/* ---- Keys --------------------------------------------------------------- */

void config_key_digest(jf_bytes value, uint8_t out[CONFIG_DIGEST])
{
    SHA256((const unsigned char *)value.ptr, value.len, out);
}

static bool is_visible(const char *text)
{
    for (; *text; text++) {
        if (*text <= ' ' || *text >= 127)
            return false;
    }
    return true;
}

bool keys_read_value(struct config_reader *r, const cJSON *node, struct config_api_key *key)
{
    const char *value = NULL;
    if (!reader_text(r, node, &value))
        return false;
    size_t len = strlen(value);
    if (len < VALUE_MIN || len > VALUE_MAX || !is_visible(value))
        return reader_fail(r, "must be %d to %d visible ASCII characters", VALUE_MIN,
                           VALUE_MAX);
    config_key_digest(jf_view(value, len), key->digest);
    return true;
}

bool keys_read_sha256(struct config_reader *r, const cJSON *node,
                      struct config_api_key *key)
{
    const char *text = NULL;
    if (!reader_text(r, node, &text))
        return false;
    bool valid = strlen(text) == 2 * sizeof(key->digest);
    for (size_t i = 0; valid && i < sizeof(key->digest); i++) {
        int high = bytes_hex_digit(text[2 * i]), low = bytes_hex_digit(text[2 * i + 1]);
        valid = high >= 0 && low >= 0;
        key->digest[i] = (uint8_t)(valid ? high << 4 | low : 0);
    }
    return valid || reader_fail(r, "must be 64 hexadecimal digits, as sha256sum writes "
                                   "them");
}

bool keys_read_plan(struct config_reader *r, const cJSON *node, struct config_api_key *key)
{
    return read_place(r, node, &key->plan);
}

/* The keys so far. */
struct known {
    struct table ids, digests;
};

static bool has(const cJSON *node, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(node, name) != NULL;
}

static bool is_whole(struct config_reader *r, const cJSON *node)
{
    if (has(node, "value") && has(node, "sha256"))
        return reader_fail(r, "has a \"value\" and a \"sha256\"; choose one");
    if (!has(node, "value") && !has(node, "sha256"))
        return reader_fail(r, "needs a \"value\" or a \"sha256\"");
    return has(node, "plan") || reader_fail(r, "needs a \"plan\"");
}

static bool is_new(struct config_reader *r, struct known *known, struct config_api_key *key)
{
    jf_bytes digest = jf_view(key->digest, sizeof(key->digest));
    const struct config_api_key *other = table_find(&known->digests, digest);
    if (other)
        return reader_fail(r, "has the same value as \"%s\"", other->id);
    table_put(&known->digests, digest, key);
    return true;
}

static bool read_key(struct config_reader *r, const cJSON *node, struct known *known)
{
    struct config *config = r->config;
    if (!reader_is_made_of(node->string, READER_LETTERS "0123456789.-_"))
        return reader_fail(r, "a key's id is 1 to 64 letters, digits, ., - and _");
    if (table_find(&known->ids, jf_str(node->string)))
        return reader_fail(r, "given twice");
    struct config_api_key *key = &config->api_keys[config->api_key_count++];
    *key = (struct config_api_key){ .id = xdup(jf_str(node->string)), .enabled = true };
    table_put(&known->ids, jf_str(key->id), key);
    return config_read_object(r, node, CONFIG_IN_API_KEY, key) && is_whole(r, node) &&
           is_new(r, known, key);
}

static bool read_each(struct config_reader *r, const cJSON *node, struct known *known)
{
    const cJSON *child;
    cJSON_ArrayForEach(child, node)
    {
        size_t mark = reader_descend(r, child->string);
        if (!read_key(r, child, known))
            return false;
        reader_climb(r, mark);
    }
    return true;
}

bool keys_read(struct config_reader *r, const cJSON *node)
{
    struct known known;
    if (!reader_want_object(r, node))
        return false;
    size_t count = (size_t)cJSON_GetArraySize(node);
    if (count > KEYS_MAX)
        return reader_fail(r, "there are more than %d", KEYS_MAX);
    r->config->api_keys = xcalloc(count, sizeof(*r->config->api_keys));
    table_init(&known.ids);
    table_init(&known.digests);
    bool read = read_each(r, node, &known);
    table_fini(&known.ids);
    table_fini(&known.digests);
    return read;
}

/* ---- Stages ------------------------------------------------------------- */

static bool is_listed(const struct config_stage *stage, size_t plan)
{
    for (size_t i = 0; i < stage->plan_count; i++) {
        if (stage->plans[i] == plan)
            return true;
    }
    return false;
}

bool keys_read_stage_plans(struct config_reader *r, const cJSON *node,
                           struct config_stage *stage)
{
    const cJSON *child;
    unsigned index = 0;
    if (!cJSON_IsArray(node))
        return reader_fail(r, "must be an array, not %s", reader_type_name(node));
    if (!node->child)
        return reader_fail(r, "names no plan, so nobody could come in");
    cJSON_ArrayForEach(child, node)
    {
        size_t plan = 0, mark = reader_descend_element(r, index++);
        if (!read_place(r, child, &plan))
            return false;
        if (is_listed(stage, plan))
            return reader_fail(r, "given twice");
        stage->plans =
            xrealloc(stage->plans, (stage->plan_count + 1) * sizeof(*stage->plans));
        stage->plans[stage->plan_count++] = plan;
        reader_climb(r, mark);
    }
    return true;
}

bool keys_check_stage(struct config_reader *r, const cJSON *node)
{
    if (!has(node, "api_key") || has(node, "usage_plans"))
        return true;
    reader_descend(r, "api_key");
    return reader_fail(r, "is for a stage with \"usage_plans\", the plans whose keys it "
                          "takes");
}

void keys_fini(struct config *config)
{
    for (size_t i = 0; i < config->usage_plan_count; i++)
        free(config->usage_plans[i].name);
    for (size_t i = 0; i < config->api_key_count; i++)
        free(config->api_keys[i].id);
    free(config->usage_plans);
    free(config->api_keys);
}
