/* Connection ids: text that is read is the one text of its id, and any octets come back. */
#include <string.h>

#include "core/base/check.h"
#include "core/parse/conn_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void any_text(jf_bytes text)
{
    jf_conn_id id, before;
    char again[JF_CONN_ID_TEXT + 1];
    memset(&id, 0x5a, sizeof(id));
    before = id;
    int status = conn_id_from_text(text, &id);
    if (status != JF_OK) {
        CHECK(status == JF_E_INVALID && conn_id_eq(id, before));
        return;
    }
    conn_id_to_text(id, again);
    CHECK(jf_same(text, jf_str(again)));
}

static void any_id(const uint8_t *data, size_t size)
{
    jf_conn_id id = { { 0 } }, again;
    char text[JF_CONN_ID_TEXT + 1];
    if (size)
        memcpy(id.octet, data, size < sizeof(id.octet) ? size : sizeof(id.octet));
    conn_id_to_text(id, text);
    CHECK(strlen(text) == JF_CONN_ID_TEXT);
    CHECK(conn_id_from_text(jf_str(text), &again) == JF_OK && conn_id_eq(id, again));
    CHECK(conn_id_slot(id) < CONN_ID_SLOTS);

    jf_conn_id made = conn_id_make(conn_id_node(id), conn_id_worker(id), conn_id_slot(id));
    CHECK(memcmp(made.octet, id.octet, 6) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    any_text(jf_view(data, size));
    any_id(data, size);
    return 0;
}
