/* Events: who may finish one, and how soon its memory is another's. The network is played
 * by the test. */
#include "tests/unit/test.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/base/memory.h"
#include "core/host/event.h"
#include "core/host/facts.h"
#include "core/host/worker.h"

#define REST 256 /* others that rest before an event is used again */

struct conn {
    jf_conn_id id;
};

struct greeting {
    int unused;
};

struct facts {
    int unrefs;
};

static struct worker worker; /* only carried */
static unsigned greetings_freed;

jf_conn_id conn_id(const struct conn *conn)
{
    return conn->id;
}

void message_free(struct server *server, struct message *message)
{
    (void)server;
    free(message);
}

void greeting_free(struct greeting *greeting)
{
    greetings_freed += greeting != NULL;
    free(greeting);
}

void facts_unref(struct facts *facts)
{
    if (facts)
        facts->unrefs++;
}

static struct conn conn = { { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 } } };
static struct plugin plugin;
static int route_data;
static const struct route route = { { "talk", 4 }, &plugin, NULL, &route_data };

static struct event *open_one(struct event_pool *pool)
{
    return event_open(pool, &worker, &conn, &route, JF_MESSAGE);
}

static void an_event_is_of_its_route_and_connection(void **state)
{
    (void)state;
    struct event_pool pool;
    event_pool_init(&pool);
    struct event *event = open_one(&pool);
    assert_ptr_equal(event_of(&event->pub), event);
    assert_ptr_equal(event->pub.self, &plugin.self);
    assert_ptr_equal(event->pub.data, &route_data);
    assert_memory_equal(&event->pub.conn, &conn.id, sizeof(conn.id));
    assert_true(jf_same(event->pub.route, jf_str("talk")));
    assert_int_equal(event->pub.kind, JF_MESSAGE);
    assert_null(event->pub.connect);
    assert_null(event->pub.message);
    assert_null(event->pub.disconnect);
    event_close_at_once(&pool, event);
    event_pool_fini(&pool);
}

static void the_usual_message_allocates_none(void **state)
{
    (void)state;
    struct event_pool pool;
    event_pool_init(&pool);
    struct event *first = open_one(&pool);
    event_close_at_once(&pool, first);
    for (int i = 0; i < 10; i++) {
        struct event *next = open_one(&pool);
        assert_ptr_equal(next, first);
        event_close_at_once(&pool, next);
    }
    event_pool_fini(&pool);
}

/* A handler's send may, in the end, call another handler. */
static void two_at_once_are_two(void **state)
{
    (void)state;
    struct event_pool pool;
    event_pool_init(&pool);
    struct event *outer = open_one(&pool), *inner = open_one(&pool);
    assert_ptr_not_equal(outer, inner);
    event_close_at_once(&pool, inner);
    event_close_at_once(&pool, outer);
    event_pool_fini(&pool);
}

static void what_an_event_held_goes_with_it(void **state)
{
    (void)state;
    struct event_pool pool;
    event_pool_init(&pool);
    struct event *event = open_one(&pool);
    event->message = xcalloc(1, sizeof(struct message) + 4);
    event->refuse_body = xdup(jf_str("no"));
    event->refuse_len = 2;
    event->refuse_status = 401;
    event->subprotocol = xdup(jf_str("chat"));
    event->subprotocol_len = 4;
    event->greeting = xnew(struct greeting);
    event->json = xdup(jf_str("{}"));
    struct facts facts = { 0 };
    event->facts = event->facts_kept = &facts;
    event->has_returned = true;
    greetings_freed = 0;
    event_close_at_once(&pool, event);
    assert_int_equal(greetings_freed, 1);
    assert_int_equal(facts.unrefs, 1); /* those that it held itself */

    struct event *next = open_one(&pool);
    assert_ptr_equal(next, event);
    assert_null(next->message);
    assert_null(next->refuse_body);
    assert_null(next->subprotocol);
    assert_null(next->greeting);
    assert_null(next->json);
    assert_null(next->facts_kept);
    assert_int_equal(next->refuse_status, 0);
    assert_int_equal(next->refuse_len + next->subprotocol_len, 0);
    assert_false(next->has_returned);
    event_close_at_once(&pool, next);
    event_pool_fini(&pool);
}

