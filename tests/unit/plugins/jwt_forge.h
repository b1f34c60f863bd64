/* Makes tokens, good ones and others. */
#ifndef JF_TEST_JWT_FORGE_H
#define JF_TEST_JWT_FORGE_H

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "sdk/jackfield.h"

#define FORGE_MAX 16384

/* Text of the octets, behind what is in `text` already. */
static inline void forge_append(char *text, const void *octets, size_t len)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const unsigned char *o = octets;
    char *at = text + strlen(text);
    for (size_t i = 0; i < len; i += 3) {
        size_t n = len - i < 3 ? len - i : 3;
        unsigned bits = (unsigned)o[i] << 16 | (n > 1 ? (unsigned)o[i + 1] << 8 : 0) |
                        (n > 2 ? o[i + 2] : 0u);
        for (size_t j = 0; j <= n; j++)
            *at++ = letters[bits >> (18 - 6 * j) & 63];
    }
    *at = '\0';
}

/* "header.payload", from their JSON. */
static inline void forge_input(char *text, jf_bytes header, jf_bytes payload)
{
    assert_true(header.len + payload.len < FORGE_MAX / 2);
    text[0] = '\0';
    forge_append(text, header.ptr, header.len);
    strcat(text, ".");
    forge_append(text, payload.ptr, payload.len);
}

/* A token whose HMAC is right, whatever its header says. `text` has FORGE_MAX characters.
 */
static inline void forge_hmac(char *text, jf_bytes secret, jf_bytes header,
                              jf_bytes payload)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    forge_input(text, header, payload);
    assert_non_null(HMAC(EVP_sha256(), secret.ptr, (int)secret.len,
                         (const unsigned char *)text, strlen(text), mac, &len));
    strcat(text, ".");
    forge_append(text, mac, len);
}

/* Sign with a private key as OpenSSL does it (ECDSA: in DER); returns the length. */
static inline size_t forge_signature(EVP_PKEY *key, const EVP_MD *md, const char *input,
                                     unsigned char *signature, size_t room)
{
    size_t len = room;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, key), 1);
    assert_int_equal(
        EVP_DigestSign(ctx, signature, &len, (const unsigned char *)input, strlen(input)),
        1);
    EVP_MD_CTX_free(ctx);
    return len;
}

#endif
