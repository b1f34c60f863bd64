/* Reads the options by one table. What is not in the table, or not as it should be, stops
 * the start: a misspelt "audience" must not mean that there is none. */
#include "jwt_options.h"

#include <stdlib.h>

#define LEEWAY_S 30
#define LEEWAY_MAX_S 600
#define GRACE_S 30
#define GRACE_MAX_S 86400
#define REFRESH_ROUTE "refresh"
#define ROUTE_MAX 128

static bool is_text(const cJSON *json)
{
    return cJSON_IsString(json) && json->valuestring[0];
}

/* One, or an array of at least one; NULL when it was good. */
static bool read_names(const cJSON *json, struct jwt_names *out)
{
    const cJSON *one = cJSON_IsArray(json) ? json->child : json;
    out->count = 0;
    for (; one; one = one->next) {
        if (!is_text(one) || out->count == JWT_NAMES_MAX)
            return false;
        out->names[out->count++] = one->valuestring;
        if (one == json)
            break;
    }
    return out->count > 0;
}

/* ---- Keys ------------------------------------------------------------------------------
 */

static const struct {
    const char *name;
    enum jwks_format format;
} formats[] = {
    { "jwks", JWKS_JSON },
    { "pem", JWKS_PEM },
    { "secret", JWKS_SECRET },
    { "secret_base64url", JWKS_SECRET_BASE64URL },
};

static bool read_format(const cJSON *json, enum jwks_format *out)
{
    for (size_t i = 0; is_text(json) && i < sizeof(formats) / sizeof(formats[0]); i++) {
        if (strcmp(json->valuestring, formats[i].name) == 0) {
            *out = formats[i].format;
            return true;
        }
    }
    return false;
}

static bool read_key_member(const cJSON *json, struct key_source *out)
{
    if (strcmp(json->string, "as") == 0)
        return read_format(json, &out->format);
    if (!is_text(json))
        return false;
    if (strcmp(json->string, "file") == 0)
        out->path = json->valuestring;
    else if (strcmp(json->string, "kid") == 0 && strlen(json->valuestring) <= JWK_KID_MAX)
        out->kid = json->valuestring;
    else
        return false;
    return true;
}

static bool read_key(const cJSON *json, struct key_source *out)
{
    *out = (struct key_source){ .format = JWKS_GUESS };
    if (is_text(json))
        out->path = json->valuestring;
    else if (!cJSON_IsObject(json))
        return false;
    for (const cJSON *member = json->child; member; member = member->next) {
        if (!read_key_member(member, out))
            return false;
    }
    return out->path != NULL;
}

static const char *read_keys(struct jwt_options *options, const cJSON *json)
{
    const cJSON *one = cJSON_IsArray(json) ? json->child : json;
    options->key_count = 0;
    for (; one; one = one->next) {
        if (options->key_count == KEY_FILES_MAX)
            return "there may be 16 files";
        if (!read_key(one, &options->keys[options->key_count++]))
            return "a key is a file name, or {file, as: jwks|pem|secret|secret_base64url, "
                   "kid}";
        if (one == json)
            break;
    }
    return options->key_count ? NULL : "at least one file is needed";
}

/* ---- What a token must be --------------------------------------------------------------
 */

static const char *read_algorithms(struct jwt_options *options, const cJSON *json)
{
    struct jwt_names names;
    bool good = read_names(json, &names);
    options->algorithms = 0;
    for (size_t i = 0; good && i < names.count; i++) {
        enum jwt_alg alg = jwk_alg_of(names.names[i]);
        good = alg != JWT_ALGS;
        options->algorithms |= 1u << alg;
    }
    return good ? NULL : "of HS256, RS256, ES256 and EdDSA, at least one";
}

static const char *read_issuer(struct jwt_options *options, const cJSON *json)
{
    return read_names(json, &options->rules.issuers) ? NULL
                                                     : "a string, or an array of 1 to 32";
}

static const char *read_audience(struct jwt_options *options, const cJSON *json)
{
    return read_names(json, &options->rules.audiences) ? NULL
                                                       : "a string, or an array of 1 to 32";
}

static const char *read_claims(struct jwt_options *options, const cJSON *json)
{
    options->rules.all_claims = is_text(json) && strcmp(json->valuestring, "all") == 0;
    if (options->rules.all_claims || (cJSON_IsArray(json) && !json->child))
        return NULL;
    return cJSON_IsArray(json) && read_names(json, &options->rules.claims)
               ? NULL
               : "\"all\", or an array of up to 32 names";
}

static bool read_seconds(const cJSON *json, int64_t max, int64_t *out)
{
    double value = cJSON_IsNumber(json) ? json->valuedouble : -1;
    if (!(value >= 0 && value <= (double)max) || value != (double)(int64_t)value)
        return false;
    *out = (int64_t)value;
    return true;
}

static const char *read_leeway(struct jwt_options *options, const cJSON *json)
{
    return read_seconds(json, LEEWAY_MAX_S, &options->rules.leeway_s)
               ? NULL
               : "whole seconds, 0 to 600";
}

/* ---- Where it is -----------------------------------------------------------------------
 */

