/* Decides about a token by all that the options say. It neither answers nor keeps anything:
 * that is for whoever asked, $authorize or the refresh route. */
#include <string.h>

#include "jwt_plugin.h"

enum jwt_fault authorize_token(struct jwt_worker *worker, jf_bytes token, struct jwt *out)
{
    const struct jwt_options *options = &worker->plugin->options;
    memset(&out->payload, 0, sizeof(out->payload));
    out->claim_count = 0;
    out->subject = jf_view(NULL, 0);
    out->has_owner = false;
    memset(out->owner, 0, sizeof(out->owner));
    out->exp = JWT_NEVER;
    enum jwt_fault fault = jws_parse(token, &out->jws);
    if (!fault)
        fault = jwks_verify(worker->keys.keys, options->algorithms, &out->jws);
    return fault ? fault : jwt_read(out, &options->rules, worker->plugin->now_s());
}

void authorize(struct jwt_worker *worker, const struct jf_connect *connect,
               struct jwt_verdict *out)
{
    struct token_found found;
    memset(&out->jwt.payload, 0, sizeof(out->jwt.payload));
    out->fault = token_find(&worker->plugin->options.sources, connect, &found);
    out->subprotocol = found.subprotocol;
    if (!out->fault)
        out->fault = authorize_token(worker, found.token, &out->jwt);
}

void jwt_verdict_fini(struct jwt_verdict *verdict)
{
    if (verdict)
        jwt_fini(&verdict->jwt);
}

int authorize_until(struct jwt_worker *worker, jf_conn_id conn, const struct jwt *jwt)
{
    const struct jwt_options *options = &worker->plugin->options;
    if (!options->closes)
        return JF_OK;
    struct deadline deadline = {
        .at_s = jwt->exp + options->rules.leeway_s + options->grace_s,
        .conn = conn,
        .has_owner = jwt->has_owner,
    };
    memcpy(deadline.owner, jwt->owner, sizeof(deadline.owner));
    return expiry_put(&worker->seat, &deadline);
}
