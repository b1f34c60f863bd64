/* The words of refusals. Which one it is, and its details, is decided elsewhere. */
#include "core/credentials/verdict.h"

#include <openssl/evp.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"

#define DIGEST 32

static const struct {
    const char *name, *error_type;
} kinds[VERDICT_KINDS] = {
    [VERDICT_PASS] = { "pass", NULL },
    [VERDICT_NO_CREDENTIALS] = { "no_credentials", "MissingAuthenticationTokenException" },
    [VERDICT_INCOMPLETE] = { "incomplete", "IncompleteSignatureException" },
    [VERDICT_SCOPE] = { "scope", "InvalidSignatureException" },
    [VERDICT_EXPIRED] = { "expired", "InvalidSignatureException" },
    [VERDICT_NOT_YET] = { "not_yet", "InvalidSignatureException" },
    [VERDICT_UNKNOWN] = { "unknown", "UnrecognizedClientException" },
    [VERDICT_MISMATCH] = { "mismatch", "InvalidSignatureException" },
};

const char *verdict_error_type(enum verdict_kind kind)
{
    return kinds[kind].error_type;
}

const char *verdict_name(enum verdict_kind kind)
{
    return kinds[kind].name;
}

jf_bytes verdict_message(const struct verdict *verdict)
{
    return jf_view(verdict->text, verdict->len);
}

void verdict_add(struct verdict *verdict, jf_bytes text)
{
    for (size_t i = 0; i < text.len && verdict->len < sizeof(verdict->text); i++) {
        char c = text.ptr[i];
        bool plain = (c >= ' ' && c <= '~') || c == '\n';
        verdict->text[verdict->len++] = plain ? c : '?';
    }
}

void verdict_say(struct verdict *verdict, const char *text)
{
    verdict_add(verdict, jf_str(text));
}

bool verdict_refuse(struct verdict *verdict, enum verdict_kind kind, const char *text)
{
    verdict->kind = kind;
    verdict->who = jf_view(NULL, 0);
    verdict->len = 0;
    verdict_say(verdict, text);
    return false;
}

void verdict_add_hashed(struct verdict *verdict, jf_bytes text)
{
    unsigned char digest[DIGEST], base64[DIGEST / 3 * 4 + 4 + 1];
    CHECK(EVP_Digest(text.ptr, text.len, digest, NULL, EVP_sha256(), NULL) == 1);
    int len = EVP_EncodeBlock(base64, digest, sizeof(digest));
    verdict_add(verdict, jf_view(base64, (size_t)len));
}
