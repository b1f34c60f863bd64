/* Requests and their credentials: a line each for the method, the path and the query, lines
 * of headers, an empty one, the body. The octet 0x1f is a line feed that a field has
 * inside.
 *
 * Whatever it is, there is one verdict, in words that can be shown; what is read lies
 * within bounds; a canonical request has the lines it should have and no more, in all
 * spellings; and who passes does not pass with another method. */
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/credentials/credentials.h"
#include "core/credentials/sigv4_canonical.h"

#define NOW 1440938160 /* of the corpus: 2015-08-30T12:36:00Z */
#define HEADERS_MAX 100
#define TOKEN "a-token-of-the-corpus"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct credentials *credentials;
static struct canonical *canonical;

static void set_up(void)
{
    struct sigv4_key keys[] = {
        { .access_key_id = jf_str("AKIDEXAMPLE"),
          .secret_access_key = jf_str("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY") },
        { .access_key_id = jf_str("AKIDOTHER"),
          .secret_access_key = jf_str("another"),
          .session_token = jf_str("session") },
    };
    jf_bytes token = jf_str(TOKEN);
    struct credentials_options options = {
        .keys = keys, .key_count = 2, .tokens = &token, .token_count = 1
    };
    const char *why;
    CHECK(credentials_new(&options, &credentials, &why) == JF_OK);
    canonical = canonical_new();
}

/* In memory of its own size: a step too far is seen. Its place is in `pieces`, which are
 * freed together. */
struct pieces {
    char *memory[2 * HEADERS_MAX + 4];
    size_t count;
};

static jf_bytes piece(struct pieces *pieces, jf_bytes text)
{
    char *copy = xalloc(text.len ? text.len : 1);
    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.ptr[i] == 0x1f ? '\n' : text.ptr[i];
    pieces->memory[pieces->count++] = copy;
    return jf_view(copy, text.len);
}

static jf_bytes next_line(jf_bytes *rest)
{
    jf_bytes line = { rest->ptr, bytes_find(*rest, '\n') };
    *rest = bytes_from(*rest, line.len + 1);
    return line;
}

static void read_request(jf_bytes input, struct request *out, struct jf_pair *headers,
                         struct pieces *pieces)
{
    *out = (struct request){ .headers = headers };
    out->method = piece(pieces, next_line(&input));
    out->path = piece(pieces, next_line(&input));
    out->query = piece(pieces, next_line(&input));
    while (out->header_count < HEADERS_MAX) {
        jf_bytes line = next_line(&input);
        size_t colon = bytes_find(line, ':');
        if (!line.len)
            break;
        headers[out->header_count++] =
            (struct jf_pair){ piece(pieces, jf_view(line.ptr, colon)),
                              piece(pieces, bytes_trim(bytes_from(line, colon + 1))) };
    }
    out->body = piece(pieces, input);
}

static void verdict_can_be_shown(const struct verdict *verdict, bool passed)
{
    jf_bytes message = verdict_message(verdict);
    CHECK((verdict->kind == VERDICT_PASS) == passed && verdict->kind < VERDICT_KINDS);
    CHECK(!verdict_error_type(verdict->kind) == passed);
    CHECK((message.len == 0) == passed && message.len <= VERDICT_TEXT_MAX);
    for (size_t i = 0; i < message.len; i++)
        CHECK((message.ptr[i] >= ' ' && message.ptr[i] <= '~') || message.ptr[i] == '\n');
}

static void claim_is_within_bounds(const struct sigv4_claim *claim)
{
    char stamp[CLOCK_TEXT + 1];
    CHECK(claim->signed_count >= 1 && claim->signed_count <= SIGV4_SIGNED_MAX);
    CHECK(claim->signature.len == SIGV4_SIGNATURE && claim->used <= SIGV4_CLAIM_MAX);
    CHECK(claim->lifetime >= 1 && claim->lifetime <= SIGV4_LIFETIME_MAX);
    CHECK(claim->access_key_id.len && claim->day.len && claim->terminator.len);
    CHECK(claim->region.len && claim->region.len <= SIGV4_SCOPE_MAX);
    CHECK(claim->service.len && claim->service.len <= SIGV4_SCOPE_MAX);
    clock_write(claim->at, stamp);
    CHECK(memcmp(stamp, claim->stamp, sizeof(stamp)) == 0);
}

/* Method, path, query, the headers, an empty one, their names, the hash. */
static void lines_are_as_many_as_they_should_be(const struct request *request,
                                                const struct sigv4_claim *claim)
{
    struct verdict verdict;
    if (!canonical_prepare(canonical, request, claim, &verdict)) {
        verdict_can_be_shown(&verdict, false);
        return;
    }
    for (int how = 0; how < CANONICAL_PATHS * CANONICAL_QUERIES; how++) {
        jf_bytes text = canonical_write(canonical, request,
                                        (enum canonical_path)(how % CANONICAL_PATHS),
                                        (enum canonical_query)(how / CANONICAL_PATHS));
        size_t lines = 1;
        for (size_t i = 0; i < text.len; i++)
            lines += text.ptr[i] == '\n';
        CHECK(!text.len || lines == claim->signed_count + 6);
    }
}

static void who_passes_passes_for_this_only(struct request *request)
{
    struct verdict first, second;
    bool passed = credentials_check(credentials, request, NOW, &first);
    verdict_can_be_shown(&first, passed);
    CHECK(credentials_check(credentials, request, NOW, &second) == passed);
    CHECK(second.kind == first.kind && second.len == first.len);
    CHECK(memcmp(second.text, first.text, first.len) == 0);
    if (!passed || !first.who.len)
        return;
    CHECK(bytes_eq(first.who, "AKIDEXAMPLE") || bytes_eq(first.who, "AKIDOTHER"));
    request->method = jf_str("ANOTHER");
    CHECK(!credentials_check(credentials, request, NOW, &second));
    CHECK(second.kind == VERDICT_MISMATCH);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pieces pieces = { .count = 0 };
    struct jf_pair headers[HEADERS_MAX];
    struct request request;
    struct sigv4_claim claim;
    struct verdict verdict;
    if (!credentials)
        set_up();
    read_request(jf_view(data, size), &request, headers, &pieces);
    if (sigv4_claim_read(&request, &claim, &verdict)) {
        claim_is_within_bounds(&claim);
        lines_are_as_many_as_they_should_be(&request, &claim);
    } else {
        verdict_can_be_shown(&verdict, false);
    }
    who_passes_passes_for_this_only(&request);
    while (pieces.count)
        free(pieces.memory[--pieces.count]);
    return 0;
}