static bool read_place(const char *text, struct token_sources *sources)
{
    static const struct {
        const char *prefix;
        enum token_place place;
    } places[] = { { "header:", TOKEN_IN_HEADER }, { "query:", TOKEN_IN_QUERY } };
    size_t at = sources->count++;
    if (strcmp(text, "subprotocol") == 0) {
        sources->list[at].place = TOKEN_IN_SUBPROTOCOL;
        return true;
    }
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        size_t len = strlen(places[i].prefix);
        if (strncmp(text, places[i].prefix, len) != 0)
            continue;
        sources->list[at].place = places[i].place;
        sources->list[at].name = text + len;
        return text[len] != '\0';
    }
    return false;
}

static const char *read_from(struct jwt_options *options, const cJSON *json)
{
    struct jwt_names names;
    bool good = read_names(json, &names) && names.count <= TOKEN_SOURCES_MAX;
    options->sources.count = 0;
    for (size_t i = 0; good && i < names.count; i++)
        good = read_place(names.names[i], &options->sources);
    return good ? NULL : "up to 8 of header:NAME, query:NAME and subprotocol";
}

static const char *read_subprotocol(struct jwt_options *options, const cJSON *json)
{
    return read_names(json, &options->sources.subprotocols)
               ? NULL
               : "a string, or an array of 1 to 32";
}

/* ---- What happens when it expires ------------------------------------------------------
 */

static const char *read_expire(struct jwt_options *options, const cJSON *json)
{
    options->closes = is_text(json) && strcmp(json->valuestring, "close") == 0;
    return options->closes || (is_text(json) && strcmp(json->valuestring, "ignore") == 0)
               ? NULL
               : "\"close\" or \"ignore\"";
}

static const char *read_grace(struct jwt_options *options, const cJSON *json)
{
    return read_seconds(json, GRACE_MAX_S, &options->grace_s) ? NULL
                                                              : "whole seconds, 0 to 86400";
}

static const char *read_refresh_route(struct jwt_options *options, const cJSON *json)
{
    options->refresh_route = NULL;
    if (cJSON_IsNull(json))
        return NULL;
    if (!is_text(json) || json->valuestring[0] == '$' ||
        strlen(json->valuestring) > ROUTE_MAX)
        return "null, or a route key of up to 128 octets that does not begin with $";
    options->refresh_route = json->valuestring;
    return NULL;
}

/* ---- All of them -----------------------------------------------------------------------
 */

static const struct {
    const char *name;
    const char *(*read)(struct jwt_options *options, const cJSON *json); /* NULL, or why */
} known[] = {
    { "keys", read_keys },
    { "algorithms", read_algorithms },
    { "issuer", read_issuer },
    { "audience", read_audience },
    { "leeway_s", read_leeway },
    { "from", read_from },
    { "subprotocol", read_subprotocol },
    { "claims", read_claims },
    { "expire", read_expire },
    { "grace_s", read_grace },
    { "refresh_route", read_refresh_route },
};
#define KNOWN (sizeof(known) / sizeof(known[0]))

static const char *read_one(struct jwt_options *options, const cJSON *json)
{
    for (size_t i = 0; i < KNOWN; i++) {
        if (strcmp(json->string, known[i].name) == 0)
            return known[i].read(options, json);
    }
    return "there is no such option";
}

/* What has to be there, and what makes no sense together; NULL, or the name of the option
 * that is wrong. */
static const char *check_whole(struct jwt_options *options, const char **why)
{
    if (!options->key_count) {
        *why = "at least one file is needed";
        return "keys";
    }
    options->rules.needs_exp = options->closes;
    if (options->closes)
        return NULL;
    *why = "it needs \"expire\": \"close\"";
    if (options->refresh_route && cJSON_HasObjectItem(options->json, "refresh_route"))
        return "refresh_route";
    options->refresh_route = NULL;
    return cJSON_HasObjectItem(options->json, "grace_s") ? "grace_s" : NULL;
}

/* NULL, or the name of the first option that is wrong. */
static const char *read_all(struct jwt_options *options, const char **why)
{
    if (!cJSON_IsObject(options->json)) {
        *why = "they are no object";
        return "";
    }
    for (const cJSON *json = options->json->child; json; json = json->next) {
        *why = read_one(options, json);
        if (*why)
            return json->string;
    }
    return check_whole(options, why);
}

int jwt_options_read(jf_self *self, jf_bytes text, struct jwt_options *out)
{
    struct jwt_options options = { .json = cJSON_ParseWithLength(text.ptr, text.len),
                                   .algorithms = (1u << JWT_ALGS) - 1,
                                   .rules = { .all_claims = true, .leeway_s = LEEWAY_S },
                                   .closes = true,
                                   .grace_s = GRACE_S,
                                   .refresh_route = REFRESH_ROUTE };
    options.sources.list[0].place = TOKEN_IN_HEADER;
    options.sources.list[0].name = "Authorization";
    options.sources.count = 1;

    const char *why = NULL, *wrong = read_all(&options, &why);
    if (wrong) {
        jf_log(self, JF_ERROR, "event=bad_option option=\"%s\" why=\"%s\"", wrong, why);
        jwt_options_free(&options);
        return JF_E_INVALID;
    }
    *out = options;
    return JF_OK;
}

void jwt_options_free(struct jwt_options *options)
{
    if (!options)
        return;
    cJSON_Delete(options->json);
    memset(options, 0, sizeof(*options));
}
