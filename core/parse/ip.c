/* What an address looks like is left to the C library, which takes no leading zeros, no
 * hexadecimal parts of version 4 and no zones. */
#include "core/parse/ip.h"

#include <arpa/inet.h>

#include "core/base/bytes.h"

#define MAPPED_BITS 96 /* in front of an IPv4 address */

static const uint8_t mapped[MAPPED_BITS / 8] = { [10] = 0xff, [11] = 0xff };

/* *is_v4: how it was written. */
static int parse(jf_bytes text, struct ip *out, bool *is_v4)
{
    char words[IP_TEXT_MAX];
    struct ip ip;
    if (!text.len || text.len >= sizeof(words) || bytes_find(text, '\0') < text.len)
        return JF_E_INVALID;
    memcpy(words, text.ptr, text.len);
    words[text.len] = '\0';
    *is_v4 = bytes_find(text, ':') == text.len;
    memcpy(ip.octet, mapped, sizeof(mapped));
    if (inet_pton(*is_v4 ? AF_INET : AF_INET6, words,
                  *is_v4 ? ip.octet + sizeof(mapped) : ip.octet) != 1)
        return JF_E_INVALID;
    *out = ip;
    return JF_OK;
}

int ip_parse(jf_bytes text, struct ip *out)
{
    bool is_v4;
    return parse(text, out, &is_v4);
}

/* The octet at `at` of a mask of so many bits. */
static uint8_t mask(unsigned bits, size_t at)
{
    unsigned before = (unsigned)at * 8;
    unsigned here = bits <= before ? 0 : bits - before;
    return (uint8_t)(here >= 8 ? 0xff : 0xff << (8 - here));
}

int ip_range_parse(jf_bytes text, struct ip_range *out)
{
    struct ip_range range;
    uint64_t bits;
    bool is_v4;
    size_t slash = bytes_find(text, '/');
    int status = parse(jf_view(text.ptr, slash), &range.ip, &is_v4);
    if (status < 0)
        return status;
    bits = is_v4 ? 32 : 128;
    if (slash < text.len &&
        (text.len > slash + 4 || !bytes_number(bytes_from(text, slash + 1), bits, &bits)))
        return JF_E_INVALID;
    range.bits = (uint8_t)(is_v4 ? bits + MAPPED_BITS : bits);
    for (size_t i = 0; i < sizeof(range.ip.octet); i++) {
        if (range.ip.octet[i] & (uint8_t)~mask(range.bits, i))
            return JF_E_INVALID;
    }
    *out = range;
    return JF_OK;
}

static bool has(const struct ip_range *range, const struct ip *ip)
{
    for (size_t i = 0; i < sizeof(ip->octet); i++) {
        if ((ip->octet[i] & mask(range->bits, i)) != range->ip.octet[i])
            return false;
    }
    return true;
}

bool ip_in(const struct ip_range *ranges, size_t count, const struct ip *ip)
{
    for (size_t i = 0; i < count; i++) {
        if (has(&ranges[i], ip))
            return true;
    }
    return false;
}
