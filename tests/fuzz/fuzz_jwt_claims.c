/* What a token claims, after its signature was good: the JSON itself, so that no base64url
 * stands in the way. The first octet chooses the rules. */
#include "core/base/check.h"
#include "plugins/jwt/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW 1300000000

static struct jwt_rules rules_of(uint8_t choice)
{
    struct jwt_rules rules = { .leeway_s = choice >> 4 };
    rules.claims = (struct jwt_names){ { "sub", "roles", "exp" }, 3 };
    rules.all_claims = choice & 1;
    rules.needs_exp = choice & 2;
    if (choice & 4)
        rules.issuers = (struct jwt_names){ { "joe", "ann" }, 2 };
    if (choice & 8)
        rules.audiences = (struct jwt_names){ { "chat" }, 1 };
    return rules;
}

static void check_good(const struct jwt *jwt, const struct jwt_rules *rules)
{
    const cJSON *iss = cJSON_GetObjectItemCaseSensitive(jwt->payload.tree, "iss");
    CHECK(!rules->needs_exp || jwt->exp != JWT_NEVER);
    CHECK(jwt->exp > NOW - rules->leeway_s);
    CHECK(!rules->issuers.count || strcmp(iss->valuestring, "joe") == 0 ||
          strcmp(iss->valuestring, "ann") == 0);
    CHECK(jwt->claim_count <= (rules->all_claims ? JWT_CLAIMS_MAX : rules->claims.count));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jwt jwt;
    if (!size || size - 1 > sizeof(jwt.jws.payload))
        return 0;
    struct jwt_rules rules = rules_of(data[0]);
    memset(&jwt, 0, sizeof(jwt));
    memcpy(jwt.jws.payload, data + 1, size - 1);
    jwt.jws.payload_len = size - 1;
    if (jwt_read(&jwt, &rules, NOW) == JWT_FAULT_NONE)
        check_good(&jwt, &rules);
    jwt_fini(&jwt);
    return 0;
}
