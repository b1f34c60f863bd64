/* The outbox, on a wire that takes as many octets as the test says. */
#include "tests/unit/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/base/list.h"
#include "core/net/frame.h"
#include "core/net/outbox.h"
#include "core/net/wire.h"

/* ---- A wire that is told how much it takes ------------------------------ */

#define HEARD_MAX (1 << 20)

static struct {
    size_t takes; /* octets per call */
    bool gone;
    size_t calls, most_parts, most_octets;
    char *heard;
    size_t heard_len;
} peer;

static size_t take_part(const struct iovec *part, size_t room)
{
    size_t take = part->iov_len < room ? part->iov_len : room;
    assert_true(part->iov_len > 0);
    assert_true(peer.heard_len + take <= HEARD_MAX);
    memcpy(peer.heard + peer.heard_len, part->iov_base, take);
    peer.heard_len += take;
    return take;
}

static ssize_t fake_write(struct wire *wire, const struct iovec *parts, int count)
{
    (void)wire;
    size_t offered = 0, taken = 0;
    peer.calls++;
    if (peer.gone)
        return JF_E_GONE;
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        offered += parts[i].iov_len;
        taken += take_part(&parts[i], peer.takes - taken);
    }
    if ((size_t)count > peer.most_parts)
        peer.most_parts = (size_t)count;
    if (offered > peer.most_octets)
        peer.most_octets = offered;
    return (ssize_t)taken;
}

static const struct wire_kind fake_kind = { .write = fake_write, .write_max = 65536 };
static struct wire wire = { .kind = &fake_kind };

static int start(void **state)
{
    (void)state;
    char *heard = peer.heard ? peer.heard : malloc(HEARD_MAX);
    memset(&peer, 0, sizeof(peer));
    peer.heard = heard;
    peer.takes = SIZE_MAX;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    free(peer.heard);
    peer.heard = NULL;
    return 0;
}

/* ---- Frames that are known again ---------------------------------------- */

struct witness {
    struct frame_note note;
    int status, calls;
};

static void on_settled(struct frame_note *note, int status)
{
    struct witness *witness = CONTAINER_OF(note, struct witness, note);
    witness->status = status;
    witness->calls++;
}

static struct frame *filled(size_t len, char with)
{
    struct frame *frame = frame_new_empty(len);
    memset(frame->bytes, with, len);
    return frame;
}

static void push_text(struct outbox *box, const char *text)
{
    outbox_push(box, frame_new_raw(jf_str(text)), 0);
}

static void assert_heard(const char *text)
{
    assert_int_equal(peer.heard_len, strlen(text));
    assert_memory_equal(peer.heard, text, strlen(text));
}

static void assert_empty(const struct outbox *box)
{
    assert_int_equal(box->count, 0);
    assert_int_equal(box->bytes, 0);
    assert_null(box->ring); /* an idle connection holds nothing */
}

/* ---- Tests -------------------------------------------------------------- */

static void an_empty_one_writes_nothing(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_int_equal(peer.calls, 0);
    assert_false(outbox_drop_oldest(&box));
    outbox_clear(&box);
    assert_empty(&box);
}

static void a_lone_frame_costs_no_memory(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    push_text(&box, "hello");
    assert_null(box.ring);
    assert_int_equal(box.bytes, 5);
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_heard("hello");
    assert_empty(&box);
}

static void many_small_frames_leave_in_one_write(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    for (int i = 0; i < 300; i++)
        push_text(&box, "0123456789");
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_int_equal(peer.calls, 1);
    assert_int_equal(peer.most_parts, 1);
    assert_int_equal(peer.heard_len, 3000);
    assert_empty(&box);
}

/* Small, at the border of being copied, and large, in turns. */
static size_t push_mixed(struct outbox *box, char *expected)
{
    static const size_t sizes[] = { 1, 512, 513, 7, 2000, 511, 3 };
    size_t len = 0;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        outbox_push(box, filled(sizes[i], (char)('a' + i)), 0);
        memset(expected + len, (int)('a' + i), sizes[i]);
        len += sizes[i];
    }
    return len;
}

static void order_is_kept_wherever_the_wire_stops(void **state)
{
    char expected[8192];
    for (size_t takes = 1; takes < 3700; takes++) {
        struct outbox box = { 0 };
        start(state);
        size_t len = push_mixed(&box, expected);
        assert_int_equal(box.bytes, len);
        peer.takes = takes;
        int status;
        while ((status = outbox_write(&box, &wire)) == JF_E_FULL)
            assert_int_equal(box.bytes, len - peer.heard_len);
        assert_int_equal(status, JF_OK);
        assert_int_equal(peer.heard_len, len);
        assert_memory_equal(peer.heard, expected, len);
        assert_empty(&box);
    }
}

