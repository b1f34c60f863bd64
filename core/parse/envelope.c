/* Fixed words around three values. The connection id and the request id are base64url and
 * the messages are ours, so nothing needs escaping; a value from anywhere else must not
 * come this way. */
#include "core/parse/envelope.h"

#include <stdio.h>

#include "core/base/check.h"
#include "core/base/random.h"

size_t envelope_error(const char *message, const char *connection_id,
                      const char *request_id, char out[ENVELOPE_MAX])
{
    int len =
        snprintf(out, ENVELOPE_MAX,
                 "{\"message\": \"%s\", \"connectionId\":\"%s\", \"requestId\":\"%s\"}",
                 message, connection_id, request_id);
    CHECK(len > 0 && len < ENVELOPE_MAX);
    return (size_t)len;
}

size_t envelope_bad_body(const char *connection_id, const char *message_id,
                         char out[ENVELOPE_MAX])
{
    int len = snprintf(out, ENVELOPE_MAX,
                       "{\"message\" : \"Bad request body\", \"connectionId\": \"%s\", "
                       "\"messageId\": \"%s\"}",
                       connection_id, message_id);
    CHECK(len > 0 && len < ENVELOPE_MAX);
    return (size_t)len;
}

size_t envelope_http(const char *message, char out[ENVELOPE_MAX])
{
    int len = snprintf(out, ENVELOPE_MAX, "{\"message\":\"%s\"}", message);
    CHECK(len > 0 && len < ENVELOPE_MAX);
    return (size_t)len;
}

/* Eleven octets in base64url are fifteen characters, the last of which carries four bits,
 * so its two lower bits are zero, and one of padding. */
void envelope_request_id(char out[JF_CONN_ID_TEXT + 1])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                   "0123456789-_";
    uint8_t octets[JF_CONN_ID_TEXT - 1];
    random_fill(octets, sizeof(octets));
    for (size_t i = 0; i < sizeof(octets); i++)
        out[i] = alphabet[octets[i] & 63];
    out[JF_CONN_ID_TEXT - 2] = alphabet[octets[JF_CONN_ID_TEXT - 2] & 60];
    out[JF_CONN_ID_TEXT - 1] = '=';
    out[JF_CONN_ID_TEXT] = '\0';
}
