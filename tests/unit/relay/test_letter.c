/* Letters: what is written is read, and nothing else is. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/base/memory.h"
#include "core/relay/letter.h"

static const jf_conn_id ids[] = { { "elevenoctet" }, { "alsoeleven!" } };

/* One of each kind, with all that it may have. */
static const struct letter letters[] = {
    { .kind = LETTER_SEND,
      .opcode = JF_TEXT,
      .ids = ids,
      .id_count = 2,
      .body = BYTES("hello") },
    { .kind = LETTER_GROUP,
      .opcode = JF_BINARY,
      .name = BYTES("chat/room"),
      .body = BYTES("hello") },
    { .kind = LETTER_STAGE,
      .opcode = JF_TEXT,
      .name = BYTES("chat"),
      .body = BYTES("hello") },
    { .kind = LETTER_CLOSE,
      .code = 4999,
      .ids = ids,
      .id_count = 1,
      .body = BYTES("enough") },
    { .kind = LETTER_QUESTION,
      .place = 7,
      .verb = 255,
      .opcode = JF_TEXT,
      .number = UINT64_MAX,
      .ids = ids,
      .id_count = 1,
      .name = BYTES("color"),
      .body = BYTES("red") },
    { .kind = LETTER_ANSWER,
      .place = 7,
      .status = JF_E_GONE,
      .number = 1,
      .body = BYTES("red") },
    { .kind = LETTER_CLOSE_GROUP,
      .code = 1000,
      .name = BYTES("chat/room"),
      .body = BYTES("enough") },
    { .kind = LETTER_CLOSE_WHERE,
      .verb = 6,
      .code = 4001,
      .name = BYTES("chat/color"),
      .body = BYTES("enoughred") },
};

#define KINDS (sizeof(letters) / sizeof(letters[0]))

struct octets {
    char octets[256];
    size_t len;
};

/* How much of the body there must be. */
static size_t reason_of(const struct letter *letter)
{
    return letter->kind == LETTER_CLOSE_WHERE ? letter->verb : 0;
}

static struct octets write_letter(const struct letter *letter)
{
    struct octets out = { .len = 0 };
    uint8_t head[LETTER_HEAD];
    jf_bytes pieces[LETTER_PIECES];
    size_t count = letter_write(letter, head, pieces);
    for (size_t i = 0; i < count; i++) {
        memcpy(out.octets + out.len, pieces[i].ptr, pieces[i].len);
        out.len += pieces[i].len;
    }
    return out;
}

static int read_octets(const struct octets *octets, struct letter *out)
{
    return letter_read(jf_view(octets->octets, octets->len), out);
}

static bool is_one(const struct letter *letter)
{
    struct octets octets = write_letter(letter);
    struct letter read;
    return read_octets(&octets, &read) == JF_OK;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        const struct letter *letter = &letters[i];
        struct octets octets = write_letter(letter);
        struct letter read;
        assert_int_equal(read_octets(&octets, &read), JF_OK);
        assert_int_equal(read.kind, letter->kind);
        assert_int_equal(read.place, letter->place);
        assert_int_equal(read.verb, letter->verb);
        assert_int_equal(read.opcode, letter->opcode);
        assert_int_equal(read.code, letter->code);
        assert_int_equal(read.status, letter->status);
        assert_true(read.number == letter->number);
        assert_int_equal(read.id_count, letter->id_count);
        if (letter->id_count)
            assert_memory_equal(read.ids, letter->ids, letter->id_count * sizeof(ids[0]));
        assert_true(jf_same(read.name, letter->name));
        assert_true(jf_same(read.body, letter->body));
    }
}

static void the_octets_are_those_of_the_picture(void **state)
{
    (void)state;
    static const char expected[] = "\5\7\377\1\0\0\0\0\0\0\377\377\377\377\377\377\377\377"
                                   "\0\0\0\1\0\0\0\5elevenoctetcolorred";
    struct octets octets = write_letter(&letters[LETTER_QUESTION - 1]);
    assert_int_equal(octets.len, sizeof(expected) - 1);
    assert_memory_equal(octets.octets, expected, octets.len);
}

static void name_and_body_may_be_empty(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct letter letter = letters[i];
        letter.name = letter.body = jf_view(NULL, 0);
        if (reason_of(&letter))
            letter.verb = 0;
        assert_true(is_one(&letter));
    }
}