static void a_wire_without_room_takes_nothing_and_loses_nothing(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    push_text(&box, "one");
    push_text(&box, "two");
    peer.takes = 0;
    assert_int_equal(outbox_write(&box, &wire), JF_E_FULL);
    assert_int_equal(outbox_write(&box, &wire), JF_E_FULL);
    assert_int_equal(box.bytes, 6);
    peer.takes = SIZE_MAX;
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_heard("onetwo");
}

static void a_short_write_is_not_followed_by_another(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    push_text(&box, "one");
    push_text(&box, "two");
    peer.takes = 4;
    assert_int_equal(outbox_write(&box, &wire), JF_E_FULL);
    assert_int_equal(peer.calls, 1);
    outbox_clear(&box);
}

static void a_frame_may_be_pushed_from_its_middle(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    outbox_push(&box, frame_new_raw(jf_str("hello")), 3);
    assert_int_equal(box.bytes, 2);
    push_text(&box, "!");
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_heard("lo!");
    assert_empty(&box);
}

static void it_grows_while_it_goes_round(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    size_t pushed = 0;
    peer.takes = 5; /* half a frame: the ring's head moves, its content does not end */
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < 3; i++) {
            char text[16];
            snprintf(text, sizeof(text), "%09zu,", pushed++);
            push_text(&box, text);
        }
        assert_int_equal(outbox_write(&box, &wire), JF_E_FULL);
    }
    peer.takes = SIZE_MAX;
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_int_equal(peer.heard_len, pushed * 10);
    for (size_t i = 0; i < pushed; i++)
        assert_int_equal(strtoul(peer.heard + i * 10, NULL, 10), i);
    assert_empty(&box);
}

static void no_write_offers_much_more_than_the_wire_can_take(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    for (int i = 0; i < 100; i++)
        outbox_push(&box, filled(4096, 'x'), 0);
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_int_equal(peer.heard_len, 100 * 4096);
    assert_true(peer.most_octets < fake_kind.write_max + 4096);
    assert_true(peer.most_parts <= 64);
    assert_empty(&box);
}

static void a_shared_frame_is_written_by_each_at_its_own_pace(void **state)
{
    (void)state;
    struct outbox fast = { 0 }, slow = { 0 };
    struct frame *frame = frame_new_raw(jf_str("shared"));
    frame_ref(frame);
    outbox_push(&fast, frame, 0);
    outbox_push(&slow, frame, 0);
    peer.takes = 2;
    assert_int_equal(outbox_write(&slow, &wire), JF_E_FULL);
    peer.takes = SIZE_MAX;
    assert_int_equal(outbox_write(&fast, &wire), JF_OK);
    assert_int_equal(outbox_write(&slow, &wire), JF_OK);
    assert_heard("shsharedared");
}

static void a_note_is_told_once_when_the_last_octet_has_left(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    struct witness witness = { { on_settled }, 1, 0 };
    push_text(&box, "before");
    struct frame *frame = frame_new_raw(jf_str("noted"));
    frame->note = &witness.note;
    outbox_push(&box, frame, 0);
    peer.takes = 10;
    assert_int_equal(outbox_write(&box, &wire), JF_E_FULL);
    assert_int_equal(witness.calls, 0);
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_int_equal(witness.calls, 1);
    assert_int_equal(witness.status, JF_OK);
}

static void notes_of_what_never_leaves_hear_gone(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    struct witness started = { { on_settled }, 1, 0 }, waiting = { { on_settled }, 1, 0 };
    struct frame *first = frame_new_raw(jf_str("started"));
    struct frame *second = frame_new_raw(jf_str("waiting"));
    first->note = &started.note;
    second->note = &waiting.note;
    outbox_push(&box, first, 0);
    outbox_push(&box, second, 0);
    peer.takes = 3;
    assert_int_equal(outbox_write(&box, &wire), JF_E_FULL);
    peer.gone = true;
    assert_int_equal(outbox_write(&box, &wire), JF_E_GONE);
    assert_int_equal(started.calls + waiting.calls, 0); /* its user clears it */
    outbox_clear(&box);
    assert_int_equal(started.status, JF_E_GONE);
    assert_int_equal(waiting.status, JF_E_GONE);
    assert_int_equal(started.calls + waiting.calls, 2);
    assert_empty(&box);
}

