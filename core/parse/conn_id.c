/* Packs and unpacks the eleven octets, and reads and writes their text. */
#include "core/parse/conn_id.h"

#include "core/base/check.h"
#include "core/base/random.h"

#define SALT_AT 6

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

jf_conn_id conn_id_make(uint16_t node, uint8_t worker, uint32_t slot)
{
    CHECK(slot < CONN_ID_SLOTS);
    jf_conn_id id = { { (uint8_t)(node >> 8), (uint8_t)node, worker, (uint8_t)(slot >> 16),
                        (uint8_t)(slot >> 8), (uint8_t)slot } };
    random_fill(id.octet + SALT_AT, sizeof(id.octet) - SALT_AT);
    return id;
}

uint16_t conn_id_node(jf_conn_id id)
{
    return (uint16_t)(id.octet[0] << 8 | id.octet[1]);
}

uint8_t conn_id_worker(jf_conn_id id)
{
    return id.octet[2];
}

uint32_t conn_id_slot(jf_conn_id id)
{
    return (uint32_t)id.octet[3] << 16 | (uint32_t)id.octet[4] << 8 | id.octet[5];
}

bool conn_id_eq(jf_conn_id a, jf_conn_id b)
{
    return memcmp(a.octet, b.octet, sizeof(a.octet)) == 0;
}

/* Eleven octets are three groups of three and a last one of two, whose third octet is the
 * "=". */
void conn_id_to_text(jf_conn_id id, char text[JF_CONN_ID_TEXT + 1])
{
    uint8_t padded[12] = { 0 };
    memcpy(padded, id.octet, sizeof(id.octet));
    for (int group = 0; group < 4; group++) {
        const uint8_t *from = padded + group * 3;
        uint32_t bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        for (int i = 0; i < 4; i++)
            text[group * 4 + i] = alphabet[bits >> (18 - 6 * i) & 63];
    }
    text[JF_CONN_ID_TEXT - 1] = '=';
    text[JF_CONN_ID_TEXT] = '\0';
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

int conn_id_from_text(jf_bytes text, jf_conn_id *out)
{
    uint8_t padded[12];
    if (text.len != JF_CONN_ID_TEXT || text.ptr[JF_CONN_ID_TEXT - 1] != '=')
        return JF_E_INVALID;
    for (int group = 0; group < 4; group++) {
        uint32_t bits = 0;
        for (int i = 0; i < 4; i++) {
            bool padding = group == 3 && i == 3;
            int value = padding ? 0 : value_of(text.ptr[group * 4 + i]);
            if (value < 0)
                return JF_E_INVALID;
            bits = bits << 6 | (uint32_t)value;
        }
        padded[group * 3] = (uint8_t)(bits >> 16);
        padded[group * 3 + 1] = (uint8_t)(bits >> 8);
        padded[group * 3 + 2] = (uint8_t)bits;
    }
    if (padded[11] != 0) /* bits that no id has */
        return JF_E_INVALID;
    memcpy(out->octet, padded, sizeof(out->octet));
    return JF_OK;
}