static void what_a_kind_has_no_use_for_makes_it_none(void **state)
{
    (void)state;
    const struct letter more = { .place = 1,
                                 .verb = 1,
                                 .opcode = JF_TEXT,
                                 .code = 1000,
                                 .status = JF_E_GONE,
                                 .number = 1,
                                 .ids = ids,
                                 .id_count = 1,
                                 .name = BYTES("n") };
    for (size_t i = 0; i < KINDS; i++) {
        struct letter with[8];
        const struct letter *plain = &letters[i];
        for (size_t j = 0; j < 8; j++)
            with[j] = *plain;
        with[0].place = more.place;
        with[1].verb = more.verb;
        with[2].opcode = more.opcode;
        with[3].code = more.code;
        with[4].status = more.status;
        with[5].number = more.number;
        with[6].ids = more.ids, with[6].id_count = more.id_count;
        with[7].name = more.name;
        const bool has[8] = { plain->place,    plain->verb,         plain->opcode,
                              plain->code,     plain->status,       plain->number != 0,
                              plain->id_count, plain->name.len != 0 };
        for (size_t j = 0; j < 8; j++)
            assert_int_equal(is_one(&with[j]), has[j]);
    }
}

static void wrong_values_make_it_none(void **state)
{
    (void)state;
    static const struct letter wrong[] = {
        { .kind = LETTER_SEND, .opcode = JF_TEXT },
        { .kind = LETTER_SEND, .opcode = 0, .ids = ids, .id_count = 1 },
        { .kind = LETTER_SEND, .opcode = 3, .ids = ids, .id_count = 1 },
        { .kind = LETTER_GROUP, .opcode = 0, .name = BYTES("g") },
        { .kind = LETTER_STAGE, .opcode = 9, .name = BYTES("s") },
        { .kind = LETTER_CLOSE, .code = 999, .ids = ids, .id_count = 1 },
        { .kind = LETTER_CLOSE, .code = 5000, .ids = ids, .id_count = 1 },
        { .kind = LETTER_CLOSE, .code = 1000 },
        { .kind = LETTER_CLOSE, .code = 1000, .ids = ids, .id_count = 2 },
        { .kind = LETTER_QUESTION, .number = 0, .ids = ids, .id_count = 1 },
        { .kind = LETTER_QUESTION, .number = 1 },
        { .kind = LETTER_QUESTION, .number = 1, .ids = ids, .id_count = 2 },
        { .kind = LETTER_QUESTION, .opcode = 3, .number = 1, .ids = ids, .id_count = 1 },
        { .kind = LETTER_ANSWER, .number = 0 },
        { .kind = LETTER_ANSWER, .number = 1, .status = JF_LATER },
        { .kind = LETTER_ANSWER, .number = 1, .status = -12 },
        { .kind = LETTER_ANSWER, .number = 1, .status = INT32_MIN },
        { .kind = (enum letter_kind)0, .body = BYTES("x") },
        { .kind = LETTER_CLOSE_GROUP, .code = 0, .name = BYTES("s/g") },
        { .kind = LETTER_CLOSE_GROUP, .code = 5000, .name = BYTES("s/g") },
        { .kind = LETTER_CLOSE_WHERE, .code = 999, .name = BYTES("s/a") },
        { .kind = LETTER_CLOSE_WHERE, .code = 1000, .verb = 1, .name = BYTES("s/a") },
        { .kind = LETTER_CLOSE_WHERE,
          .code = 1000,
          .verb = 255,
          .name = BYTES("s/a"),
          .body = BYTES("shorter than that") },
        { .kind = (enum letter_kind)9, .number = 1 },
        { .kind = (enum letter_kind)9, .code = 1000 },
        { .kind = (enum letter_kind)255, .number = 1 },
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(is_one(&wrong[i]));
}

/* Nothing says where the body ends but the end, so what is cut there is shorter. */
static void what_is_cut_before_its_body_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        struct octets octets = write_letter(&letters[i]);
        struct letter read;
        size_t before_body = octets.len - letters[i].body.len + reason_of(&letters[i]);
        for (size_t cut = 0; cut <= octets.len; cut++) {
            char *exact = xalloc(cut); /* so that reading on is seen */
            memcpy(exact, octets.octets, cut);
            assert_int_equal(letter_read(jf_view(exact, cut), &read),
                             cut < before_body ? JF_E_INVALID : JF_OK);
            free(exact);
        }
    }
    assert_int_equal(letter_read(jf_view(NULL, 0), &(struct letter){ 0 }), JF_E_INVALID);
}

static void lengths_that_claim_to_be_huge_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS; i++) {
        for (size_t at = 18; at < LETTER_HEAD; at += 4) {
            struct octets octets = write_letter(&letters[i]);
            struct letter read;
            memset(octets.octets + at, 0xff, 4);
            assert_int_equal(read_octets(&octets, &read), JF_E_INVALID);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_octets_are_those_of_the_picture),
        cmocka_unit_test(name_and_body_may_be_empty),
        cmocka_unit_test(what_a_kind_has_no_use_for_makes_it_none),
        cmocka_unit_test(wrong_values_make_it_none),
        cmocka_unit_test(what_is_cut_before_its_body_is_refused),
        cmocka_unit_test(lengths_that_claim_to_be_huge_are_refused),
    };
    return cmocka_run_group_tests_name("letter", tests, NULL, NULL);
}
