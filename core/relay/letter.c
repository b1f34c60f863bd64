/* A letter to octets and back. One table says what a kind has; whatever else is set makes
 * it none, so that what is read is always what somebody could have written. */
#include "core/relay/letter.h"

#include <stdbool.h>

#include "core/base/bytes.h"

#define CODE_MIN 1000
#define CODE_MAX 4999

/* Where the fields of the head begin. */
enum { KIND, PLACE, VERB, OPCODE, CODE, STATUS = 6, NUMBER = 10, IDS = 18, NAME = 22 };

_Static_assert(_Alignof(jf_conn_id) == 1, "ids are read where they lie");

struct shape {
    bool place, verb, code, status, number, name;
    bool reason; /* the verb says how long it is, at the head of the body */
    uint8_t opcode_min, opcode_max;
    uint32_t ids_min, ids_max;
};

static const struct shape shapes[] = {
    [LETTER_SEND] = { .opcode_min = JF_TEXT,
                      .opcode_max = JF_BINARY,
                      .ids_min = 1,
                      .ids_max = UINT32_MAX },
    [LETTER_GROUP] = { .opcode_min = JF_TEXT, .opcode_max = JF_BINARY, .name = true },
    [LETTER_STAGE] = { .opcode_min = JF_TEXT, .opcode_max = JF_BINARY, .name = true },
    [LETTER_CLOSE] = { .code = true, .ids_min = 1, .ids_max = 1 },
    [LETTER_QUESTION] = { .place = true,
                          .verb = true,
                          .number = true,
                          .name = true,
                          .opcode_max = JF_BINARY,
                          .ids_min = 1,
                          .ids_max = 1 },
    [LETTER_ANSWER] = { .place = true, .status = true, .number = true },
    [LETTER_CLOSE_GROUP] = { .code = true, .name = true },
    [LETTER_CLOSE_WHERE] = { .verb = true, .code = true, .name = true, .reason = true },
};

#define KINDS (sizeof(shapes) / sizeof(shapes[0]))

size_t letter_write(const struct letter *letter, uint8_t head[LETTER_HEAD],
                    jf_bytes pieces[LETTER_PIECES])
{
    const jf_bytes all[LETTER_PIECES] = {
        jf_view(head, LETTER_HEAD),
        jf_view(letter->ids, letter->id_count * sizeof(jf_conn_id)),
        letter->name,
        letter->body,
    };
    size_t count = 0;
    head[KIND] = (uint8_t)letter->kind;
    head[PLACE] = letter->place;
    head[VERB] = letter->verb;
    head[OPCODE] = letter->opcode;
    bytes_put_number(head + CODE, letter->code, 2);
    bytes_put_number(head + STATUS, (uint32_t)letter->status, 4);
    bytes_put_number(head + NUMBER, letter->number, 8);
    bytes_put_number(head + IDS, letter->id_count, 4);
    bytes_put_number(head + NAME, letter->name.len, 4);
    for (size_t i = 0; i < LETTER_PIECES; i++) {
        if (all[i].len)
            pieces[count++] = all[i];
    }
    return count;
}

static bool is_status(int32_t status)
{
    switch (status) {
    case JF_OK:
#define XX(code, upper, lower, text) case JF_E_##upper:
        JF_STATUS_MAP(XX)
#undef XX
        return true;
    default:
        return false;
    }
}

static bool is_code(uint16_t code)
{
    return code >= CODE_MIN && code <= CODE_MAX;
}

static bool has_shape(const struct letter *letter, const struct shape *shape)
{
    return (shape->place || !letter->place) && (shape->verb || !letter->verb) &&
           letter->opcode >= shape->opcode_min && letter->opcode <= shape->opcode_max &&
           (shape->code ? is_code(letter->code) : !letter->code) &&
           (shape->status ? is_status(letter->status) : !letter->status) &&
           shape->number == (letter->number != 0) && (shape->name || !letter->name.len) &&
           letter->id_count >= shape->ids_min && letter->id_count <= shape->ids_max &&
           (!shape->reason || letter->verb <= letter->body.len);
}

/* The next `len` octets of `rest`; false when there are fewer. */
static bool cut(jf_bytes *rest, uint64_t len, jf_bytes *out)
{
    if (len > rest->len)
        return false;
    *out = jf_view(len ? rest->ptr : NULL, (size_t)len);
    *rest = bytes_from(*rest, (size_t)len);
    return true;
}

int letter_read(jf_bytes octets, struct letter *out)
{
    jf_bytes head, ids, rest = octets;
    if (!cut(&rest, LETTER_HEAD, &head))
        return JF_E_INVALID;
    struct letter letter = {
        .kind = (enum letter_kind)(uint8_t)head.ptr[KIND],
        .place = (uint8_t)head.ptr[PLACE],
        .verb = (uint8_t)head.ptr[VERB],
        .opcode = (uint8_t)head.ptr[OPCODE],
        .code = (uint16_t)bytes_get_number(head.ptr + CODE, 2),
        .status = (int32_t)(uint32_t)bytes_get_number(head.ptr + STATUS, 4),
        .number = bytes_get_number(head.ptr + NUMBER, 8),
        .id_count = (size_t)bytes_get_number(head.ptr + IDS, 4),
    };
    if (letter.kind < LETTER_SEND || (size_t)letter.kind >= KINDS ||
        !cut(&rest, (uint64_t)letter.id_count * sizeof(jf_conn_id), &ids) ||
        !cut(&rest, bytes_get_number(head.ptr + NAME, 4), &letter.name))
        return JF_E_INVALID;
    letter.ids = (const jf_conn_id *)(const void *)ids.ptr;
    letter.body = rest;
    if (!has_shape(&letter, &shapes[letter.kind]))
        return JF_E_INVALID;
    *out = letter;
    return JF_OK;
}
