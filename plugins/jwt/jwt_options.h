/* What the configuration says to this plugin; docs/jwt.md has the manual. */
#ifndef JF_JWT_OPTIONS_H
#define JF_JWT_OPTIONS_H

#include "jwt.h"
#include "key_files.h"
#include "token_source.h"

struct jwt_options {
    cJSON *json; /* all text below lies in it */
    struct key_source keys[KEY_FILES_MAX];
    size_t key_count;
    unsigned algorithms; /* a bit, 1 << alg, for each that is allowed */
    struct jwt_rules rules;
    struct token_sources sources;
    bool closes; /* a connection whose token has expired */
    int64_t grace_s;
    const char *refresh_route; /* NULL: there is none */
};

/* Read them. JF_E_INVALID: one of them is wrong, and the log says which and why. The result
 * is the caller's to jwt_options_free(). [main thread, in init] */
int jwt_options_read(jf_self *self, jf_bytes text, struct jwt_options *out);
void jwt_options_free(struct jwt_options *options);

#endif
