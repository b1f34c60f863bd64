/* Compares signatures. A key that is not known is replaced by one that nobody has, and
 * everything goes on as if it was: the time says nothing about which ids there are. */
#include "core/credentials/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/base/random.h"
#include "core/credentials/sigv4_canonical.h"
#include "core/credentials/sigv4_claim.h"

#define DIGEST 32
#define TERMINATOR "aws4_request"
#define PREFIX "AWS4" /* of a secret */
#define REMEMBERED 4  /* derived keys of each key: two days around midnight, two regions */
#define TO_SIGN_MAX 512

/* What a secret becomes for a day and a region: four HMACs. */
struct derived {
    char day[CLOCK_DAY];
    char region[SIGV4_SCOPE_MAX];
    size_t region_len; /* 0: none yet */
    unsigned char key[DIGEST];
};

struct key {
    size_t id_len, secret_len, token_len;
    char id[SIGV4_KEY_ID_MAX];
    char secret[sizeof(PREFIX) - 1 + SIGV4_SECRET_MAX];
    char *token; /* NULL: none */
    struct derived derived[REMEMBERED];
    unsigned oldest;
};

struct sigv4 {
    struct key *keys; /* and one more behind them, which nobody has */
    size_t count;
    char region[SIGV4_SCOPE_MAX], service[SIGV4_SCOPE_MAX];
    size_t region_len, service_len;
    struct canonical *canonical;
};

/* ---- Keys --------------------------------------------------------------- */

static bool is_key_id(jf_bytes id)
{
    for (size_t i = 0; i < id.len; i++) {
        if (id.ptr[i] <= ' ' || id.ptr[i] > '~' || id.ptr[i] == '/' || id.ptr[i] == ',')
            return false;
    }
    return id.len > 0 && id.len <= SIGV4_KEY_ID_MAX;
}

static const char *what_is_wrong(const struct sigv4_key *keys, size_t count,
                                 jf_bytes region, jf_bytes service)
{
    if (count > SIGV4_KEYS_MAX)
        return "there are at most 64 access keys";
    if (region.len > SIGV4_SCOPE_MAX || service.len > SIGV4_SCOPE_MAX || !service.len)
        return "a region has at most 64 octets";
    for (size_t i = 0; i < count; i++) {
        if (!is_key_id(keys[i].access_key_id))
            return "an access key id is 1 to 64 printable characters, without '/' and ','";
        if (!keys[i].secret_access_key.len ||
            keys[i].secret_access_key.len > SIGV4_SECRET_MAX)
            return "a secret access key has 1 to 256 octets";
        if (keys[i].session_token.len > SIGV4_TOKEN_MAX)
            return "a session token has at most 2048 octets";
        for (size_t j = 0; j < i; j++) {
            if (jf_same(keys[i].access_key_id, keys[j].access_key_id))
                return "an access key id is there twice";
        }
    }
    return NULL;
}

static size_t keep(char *to, jf_bytes from)
{
    if (from.len)
        memcpy(to, from.ptr, from.len);
    return from.len;
}

static void key_init(struct key *key, const struct sigv4_key *from)
{
    key->id_len = keep(key->id, from->access_key_id);
    memcpy(key->secret, PREFIX, sizeof(PREFIX) - 1);
    key->secret_len = sizeof(PREFIX) - 1 +
                      keep(key->secret + sizeof(PREFIX) - 1, from->secret_access_key);
    key->token_len = from->session_token.len;
    if (key->token_len)
        key->token = xdup(from->session_token);
}

int sigv4_new(const struct sigv4_key *keys, size_t count, jf_bytes region, jf_bytes service,
              struct sigv4 **out, const char **why)
{
    char nobodys[DIGEST];
    const char *wrong = what_is_wrong(keys, count, region, service);
    if (wrong) {
        *why = wrong;
        return JF_E_INVALID;
    }
    struct sigv4 *sigv4 = xnew(struct sigv4);
    sigv4->keys = xcalloc(count + 1, sizeof(*sigv4->keys));
    sigv4->count = count;
    for (size_t i = 0; i < count; i++)
        key_init(&sigv4->keys[i], &keys[i]);
    random_fill(nobodys, sizeof(nobodys));
    key_init(&sigv4->keys[count],
             &(struct sigv4_key){ .secret_access_key = jf_view(nobodys, sizeof(nobodys)) });
    sigv4->region_len = keep(sigv4->region, region);
    sigv4->service_len = keep(sigv4->service, service);
    sigv4->canonical = canonical_new();
    *out = sigv4;
    return JF_OK;
}

void sigv4_free(struct sigv4 *sigv4)
{
    if (!sigv4)
        return;
    for (size_t i = 0; i <= sigv4->count; i++) {
        if (sigv4->keys[i].token)
            OPENSSL_cleanse(sigv4->keys[i].token, sigv4->keys[i].token_len);
        free(sigv4->keys[i].token);
    }
    OPENSSL_cleanse(sigv4->keys, (sigv4->count + 1) * sizeof(*sigv4->keys));
    free(sigv4->keys);
    canonical_free(sigv4->canonical);
    free(sigv4);
}

