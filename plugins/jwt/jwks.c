/* Makes a set of keys out of the text of a file, and finds who has signed a token. It reads
 * no files: see key_files.c. */
#include "jwks.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base64url.h"
#include "json_strict.h"

static int wrong(const char **why, const char *what)
{
    *why = what;
    return JF_E_INVALID;
}

/* Takes the key over. */
static int put(struct jwks *keys, struct jwk *key, const char **why)
{
    if (keys->count == JWKS_KEYS_MAX) {
        jwk_fini(key);
        return wrong(why, "there are more than 64 keys");
    }
    keys->keys[keys->count++] = *key;
    return JF_OK;
}

static int put_named(struct jwks *keys, struct jwk *key, const char *kid, const char **why)
{
    if (!key->kid[0] && !jwk_name(key, kid)) {
        jwk_fini(key);
        return wrong(why, "a \"kid\" is a string of 128 octets at most");
    }
    return put(keys, key, why);
}

/* ---- JWKS ------------------------------------------------------------------------------
 */

static int add_json_key(struct jwks *keys, const cJSON *json, const char *kid,
                        const char **why)
{
    struct jwk key;
    int status = cJSON_IsObject(json) && json_strict_has_twins(json)
                     ? wrong(why, "a member of a key stands there twice")
                     : jwk_from_json(json, &key, why);
    if (status == JF_E_INVALID) {
        keys->skipped++;
        keys->skipped_why = *why;
    }
    if (status == JF_E_INVALID || status == JF_E_NOT_FOUND)
        return JF_OK;
    return status < 0 ? status : put_named(keys, &key, kid, why);
}

/* A set, or a single key: RFC 7517, sections 5 and 4. */
static int add_json_keys(struct jwks *keys, const cJSON *set, const char *kid,
                         const char **why)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(set, "keys"), *json;
    int status = JF_OK;
    if (!list && cJSON_HasObjectItem(set, "kty"))
        return add_json_key(keys, set, kid, why);
    if (!cJSON_IsArray(list))
        return wrong(why, "a JWKS is an object with an array \"keys\"");
    cJSON_ArrayForEach(json, list)
    {
        if (status == JF_OK)
            status = add_json_key(keys, json, kid, why);
    }
    return status;
}

static int add_json(struct jwks *keys, jf_bytes text, const char *kid, const char **why)
{
    struct json_object set;
    if (json_strict_object(text, &set) < 0)
        return wrong(why, "it is not JSON, or not as strict as keys have to be");
    int status = add_json_keys(keys, set.tree, kid, why);
    json_strict_free(&set);
    return status;
}

/* ---- PEM -------------------------------------------------------------------------------
 */

static int add_der(struct jwks *keys, const char *label, const unsigned char *der, long len,
                   const char *kid, const char **why)
{
    struct jwk key;
    const unsigned char *at = der;
    if (strcmp(label, PEM_STRING_PUBLIC) != 0)
        return wrong(why, "of PEM only PUBLIC KEY is read");
    EVP_PKEY *pkey = d2i_PUBKEY(NULL, &at, len);
    if (pkey && at != der + len) {
        EVP_PKEY_free(pkey);
        pkey = NULL;
    }
    if (!pkey)
        return wrong(why, "it is no public key");
    int status = jwk_from_pkey(pkey, &key, why);
    return status < 0 ? status : put_named(keys, &key, kid, why);
}

/* One block after the other. JF_E_NOT_FOUND: that was the last. */
static int add_block(struct jwks *keys, BIO *bio, const char *kid, const char **why)
{
    char *label = NULL, *header = NULL;
    unsigned char *der = NULL;
    long len = 0;
    if (PEM_read_bio(bio, &label, &header, &der, &len) != 1)
        return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE
                   ? JF_E_NOT_FOUND
                   : wrong(why, "it is broken PEM");
    int status = add_der(keys, label, der, len, kid, why);
    OPENSSL_free(label);
    OPENSSL_free(header);
    OPENSSL_clear_free(der, len > 0 ? (size_t)len : 0); /* if it was a private key */
    return status;
}

