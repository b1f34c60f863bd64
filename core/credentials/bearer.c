/* Compares tokens by their keyed hashes, always with all of them. */
#include "core/credentials/bearer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/random.h"

#define DIGEST 32

struct bearer {
    unsigned char key[DIGEST];
    size_t count;
    unsigned char hashes[BEARER_TOKENS_MAX][DIGEST];
};

static bool is_token(jf_bytes token)
{
    size_t len = token.len;
    while (len && token.ptr[len - 1] == '=')
        len--;
    for (size_t i = 0; i < len; i++) {
        char c = bytes_lower_char(token.ptr[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && !memchr("-._~+/", c, 6))
            return false;
    }
    return len > 0;
}

static const char *what_is_wrong(const jf_bytes *tokens, size_t count)
{
    if (count > BEARER_TOKENS_MAX)
        return "there are at most 64 tokens";
    for (size_t i = 0; i < count; i++) {
        if (tokens[i].len < BEARER_TOKEN_MIN || tokens[i].len > BEARER_TOKEN_MAX)
            return "a token has 16 to 4096 characters";
        if (!is_token(tokens[i]))
            return "a token has letters, digits, '-', '.', '_', '~', '+', '/', and '=' at "
                   "its end";
    }
    return NULL;
}

static void hash(const struct bearer *bearer, jf_bytes token, unsigned char out[DIGEST])
{
    unsigned len = DIGEST;
    CHECK(HMAC(EVP_sha256(), bearer->key, DIGEST, (const unsigned char *)token.ptr,
               token.len, out, &len));
}

int bearer_new(const jf_bytes *tokens, size_t count, struct bearer **out, const char **why)
{
    const char *wrong = what_is_wrong(tokens, count);
    if (wrong) {
        *why = wrong;
        return JF_E_INVALID;
    }
    struct bearer *bearer = xnew(struct bearer);
    random_fill(bearer->key, sizeof(bearer->key));
    for (size_t i = 0; i < count; i++)
        hash(bearer, tokens[i], bearer->hashes[i]);
    bearer->count = count;
    *out = bearer;
    return JF_OK;
}

void bearer_free(struct bearer *bearer)
{
    if (!bearer)
        return;
    OPENSSL_cleanse(bearer, sizeof(*bearer));
    free(bearer);
}

bool bearer_token(jf_bytes authorization, jf_bytes *out)
{
    jf_bytes value = bytes_trim(authorization);
    size_t blank = bytes_find(value, ' ');
    if (!bytes_eq_nocase(jf_view(value.ptr, blank), "Bearer"))
        return false;
    *out = bytes_trim(bytes_from(value, blank));
    return true;
}

bool bearer_check(const struct bearer *bearer, jf_bytes token)
{
    unsigned char digest[DIGEST];
    bool known = false;
    if (token.len > BEARER_TOKEN_MAX || !token.len)
        return false;
    hash(bearer, token, digest);
    for (size_t i = 0; i < bearer->count; i++)
        known |= CRYPTO_memcmp(digest, bearer->hashes[i], DIGEST) == 0;
    return known;
}