/* All are looked at, whichever it is. */
static struct key *find_key(struct sigv4 *sigv4, jf_bytes id)
{
    size_t found = sigv4->count;
    for (size_t i = 0; i < sigv4->count; i++) {
        const struct key *key = &sigv4->keys[i];
        if (key->id_len == id.len && CRYPTO_memcmp(key->id, id.ptr, id.len) == 0)
            found = i;
    }
    return &sigv4->keys[found];
}

static void hmac(const void *key, size_t key_len, jf_bytes text, unsigned char out[DIGEST])
{
    unsigned len = DIGEST;
    CHECK(HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)text.ptr, text.len,
               out, &len));
}

static void derive(const struct key *key, const struct sigv4_claim *claim,
                   unsigned char out[DIGEST])
{
    unsigned char day[DIGEST], region[DIGEST], service[DIGEST];
    hmac(key->secret, key->secret_len, claim->day, day);
    hmac(day, DIGEST, claim->region, region);
    hmac(region, DIGEST, claim->service, service);
    hmac(service, DIGEST, jf_str(TERMINATOR), out);
    OPENSSL_cleanse(day, DIGEST);
    OPENSSL_cleanse(region, DIGEST);
    OPENSSL_cleanse(service, DIGEST);
}

static bool is_derived_for(const struct derived *derived, const struct sigv4_claim *claim)
{
    return derived->region_len && memcmp(derived->day, claim->day.ptr, CLOCK_DAY) == 0 &&
           jf_same(jf_view(derived->region, derived->region_len), claim->region);
}

/* Remembered, or derived now. Whoever sends many regions drives others out of this key's
 * places only, which costs the four HMACs and nothing else. */
static const unsigned char *signing_key(struct key *key, const struct sigv4_claim *claim)
{
    for (size_t i = 0; i < REMEMBERED; i++) {
        if (is_derived_for(&key->derived[i], claim))
            return key->derived[i].key;
    }
    struct derived *place = &key->derived[key->oldest];
    key->oldest = (key->oldest + 1) % REMEMBERED;
    memcpy(place->day, claim->day.ptr, CLOCK_DAY);
    place->region_len = keep(place->region, claim->region);
    derive(key, claim, place->key);
    return place->key;
}

/* ---- Time and scope ----------------------------------------------------- */

static void say_time(struct verdict *verdict, int64_t at)
{
    char text[CLOCK_TEXT + 1];
    clock_write(at, text);
    verdict_say(verdict, text);
}

/* "(<now> - 5 min.)" */
static void say_span(struct verdict *verdict, int64_t now, char sign, unsigned seconds)
{
    char text[40];
    bool minutes = seconds % 60 == 0;
    verdict_say(verdict, " (");
    say_time(verdict, now);
    (void)snprintf(text, sizeof(text), " %c %u %s", sign, minutes ? seconds / 60 : seconds,
                   minutes ? "min.)" : "sec.)");
    verdict_say(verdict, text);
}

static bool check_time(const struct sigv4_claim *claim, int64_t now,
                       struct verdict *verdict)
{
    if (claim->at > now + SIGV4_SKEW) {
        verdict_refuse(verdict, VERDICT_NOT_YET, "Signature not yet current: ");
        verdict_say(verdict, claim->stamp);
        verdict_say(verdict, " is still later than ");
        say_time(verdict, now + SIGV4_SKEW);
        say_span(verdict, now, '+', SIGV4_SKEW);
        return false;
    }
    if (claim->at >= now - (int64_t)claim->lifetime)
        return true;
    verdict_refuse(verdict, VERDICT_EXPIRED, "Signature expired: ");
    verdict_say(verdict, claim->stamp);
    verdict_say(verdict, " is now earlier than ");
    say_time(verdict, now - (int64_t)claim->lifetime);
    say_span(verdict, now, '-', claim->lifetime);
    return false;
}

static void say_quoted(struct verdict *verdict, const char *before, jf_bytes quoted,
                       const char *after)
{
    verdict_say(verdict, before);
    verdict_add(verdict, quoted);
    verdict_say(verdict, after);
}

/* All that is wrong is said, each with a blank behind it, as AWS does. */
static bool check_scope(const struct sigv4 *sigv4, const struct sigv4_claim *claim,
                        struct verdict *verdict)
{
    jf_bytes region = { sigv4->region, sigv4->region_len };
    jf_bytes service = { sigv4->service, sigv4->service_len };
    jf_bytes day = { claim->stamp, CLOCK_DAY };
    verdict_refuse(verdict, VERDICT_SCOPE, "");
    if (region.len && !jf_same(region, claim->region))
        say_quoted(verdict, "Credential should be scoped to a valid region, not '",
                   claim->region, "'. ");
    if (!jf_same(service, claim->service))
        say_quoted(verdict, "Credential should be scoped to correct service: '", service,
                   "'. ");
    if (!bytes_eq(claim->terminator, TERMINATOR))
        say_quoted(verdict,
                   "Credential should be scoped with a valid terminator: 'aws4_request', "
                   "not '",
                   claim->terminator, "'. ");
    if (!jf_same(day, claim->day)) {
        say_quoted(verdict,
                   "Date in Credential scope does not match YYYYMMDD from ISO-8601 version "
                   "of date from HTTP: '",
                   claim->day, "' != '");
        say_quoted(verdict, "", day, "', from '");
        say_quoted(verdict, "", jf_str(claim->stamp), "'. ");
    }
    return verdict->len == 0;
}