static int add_pem(struct jwks *keys, jf_bytes text, const char *kid, const char **why)
{
    int status = JF_OK;
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    if (!bio)
        return JF_E_NOMEM;
    ERR_clear_error();
    while (status == JF_OK)
        status = add_block(keys, bio, kid, why);
    BIO_free(bio);
    ERR_clear_error();
    return status == JF_E_NOT_FOUND ? JF_OK : status;
}

/* ---- Secrets ---------------------------------------------------------------------------
 */

static int add_octets(struct jwks *keys, jf_bytes octets, const char *kid, const char **why)
{
    struct jwk key;
    int status = jwk_from_secret(octets, &key, why);
    return status < 0 ? status : put_named(keys, &key, kid, why);
}

/* A text file ends with a line break; base64url has none. */
static int add_base64url(struct jwks *keys, jf_bytes text, const char *kid,
                         const char **why)
{
    unsigned char octets[JWK_SECRET_MAX];
    size_t len;
    while (text.len && strchr(" \t\r\n", text.ptr[text.len - 1]) && text.ptr[text.len - 1])
        text.len--;
    if (!base64url_decode(text, octets, sizeof(octets), &len))
        return wrong(why, "it is not base64url without padding, of 1024 octets at most");
    int status = add_octets(keys, jf_view(octets, len), kid, why);
    OPENSSL_cleanse(octets, sizeof(octets));
    return status;
}

/* ---- All of them -----------------------------------------------------------------------
 */

static enum jwks_format guess(jf_bytes text)
{
    size_t at = 0;
    while (at < text.len && text.ptr[at] && strchr(" \t\r\n", text.ptr[at]))
        at++;
    return at < text.len && text.ptr[at] == '{' ? JWKS_JSON : JWKS_PEM;
}

int jwks_add(struct jwks *keys, enum jwks_format format, jf_bytes text, const char *kid,
             const char **why)
{
    size_t before = keys->count;
    int status = JF_OK;
    if (text.len > JWKS_TEXT_MAX)
        return wrong(why, "it is larger than 256 KiB");
    switch (format == JWKS_GUESS ? guess(text) : format) {
    case JWKS_GUESS:
    case JWKS_JSON:
        status = add_json(keys, text, kid, why);
        break;
    case JWKS_PEM:
        status = add_pem(keys, text, kid, why);
        break;
    case JWKS_SECRET:
        return add_octets(keys, text, kid, why);
    case JWKS_SECRET_BASE64URL:
        return add_base64url(keys, text, kid, why);
    }
    if (status == JF_OK && keys->count == before)
        return wrong(why, keys->skipped_why ? keys->skipped_why : "there is no key in it");
    return status;
}

void jwks_fini(struct jwks *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->count; i++)
        jwk_fini(&keys->keys[i]);
    memset(keys, 0, sizeof(*keys));
}

/* ---- Who has signed it -----------------------------------------------------------------
 */

/* How many keys were tried for a token. */
struct trials {
    size_t count;
    bool too_many;
};

/* Those of that name, or of any if it is NULL. */
static bool try_keys(const struct jwks *keys, const struct jws *jws, const char *name,
                     struct trials *trials)
{
    jf_bytes signature = jf_view(jws->signature, jws->signature_len);
    for (size_t i = 0; i < keys->count; i++) {
        const struct jwk *key = &keys->keys[i];
        if (key->alg != jws->alg || (name && strcmp(key->kid, name) != 0))
            continue;
        trials->too_many = trials->count == JWKS_TRIALS_MAX;
        if (trials->too_many)
            return false;
        trials->count++;
        if (jwk_verifies(key, jws->input, signature))
            return true;
    }
    return false;
}

enum jwt_fault jwks_verify(const struct jwks *keys, unsigned allowed, const struct jws *jws)
{
    struct trials trials = { 0, false };
    if (!(allowed & 1u << jws->alg))
        return JWT_FAULT_ALGORITHM;
    bool good = try_keys(keys, jws, jws->kid[0] ? jws->kid : NULL, &trials);
    if (!good && jws->kid[0])
        good = try_keys(keys, jws, "", &trials);
    if (good)
        return JWT_FAULT_NONE;
    return trials.too_many ? JWT_FAULT_TOO_MANY_KEYS
           : trials.count  ? JWT_FAULT_SIGNATURE
                           : JWT_FAULT_UNKNOWN_KEY;
}
