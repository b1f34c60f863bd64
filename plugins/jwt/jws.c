/* Takes a token in compact serialization apart and reads its header, strictly. It believes
 * nothing, and it verifies nothing: see jwks.c. The payload is decoded, not read. */
#include "jws.h"

#include <strings.h>

#include "base64url.h"
#include "json_strict.h"

const char *jwt_fault_name(enum jwt_fault fault)
{
    static const char *const names[JWT_FAULTS] = {
#define XX(upper, name) name,
        JWT_FAULT_MAP(XX)
#undef XX
    };
    return names[fault];
}

/* Cut at the two dots; false if there are not exactly two. */
static bool split(jf_bytes token, jf_bytes parts[3])
{
    size_t part = 0;
    parts[0] = jf_view(token.ptr, 0);
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] != '.')
            parts[part].len++;
        else if (++part < 3)
            parts[part] = jf_view(token.ptr + i + 1, 0);
        else
            return false;
    }
    return part == 2;
}

/* RFC 8725, section 3.11: a token of another kind (a logout, a proof of possession) is
 * signed by the same keys, and does not let anybody in. RFC 9068 has "at+jwt". */
static bool is_our_type(const char *typ)
{
    static const char media[] = "application/";
    if (strncasecmp(typ, media, strlen(media)) == 0)
        typ += strlen(media);
    return strcasecmp(typ, "JWT") == 0 || strcasecmp(typ, "at+jwt") == 0;
}

static enum jwt_fault read_header(const cJSON *header, struct jws *out)
{
    const cJSON *alg = cJSON_GetObjectItemCaseSensitive(header, "alg");
    const cJSON *kid = cJSON_GetObjectItemCaseSensitive(header, "kid");
    const cJSON *typ = cJSON_GetObjectItemCaseSensitive(header, "typ");

    if (cJSON_GetObjectItemCaseSensitive(header, "crit"))
        return JWT_FAULT_CRITICAL;
    if (!cJSON_IsString(alg) || (kid && !cJSON_IsString(kid)) ||
        (typ && !cJSON_IsString(typ)))
        return JWT_FAULT_MALFORMED;
    out->alg = jwk_alg_of(alg->valuestring);
    if (out->alg == JWT_ALGS)
        return JWT_FAULT_ALGORITHM;
    if (typ && !is_our_type(typ->valuestring))
        return JWT_FAULT_TYPE;
    size_t len = kid ? strlen(kid->valuestring) : 0;
    if (len > JWK_KID_MAX)
        return JWT_FAULT_TOO_BIG;
    memcpy(out->kid, kid ? kid->valuestring : "", len + 1);
    return JWT_FAULT_NONE;
}

static enum jwt_fault parse_header(jf_bytes text, struct jws *out)
{
    unsigned char octets[JWS_HEADER_MAX];
    struct json_object header;
    size_t len;

    if (BASE64URL_SIZE(text.len) > sizeof(octets))
        return JWT_FAULT_TOO_BIG;
    if (!base64url_decode(text, octets, sizeof(octets), &len) ||
        json_strict_object(jf_view(octets, len), &header) < 0)
        return JWT_FAULT_MALFORMED;
    enum jwt_fault fault = read_header(header.tree, out);
    json_strict_free(&header);
    return fault;
}

enum jwt_fault jws_parse(jf_bytes token, struct jws *out)
{
    jf_bytes parts[3];
    if (!token.len)
        return JWT_FAULT_MISSING;
    if (token.len > JWS_TOKEN_MAX)
        return JWT_FAULT_TOO_BIG;
    if (!split(token, parts))
        return JWT_FAULT_MALFORMED;
    if (BASE64URL_SIZE(parts[2].len) > sizeof(out->signature))
        return JWT_FAULT_TOO_BIG;
    if (!base64url_decode(parts[1], (unsigned char *)out->payload, sizeof(out->payload),
                          &out->payload_len) ||
        !base64url_decode(parts[2], out->signature, sizeof(out->signature),
                          &out->signature_len))
        return JWT_FAULT_MALFORMED;
    out->input = jf_view(token.ptr, parts[0].len + 1 + parts[1].len);
    return parse_header(parts[0], out);
}