/* ---- The signature ------------------------------------------------------ */

static void to_hex(const unsigned char digest[DIGEST], char out[SIGV4_SIGNATURE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST; i++) {
        out[2 * i] = digits[digest[i] >> 4];
        out[2 * i + 1] = digits[digest[i] & 15];
    }
}

static jf_bytes string_to_sign(const struct sigv4_claim *claim, jf_bytes canonical,
                               char out[TO_SIGN_MAX])
{
    unsigned char digest[DIGEST];
    char hex[SIGV4_SIGNATURE];
    CHECK(EVP_Digest(canonical.ptr, canonical.len, digest, NULL, EVP_sha256(), NULL) == 1);
    to_hex(digest, hex);
    int len = snprintf(out, TO_SIGN_MAX, "%s\n%s\n%.*s/%.*s/%.*s/%s\n%.*s", SIGV4_ALGORITHM,
                       claim->stamp, BYTES_FMT(claim->day), BYTES_FMT(claim->region),
                       BYTES_FMT(claim->service), TERMINATOR, SIGV4_SIGNATURE, hex);
    CHECK(len > 0 && len < TO_SIGN_MAX);
    return jf_view(out, (size_t)len);
}

static bool matches(const struct sigv4_claim *claim, const unsigned char *key,
                    jf_bytes canonical)
{
    char to_sign[TO_SIGN_MAX], hex[SIGV4_SIGNATURE];
    unsigned char digest[DIGEST];
    hmac(key, DIGEST, string_to_sign(claim, canonical, to_sign), digest);
    to_hex(digest, hex);
    return CRYPTO_memcmp(hex, claim->signature.ptr, SIGV4_SIGNATURE) == 0;
}

/* In any of the spellings; AWS's own first. */
static bool any_matches(struct sigv4 *sigv4, const struct request *request,
                        const struct sigv4_claim *claim, const unsigned char *key)
{
    for (int query = 0; query < CANONICAL_QUERIES; query++) {
        for (int path = 0; path < CANONICAL_PATHS; path++) {
            jf_bytes canonical =
                canonical_write(sigv4->canonical, request, (enum canonical_path)path,
                                (enum canonical_query)query);
            if (canonical.len && matches(claim, key, canonical))
                return true;
        }
    }
    return false;
}

/* With what was expected, if there is room for all of it. It says nothing that the client
 * did not send, and saves a day of somebody's life. */
static void mismatch(struct sigv4 *sigv4, const struct request *request,
                     const struct sigv4_claim *claim, struct verdict *verdict)
{
    char to_sign[TO_SIGN_MAX];
    jf_bytes canonical = canonical_write(sigv4->canonical, request, CANONICAL_PATH_AS_SENT,
                                         CANONICAL_QUERY_ENCODED);
    jf_bytes expected = string_to_sign(claim, canonical, to_sign);
    verdict_refuse(verdict, VERDICT_MISMATCH,
                   "The request signature we calculated does not match the signature you "
                   "provided. Check your AWS Secret Access Key and signing method. Consult "
                   "the service documentation for details.");
    if (canonical.len + expected.len > VERDICT_TEXT_MAX / 2)
        return;
    say_quoted(verdict, "\n\nThe Canonical String for this request should have been\n'",
               canonical, "'");
    say_quoted(verdict, "\n\nThe String-to-Sign should have been\n'", expected, "'\n");
}

static bool has_token(const struct key *key, jf_bytes token)
{
    return !key->token || (token.len == key->token_len &&
                           CRYPTO_memcmp(token.ptr, key->token, key->token_len) == 0);
}

bool sigv4_check(struct sigv4 *sigv4, const struct request *request, int64_t now,
                 struct verdict *verdict)
{
    struct sigv4_claim claim;
    if (!sigv4_claim_read(request, &claim, verdict) || !check_time(&claim, now, verdict) ||
        !check_scope(sigv4, &claim, verdict) ||
        !canonical_prepare(sigv4->canonical, request, &claim, verdict))
        return false;
    struct key *key = find_key(sigv4, claim.access_key_id);
    bool known = key != &sigv4->keys[sigv4->count];
    bool right = any_matches(sigv4, request, &claim, signing_key(key, &claim));
    if (!right) /* said of an unknown key too, for the time it takes */
        mismatch(sigv4, request, &claim, verdict);
    if (!known || (right && !has_token(key, claim.token)))
        return verdict_refuse(verdict, VERDICT_UNKNOWN,
                              "The security token included in the request is invalid.");
    if (!right)
        return false;
    verdict->kind = VERDICT_PASS;
    verdict->who = jf_view(key->id, key->id_len);
    verdict->len = 0;
    return true;
}