static void an_event_is_finished_once(void **state)
{
    (void)state;
    struct event_pool pool;
    event_pool_init(&pool);
    struct event *event = open_one(&pool);
    assert_true(event_claim_finish(event));
    assert_false(event_claim_finish(event));
    event_retire(&pool, event);
    assert_false(event_claim_finish(event)); /* it rests */
    event_pool_fini(&pool);
}

static void an_event_answered_at_once_cannot_be_finished(void **state)
{
    (void)state;
    struct event_pool pool;
    event_pool_init(&pool);
    struct event *event = open_one(&pool);
    event_close_at_once(&pool, event);
    assert_false(event_claim_finish(event));
    event_pool_fini(&pool);
}

static void what_is_no_event_cannot_be_finished(void **state)
{
    (void)state;
    struct event stranger = { .phase = EVENT_OPEN };
    assert_false(event_claim_finish(&stranger));
}

static void a_second_finish_meets_a_resting_event(void **state)
{
    (void)state;
    struct event_pool pool;
    event_pool_init(&pool);
    struct event *finished = open_one(&pool);
    assert_true(event_claim_finish(finished));
    event_retire(&pool, finished);
    for (int i = 0; i < REST; i++) {
        struct event *other = open_one(&pool);
        assert_ptr_not_equal(other, finished);
        assert_false(event_claim_finish(finished));
        assert_true(event_claim_finish(other));
        event_retire(&pool, other);
    }
    struct event *reused = open_one(&pool);
    assert_ptr_equal(reused, finished); /* the oldest first, and no more memory */
    assert_true(event_claim_finish(reused));
    event_retire(&pool, reused);
    event_pool_fini(&pool);
}

static void as_many_rest_as_must(void **state)
{
    (void)state;
    struct event_pool pool;
    event_pool_init(&pool);
    for (int i = 0; i < 10 * REST; i++) {
        struct event *event = open_one(&pool);
        assert_true(event_claim_finish(event));
        event_retire(&pool, event);
        assert_true(pool.resting_count <= REST + 1);
    }
    event_pool_fini(&pool);
}

/* ---- Many at once ------------------------------------------------------- */

#define RACERS 4
#define ROUNDS 2000

struct race {
    struct event *events[ROUNDS];
    _Atomic unsigned won;
};

static void *claim_all(void *data)
{
    struct race *race = data;
    for (int i = 0; i < ROUNDS; i++) {
        if (event_claim_finish(race->events[i]))
            race->won++;
    }
    return NULL;
}

static void of_many_threads_one_finishes_it(void **state)
{
    (void)state;
    struct event_pool pool;
    struct race *race = xnew(struct race);
    pthread_t threads[RACERS];
    event_pool_init(&pool);
    for (int i = 0; i < ROUNDS; i++)
        race->events[i] = open_one(&pool);
    for (int i = 0; i < RACERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, claim_all, race), 0);
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(race->won, ROUNDS);
    for (int i = 0; i < ROUNDS; i++)
        event_retire(&pool, race->events[i]);
    event_pool_fini(&pool);
    free(race);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_of_its_route_and_connection),
        cmocka_unit_test(the_usual_message_allocates_none),
        cmocka_unit_test(two_at_once_are_two),
        cmocka_unit_test(what_an_event_held_goes_with_it),
        cmocka_unit_test(an_event_is_finished_once),
        cmocka_unit_test(an_event_answered_at_once_cannot_be_finished),
        cmocka_unit_test(what_is_no_event_cannot_be_finished),
        cmocka_unit_test(a_second_finish_meets_a_resting_event),
        cmocka_unit_test(as_many_rest_as_must),
        cmocka_unit_test(of_many_threads_one_finishes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
