/*
 * credentials - may this request of the management API pass?
 *
 * By an AWS signature (sigv4.h) or a bearer token (bearer.h), of those that are configured.
 * Whether a request needs any, because of where it comes from, is the host's to know.
 * Each thread that checks has its own. [home worker]
 */
#ifndef JF_CREDENTIALS_CREDENTIALS_H
#define JF_CREDENTIALS_CREDENTIALS_H

#include "core/credentials/bearer.h"
#include "core/credentials/sigv4.h"

#define CREDENTIALS_SERVICE "execute-api"

struct credentials;

/* What the configuration says. Borrowed by credentials_new(), which copies what it needs.
 */
struct credentials_options {
    const struct sigv4_key *keys;
    size_t key_count;
    const jf_bytes *tokens;
    size_t token_count;
    jf_bytes region; /* empty: any */
};

/* JF_E_INVALID with *why, a constant sentence. */
int credentials_new(const struct credentials_options *options, struct credentials **out,
                    const char **why);

/* Wipes every secret. Accepts NULL. */
void credentials_free(struct credentials *credentials);

/* Is there any key or token? If not, no request passes. */
bool credentials_configured(const struct credentials *credentials);

/* `now` in seconds since 1970, by the clock on the wall. True with VERDICT_PASS, or false
 * with the refusal in `verdict`, whose `who` lasts as long as the credentials do. */
bool credentials_check(struct credentials *credentials, const struct request *request,
                       int64_t now, struct verdict *verdict);

#endif
