/* The door: which kind of credentials a request has, and what each kind's own file says.
 * Nothing is tried twice: a request that fails by one kind does not get another chance. */
#include "core/credentials/credentials.h"

#include "core/base/memory.h"
#include "core/credentials/sigv4_claim.h"

struct credentials {
    struct sigv4 *sigv4;
    struct bearer *bearer;
    bool has_keys, has_tokens;
};

int credentials_new(const struct credentials_options *options, struct credentials **out,
                    const char **why)
{
    struct credentials *credentials = xnew(struct credentials);
    int status = sigv4_new(options->keys, options->key_count, options->region,
                           jf_str(CREDENTIALS_SERVICE), &credentials->sigv4, why);
    if (status < 0)
        goto fail;
    status = bearer_new(options->tokens, options->token_count, &credentials->bearer, why);
    if (status < 0)
        goto fail;
    credentials->has_keys = options->key_count > 0;
    credentials->has_tokens = options->token_count > 0;
    *out = credentials;
    return JF_OK;

fail:
    credentials_free(credentials);
    return status;
}

void credentials_free(struct credentials *credentials)
{
    if (!credentials)
        return;
    sigv4_free(credentials->sigv4);
    bearer_free(credentials->bearer);
    free(credentials);
}

bool credentials_configured(const struct credentials *credentials)
{
    return credentials->has_keys || credentials->has_tokens;
}

static bool check_token(const struct credentials *credentials, jf_bytes token,
                        struct verdict *verdict)
{
    if (!bearer_check(credentials->bearer, token))
        return verdict_refuse(verdict, VERDICT_UNKNOWN,
                              "The security token included in the request is invalid.");
    verdict->kind = VERDICT_PASS;
    verdict->who = jf_view(NULL, 0);
    verdict->len = 0;
    return true;
}

bool credentials_check(struct credentials *credentials, const struct request *request,
                       int64_t now, struct verdict *verdict)
{
    jf_bytes authorization, token;
    size_t count = request_header(request, "Authorization", &authorization);
    if (!count && !sigv4_is_presigned(request))
        return verdict_refuse(verdict, VERDICT_NO_CREDENTIALS,
                              "Missing Authentication Token");
    if (count == 1 && credentials->has_tokens && bearer_token(authorization, &token))
        return check_token(credentials, token, verdict);
    return sigv4_check(credentials->sigv4, request, now, verdict);
}
