/* Many threads post into one mailbox while its loop reads: nobody's letters change places,
 * the box holds no more than it may, and at the end nothing is lost or run twice. In other
 * threads than the first, CHECK stands for assert. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "core/base/check.h"
#include "core/base/list.h"
#include "core/base/memory.h"
#include "core/loop/loop.h"
#include "core/loop/mailbox.h"

#define POSTERS 6
#define LETTER_BYTES 100

struct scene {
    struct loop *loop;
    struct mailbox *box;
    atomic_int posters_left;

    /* the loop's */
    size_t run_this_turn, most_per_turn;
    struct task last;
};

/* One letter, and how often it has been read: by the loop, or at the end by whoever
 * drains. */
struct letter {
    struct task task;
    struct poster *poster;
    int number, read;
};

struct poster {
    struct scene *scene;
    pthread_t thread;
    struct letter *letters;
    int count;
    int sent, refused; /* the poster's, until it is joined */
    int next_number;   /* the reader's */
};

static void read_letter(struct task *task)
{
    struct letter *letter = CONTAINER_OF(task, struct letter, task);
    struct poster *poster = letter->poster;
    CHECK(letter->number == poster->next_number); /* nobody overtakes himself */
    poster->next_number++;
    letter->read++;
    poster->scene->run_this_turn++;
}

static void on_turn_end(void *data)
{
    struct scene *scene = data;
    if (scene->run_this_turn > scene->most_per_turn)
        scene->most_per_turn = scene->run_this_turn;
    scene->run_this_turn = 0;
}

static void open_scene(struct scene *scene, size_t max_letters)
{
    memset(scene, 0, sizeof(*scene));
    assert_int_equal(loop_new(&scene->loop), JF_OK);
    assert_int_equal(mailbox_new(scene->loop, max_letters * LETTER_BYTES, &scene->box),
                     JF_OK);
    loop_set_turn_end(scene->loop, on_turn_end, scene);
    scene->posters_left = POSTERS;
}

static void start_poster(struct poster *poster, struct scene *scene, int count,
                         void *(*run)(void *data))
{
    *poster = (struct poster){ .scene = scene, .count = count };
    poster->letters = xcalloc((size_t)count, sizeof(*poster->letters));
    for (int i = 0; i < count; i++) {
        poster->letters[i].task.run = read_letter;
        poster->letters[i].poster = poster;
    }
    assert_int_equal(pthread_create(&poster->thread, NULL, run, poster), 0);
}

static struct task *next_letter(struct poster *poster)
{
    CHECK(poster->sent < poster->count);
    struct letter *letter = &poster->letters[poster->sent];
    letter->number = poster->sent++;
    return &letter->task;
}

static void run_last(struct task *task)
{
    loop_stop(CONTAINER_OF(task, struct scene, last)->loop);
}

/* Posts all of its letters, waiting whenever the box is full. */
static void *post_all(void *data)
{
    struct poster *poster = data;
    struct scene *scene = poster->scene;
    while (poster->sent < poster->count) {
        struct task *task = next_letter(poster);
        int status;
        while ((status = mailbox_post(scene->box, task, LETTER_BYTES)) == JF_E_FULL) {
            poster->refused++;
            sched_yield();
        }
        CHECK(status == JF_OK);
    }
    if (atomic_fetch_sub(&scene->posters_left, 1) == 1)
        mailbox_post_reserved(scene->box, &scene->last);
    return NULL;
}

static void order_is_kept_and_the_bound_holds(void **state)
{
    (void)state;
    enum { LETTERS = 5000, MAX_LETTERS = 20 };
    struct scene scene;
    struct poster posters[POSTERS];
    open_scene(&scene, MAX_LETTERS);
    scene.last.run = run_last;
    for (int i = 0; i < POSTERS; i++)
        start_poster(&posters[i], &scene, LETTERS, post_all);
    loop_run(scene.loop);
    for (int i = 0; i < POSTERS; i++) {
        pthread_join(posters[i].thread, NULL);
        assert_int_equal(posters[i].next_number, LETTERS);
        free(posters[i].letters);
    }
    assert_true(scene.most_per_turn >= 1);
    assert_true(scene.most_per_turn <= MAX_LETTERS);
    mailbox_free(scene.box);
    loop_free(scene.loop);
}

/* Posts and posts, until it finds the door closed; then once more what had its room
 * reserved, like a handler that finishes late. */
static void *post_until_closed(void *data)
{
    struct poster *poster = data;
    struct scene *scene = poster->scene;
    while (poster->sent < poster->count - 2) {
        bool reserved = poster->sent % 3 == 0;
        struct task *task = next_letter(poster);
        if (reserved) {
            mailbox_post_reserved(scene->box, task);
            continue;
        }
        int status = mailbox_post(scene->box, task, LETTER_BYTES);
        if (status < 0)
            poster->sent--; /* the letter is still ours */
        if (status == JF_E_STOPPING)
            break;
        if (status == JF_E_FULL)
            sched_yield();
    }
    mailbox_post_reserved(scene->box, next_letter(poster));
    sched_yield();
    mailbox_post_reserved(scene->box, next_letter(poster));
    return NULL;
}

static void stop_loop(void *data)
{
    loop_stop(data);
}

static void stragglers_find_a_closed_door_and_nothing_is_lost(void **state)
{
    (void)state;
    enum { ROUNDS = 40, LETTERS = 20000 };
    for (int round = 0; round < ROUNDS; round++) {
        struct scene scene;
        struct poster posters[POSTERS];
        struct timer *timer;
        open_scene(&scene, 50);
        timer_new(scene.loop, stop_loop, scene.loop, &timer);
        timer_start(timer, (uint64_t)(round % 4));
        for (int i = 0; i < POSTERS; i++)
            start_poster(&posters[i], &scene, LETTERS, post_until_closed);
        loop_run(scene.loop);
        timer_free(timer);
        mailbox_close(scene.box);
        if (round % 2)
            mailbox_drain(scene.box);
        mailbox_detach(scene.box);
        loop_free(scene.loop);
        for (int i = 0; i < POSTERS; i++)
            pthread_join(posters[i].thread, NULL);
        mailbox_drain(scene.box);
        for (int i = 0; i < POSTERS; i++) {
            assert_int_equal(posters[i].next_number, posters[i].sent);
            for (int n = 0; n < posters[i].count; n++)
                assert_int_equal(posters[i].letters[n].read, n < posters[i].sent);
            free(posters[i].letters);
        }
        mailbox_free(scene.box);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_is_kept_and_the_bound_holds),
        cmocka_unit_test(stragglers_find_a_closed_door_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
