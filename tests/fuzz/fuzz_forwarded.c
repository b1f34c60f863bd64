/* What proxies and strangers write of a client: whatever the octets, nothing is read beyond
 * them, and what stands in front of our own proxy's word never counts. */
#include <arpa/inet.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/parse/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ip_range proxy;
static struct ip ours;

static void check_text(jf_bytes text)
{
    char words[INET6_ADDRSTRLEN];
    struct ip ip, again;
    struct ip_range range;
    if (ip_range_parse(text, &range) == JF_OK)
        CHECK(ip_in(&range, 1, &range.ip));
    if (ip_parse(text, &ip) != JF_OK)
        return;
    CHECK(inet_ntop(AF_INET6, ip.octet, words, sizeof(words)));
    CHECK(ip_parse(jf_str(words), &again) == JF_OK);
    CHECK(memcmp(&ip, &again, sizeof(ip)) == 0);
}

/* The fuzzer's header, and behind it what our proxy adds. */
static void check_header(const char *name, jf_bytes value, const char *added)
{
    const struct jf_pair headers[] = { { jf_str(name), value },
                                       { jf_str(name), jf_str(added) } };
    struct ip found;
    if (forwarded_client(&proxy, 1, headers, 1, &found) && ip_in(&proxy, 1, &found))
        CHECK(value.len > 1);
    CHECK(forwarded_client(&proxy, 1, headers, 2, &found));
    CHECK(memcmp(&found, &ours, sizeof(found)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *exact = xalloc(size); /* so that the sanitizer sees a step too far */
    if (size)
        memcpy(exact, data, size);
    jf_bytes value = jf_view(exact, size);
    CHECK(ip_range_parse(jf_str("10.0.0.0/8"), &proxy) == JF_OK);
    CHECK(ip_parse(jf_str("192.0.2.77"), &ours) == JF_OK);
    check_text(value);
    check_header("X-Forwarded-For", value, "192.0.2.77, 10.0.0.1");
    check_header("Forwarded", value, "for=192.0.2.77;proto=https");
    free(exact);
    return 0;
}
