/* Where in a request for a connection the token is. */
#ifndef JF_JWT_TOKEN_SOURCE_H
#define JF_JWT_TOKEN_SOURCE_H

#include "jwt.h"

#define TOKEN_SOURCES_MAX 8

/* A browser can choose no header but this one, and so offers two subprotocols, one behind
 * the other: the marker, and the token. */
#define TOKEN_MARKER "jackfield.jwt"

enum token_place { TOKEN_IN_HEADER, TOKEN_IN_QUERY, TOKEN_IN_SUBPROTOCOL };

struct token_sources {
    struct {
        enum token_place place;
        const char *name; /* of the header or parameter */
    } list[TOKEN_SOURCES_MAX];
    size_t count;
    struct jwt_names subprotocols; /* that may be chosen, the best one first */
};

/* Both view the request. */
struct token_found {
    jf_bytes token;
    jf_bytes subprotocol; /* to choose, never the token; `ptr` is NULL: choose none */
};

/* The token of the first source that has one. In the header Authorization it follows the
 * scheme Bearer, RFC 6750; another scheme is not ours. JWT_FAULT_MISSING: no source has
 * one; JWT_FAULT_AMBIGUOUS: one has two. `out->subprotocol` is right in any case. [any
 * thread] */
enum jwt_fault token_find(const struct token_sources *sources,
                          const struct jf_connect *connect, struct token_found *out);

#endif
