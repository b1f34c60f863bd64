/* Reads the claims of a token: whether it is good now, here and from them, and what it says
 * of its owner. It trusts that the signature was looked at before; that also bounds what a
 * stranger can make us compute here. */
#include "jwt.h"

#include <openssl/evp.h>

static const cJSON *claim(const struct jwt *jwt, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(jwt->payload.tree, name);
}

static bool is_one_of(const struct jwt_names *names, const char *name)
{
    for (size_t i = 0; name && i < names->count; i++) {
        if (strcmp(names->names[i], name) == 0)
            return true;
    }
    return false;
}

/* ---- Times -----------------------------------------------------------------------------
 */

/* A NumericDate (RFC 7519, section 2) may have a fraction, which is cut off: a token ends a
 * little sooner. False: it is there and no time of this calendar. */
static bool read_time(const struct jwt *jwt, const char *name, int64_t otherwise,
                      int64_t *out)
{
    const cJSON *json = claim(jwt, name);
    if (!json) {
        *out = otherwise;
        return true;
    }
    if (!cJSON_IsNumber(json) || !(json->valuedouble >= -(double)JWT_TIME_MAX) ||
        !(json->valuedouble <= (double)JWT_TIME_MAX))
        return false;
    *out = (int64_t)json->valuedouble;
    return true;
}

static enum jwt_fault check_end(struct jwt *jwt, const struct jwt_rules *rules,
                                int64_t now_s)
{
    if (!read_time(jwt, "exp", JWT_NEVER, &jwt->exp))
        return JWT_FAULT_CLAIMS;
    if (jwt->exp == JWT_NEVER)
        return rules->needs_exp ? JWT_FAULT_NO_EXPIRY : JWT_FAULT_NONE;
    return jwt->exp + rules->leeway_s <= now_s ? JWT_FAULT_EXPIRED : JWT_FAULT_NONE;
}

/* That a token was made in the future says that a clock is wrong, ours or theirs. */
static enum jwt_fault check_beginning(const struct jwt *jwt, const struct jwt_rules *rules,
                                      int64_t now_s)
{
    static const char *const names[] = { "nbf", "iat" };
    for (size_t i = 0; i < 2; i++) {
        int64_t from;
        if (!read_time(jwt, names[i], INT64_MIN, &from))
            return JWT_FAULT_CLAIMS;
        if (from > now_s + rules->leeway_s)
            return JWT_FAULT_NOT_YET;
    }
    return JWT_FAULT_NONE;
}

/* ---- From whom, for whom ---------------------------------------------------------------
 */

static enum jwt_fault check_issuer(const struct jwt *jwt, const struct jwt_rules *rules)
{
    const cJSON *iss = claim(jwt, "iss");
    if (iss && !cJSON_IsString(iss))
        return JWT_FAULT_CLAIMS;
    if (rules->issuers.count && !is_one_of(&rules->issuers, cJSON_GetStringValue(iss)))
        return JWT_FAULT_ISSUER;
    return JWT_FAULT_NONE;
}

/* RFC 7519, section 4.1.3: a string, or an array of them; who is not named refuses. */
static enum jwt_fault check_audience(const struct jwt *jwt, const struct jwt_rules *rules)
{
    const cJSON *aud = claim(jwt, "aud");
    const cJSON *one = cJSON_IsArray(aud) ? aud->child : aud;
    bool ours = !aud && !rules->audiences.count;
    for (; one; one = one->next) {
        if (!cJSON_IsString(one))
            return JWT_FAULT_CLAIMS;
        ours = ours || is_one_of(&rules->audiences, one->valuestring);
        if (one == aud)
            break; /* what is next to it are other claims */
    }
    return ours ? JWT_FAULT_NONE : JWT_FAULT_AUDIENCE;
}

/* A subject is somebody only together with who says so. The NUL between the two is in
 * neither. */
static enum jwt_fault read_owner(struct jwt *jwt)
{
    const cJSON *sub = claim(jwt, "sub");
    const char *iss = cJSON_GetStringValue(claim(jwt, "iss"));
    if (!sub)
        return JWT_FAULT_NONE;
    if (!cJSON_IsString(sub))
        return JWT_FAULT_CLAIMS;
    jwt->subject = jf_str(sub->valuestring);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    jwt->has_owner =
        ctx && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1 &&
        EVP_DigestUpdate(ctx, iss ? iss : "", iss ? strlen(iss) + 1 : 1) == 1 &&
        EVP_DigestUpdate(ctx, sub->valuestring, strlen(sub->valuestring)) == 1 &&
        EVP_DigestFinal_ex(ctx, jwt->owner, NULL) == 1;
    EVP_MD_CTX_free(ctx);
    return JWT_FAULT_NONE;
}

/* ---- Context ---------------------------------------------------------------------------
 */

static bool is_scalar(const cJSON *json)
{
    return cJSON_IsString(json) || cJSON_IsNumber(json) || cJSON_IsBool(json);
}

/* A string without its quotes; everything else as it stands there, so that a number of
 * twenty digits keeps them all. */
static jf_bytes value_of(const cJSON *json, jf_bytes text)
{
    return cJSON_IsString(json) ? jf_str(json->valuestring) : text;
}

/* What does not fit refuses the token: a claim that is silently missing may be the one that
 * says "read only". */
static bool keep(struct jwt *jwt, const cJSON *json, jf_bytes text)
{
    struct jf_pair pair = { jf_str(json->string), value_of(json, text) };
    if (jwt->claim_count == JWT_CLAIMS_MAX || pair.name.len == 0 ||
        pair.name.len > JWT_CLAIM_NAME_MAX || pair.value.len > JWT_CLAIM_VALUE_MAX)
        return false;
    jwt->claims[jwt->claim_count++] = pair;
    return true;
}

static enum jwt_fault read_context(struct jwt *jwt, const struct jwt_rules *rules)
{
    size_t at = 0;
    for (const cJSON *json = jwt->payload.tree->child; json; json = json->next, at++) {
        bool wanted = rules->all_claims
                          ? is_scalar(json)
                          : !cJSON_IsNull(json) && is_one_of(&rules->claims, json->string);
        if (wanted && !keep(jwt, json, jwt->payload.values[at]))
            return JWT_FAULT_CLAIMS;
    }
    return JWT_FAULT_NONE;
}

/* ---- All of it -------------------------------------------------------------------------
 */

enum jwt_fault jwt_read(struct jwt *jwt, const struct jwt_rules *rules, int64_t now_s)
{
    jf_bytes text = jf_view(jwt->jws.payload, jwt->jws.payload_len);
    int status = json_strict_object(text, &jwt->payload);
    if (status < 0)
        return status == JF_E_TOO_BIG ? JWT_FAULT_CLAIMS : JWT_FAULT_MALFORMED;
    enum jwt_fault fault = check_end(jwt, rules, now_s);
    if (!fault)
        fault = check_beginning(jwt, rules, now_s);
    if (!fault)
        fault = check_issuer(jwt, rules);
    if (!fault)
        fault = check_audience(jwt, rules);
    if (!fault)
        fault = read_owner(jwt);
    return fault ? fault : read_context(jwt, rules);
}

void jwt_fini(struct jwt *jwt)
{
    if (jwt)
        json_strict_free(&jwt->payload);
}
