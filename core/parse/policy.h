/*
 * policy - what an authorizer of API Gateway answers, and whether that lets somebody in.
 *
 *   { "principalId": "user",
 *     "policyDocument": { "Version": "2012-10-17", "Statement": [
 *         { "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": "arn:..." } ] },
 *     "context": { "name": "value", "number": 1, "yes": true },
 *     "usageIdentifierKey": "key" }
 *
 * "Output from an API Gateway Lambda authorizer" and IAM's policy language have the rules.
 * A statement is about a call if one of its actions and one of its resources match; "*"
 * stands for any text, slashes and colons included, "?" for a character. Actions ignore
 * case, resources do not. A Deny that is about the call wins; without an Allow it is
 * denied, too. Statement may be an object, Action and Resource a text or a list; Sid, Id
 * and Version are allowed. What we do not evaluate (Condition, NotAction, NotResource,
 * Principal) is an error, as is a name IAM does not know, or one that comes twice: a rule
 * that is not kept must not look as if it were. Beside the four members above others are
 * passed over.
 *
 * The context is optional. Its texts stay, numbers, true and false become the text they are
 * written as, null is left out, objects and lists are an error, as AWS has it. A number
 * keeps all its digits.
 */
#ifndef JF_PARSE_POLICY_H
#define JF_PARSE_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "sdk/jackfield.h"

#define POLICY_TEXT_MAX 8192   /* octets of an answer: AWS's quota */
#define POLICY_CONTEXT_MAX 256 /* members of a context */
#define POLICY_WHY_MAX 128

/* The views stay valid until policy_fini(). */
struct policy_answer {
    bool allow;
    jf_bytes principal;
    jf_bytes usage_key; /* `ptr` is NULL if there is none */
    struct jf_pair *context;
    size_t context_count;
    char *memory; /* what the views point into */
};

/* The answer for a call of `arn`, as in
 * arn:aws:execute-api:region:account:api/stage/$connect. JF_E_INVALID, with a sentence for
 * the log in `why`: it is none, which AWS answers with 500. [any thread] */
int policy_read(jf_bytes text, jf_bytes arn, struct policy_answer *out,
                char why[POLICY_WHY_MAX]);
void policy_fini(struct policy_answer *answer); /* zeroed is accepted */

/* Does the text match, "*" and "?" being what they are in policies? Time is at most the
 * product of both lengths. */
bool policy_matches(jf_bytes pattern, jf_bytes text, bool ignore_case);

#endif