static void the_oldest_is_dropped_unless_it_is_begun_or_control(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    struct witness witness = { { on_settled }, 1, 0 };
    push_text(&box, "begun ");
    struct frame *control = frame_new_raw(jf_str("control "));
    control->control = true;
    outbox_push(&box, control, 0);
    struct frame *victim = frame_new_raw(jf_str("victim "));
    victim->note = &witness.note;
    outbox_push(&box, victim, 0);
    push_text(&box, "last");
    peer.takes = 2;
    assert_int_equal(outbox_write(&box, &wire), JF_E_FULL);
    size_t before = box.bytes;

    assert_true(outbox_drop_oldest(&box));
    assert_int_equal(box.bytes, before - strlen("victim "));
    assert_int_equal(witness.status, JF_E_GONE);
    assert_int_equal(witness.calls, 1);
    peer.takes = SIZE_MAX;
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_heard("begun control last");
}

static void what_may_not_be_dropped_stays(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    outbox_push(&box, frame_new_raw(jf_str("begun elsewhere")), 6);
    for (int i = 0; i < 20; i++) {
        struct frame *control = frame_new_raw(jf_str("c"));
        control->control = true;
        outbox_push(&box, control, 0);
    }
    assert_false(outbox_drop_oldest(&box));
    assert_int_equal(box.count, 21);
    outbox_clear(&box);
    assert_empty(&box);
}

static void dropping_all_leaves_a_usable_outbox(void **state)
{
    (void)state;
    struct outbox box = { 0 };
    for (int i = 0; i < 40; i++)
        push_text(&box, "x");
    int dropped = 0;
    while (outbox_drop_oldest(&box))
        dropped++;
    assert_int_equal(dropped, 40);
    assert_int_equal(box.bytes, 0);
    push_text(&box, "again");
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_heard("again");
    assert_empty(&box);
}

static void appending_moves_all_and_keeps_what_is_begun(void **state)
{
    (void)state;
    struct outbox box = { 0 }, from = { 0 };
    push_text(&box, "101;");
    outbox_push(&from, frame_new_raw(jf_str("xxone;")), 2);
    for (int i = 0; i < 20; i++)
        push_text(&from, "m;");
    outbox_append(&box, &from);
    assert_empty(&from);
    assert_int_equal(box.bytes, 8 + 40);
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_heard("101;one;m;m;m;m;m;m;m;m;m;m;m;m;m;m;m;m;m;m;m;m;");
    assert_empty(&box);
}

static void appending_nothing_to_nothing_is_nothing(void **state)
{
    (void)state;
    struct outbox box = { 0 }, from = { 0 };
    outbox_append(&box, &from);
    assert_empty(&box);
    push_text(&from, "only");
    outbox_append(&box, &from);
    assert_int_equal(outbox_write(&box, &wire), JF_OK);
    assert_heard("only");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_one_writes_nothing, start),
        cmocka_unit_test_setup(a_lone_frame_costs_no_memory, start),
        cmocka_unit_test_setup(many_small_frames_leave_in_one_write, start),
        cmocka_unit_test_setup(order_is_kept_wherever_the_wire_stops, start),
        cmocka_unit_test_setup(a_wire_without_room_takes_nothing_and_loses_nothing, start),
        cmocka_unit_test_setup(a_short_write_is_not_followed_by_another, start),
        cmocka_unit_test_setup(a_frame_may_be_pushed_from_its_middle, start),
        cmocka_unit_test_setup(it_grows_while_it_goes_round, start),
        cmocka_unit_test_setup(no_write_offers_much_more_than_the_wire_can_take, start),
        cmocka_unit_test_setup(a_shared_frame_is_written_by_each_at_its_own_pace, start),
        cmocka_unit_test_setup(a_note_is_told_once_when_the_last_octet_has_left, start),
        cmocka_unit_test_setup(notes_of_what_never_leaves_hear_gone, start),
        cmocka_unit_test_setup(the_oldest_is_dropped_unless_it_is_begun_or_control, start),
        cmocka_unit_test_setup(what_may_not_be_dropped_stays, start),
        cmocka_unit_test_setup(dropping_all_leaves_a_usable_outbox, start),
        cmocka_unit_test_setup(appending_moves_all_and_keeps_what_is_begun, start),
        cmocka_unit_test_setup(appending_nothing_to_nothing_is_nothing, start),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
