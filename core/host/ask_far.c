/* A question about a connection of another node goes there as a letter, and is put there as
 * if a neighbouring worker had asked. */
#include "core/host/ask_far.h"

#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/status.h"
#include "core/host/ask_impl.h"
#include "core/host/far.h"
#include "core/parse/conn_id.h"
#include "core/relay/relay_out.h"

/* ---- From here ---------------------------------------------------------- */

/* What a node of another version may say that we do not know is a fault. */
static int known_status(int32_t status)
{
    return status <= JF_OK && status >= JF_E_INTERNAL ? status : JF_E_INTERNAL;
}

static void on_answer(struct relay_question *question, int status,
                      const struct letter *answer)
{
    struct ask *ask = CONTAINER_OF(question, struct ask, beyond.question);
    /* It is on its way home: in this very turn its time may be up, too. */
    alarm_stop(server_wheel(ask->from->server), &ask->alarm);
    ask->status = status;
    if (status == JF_OK) {
        ask->status = known_status(answer->status);
        ask_keep_answer(ask, answer->body);
    }
    ask_send_back(ask, ask->status);
}

int ask_put_far(struct ask *ask)
{
    struct worker *worker = ask->from;
    const struct ask_order *order = &ask->order;
    if (!gateway_is_far(worker->gateway, order->conn))
        return JF_E_GONE;
    struct letter letter = { .kind = LETTER_QUESTION,
                             .place = (uint8_t)worker->index,
                             .verb = (uint8_t)order->kind,
                             .opcode = (uint8_t)order->opcode,
                             .ids = &order->conn,
                             .id_count = 1,
                             .name = order->key,
                             .body = order->value };
    ask->home = worker;
    ask->far = true;
    ask->beyond.question.done = on_answer;
    return relay_ask(worker->asker, worker->out, conn_id_node(order->conn), &letter,
                     &ask->beyond.question);
}

void ask_forget_far(struct ask *ask)
{
    relay_ask_forget(ask->from->asker, &ask->beyond.question);
}

/* ---- From there --------------------------------------------------------- */

static struct letter answer_to(const struct ask_sender *sender, int status)
{
    return (struct letter){ .kind = LETTER_ANSWER,
                            .place = sender->place,
                            .number = sender->number,
                            .status = status };
}

void ask_reply(struct ask *ask, int status)
{
    struct worker *home = ask->home;
    struct letter letter = answer_to(&ask->beyond.sender, status);
    letter.body = jf_view(ask->answer, ask->answer_len);
    status = relay_send(home->out, ask->beyond.sender.node, &letter);
    if (status < 0) /* there its time runs out */
        LOG_RARELY(WARN, DISPATCH, 10, "event=answer_lost node=%u status=%s",
                   ask->beyond.sender.node, status_name(status));
    ask_free(ask);
    home->waiting_asks--;
    worker_check_drained(home);
}

static void on_arrival(struct task *task)
{
    struct ask *ask = CONTAINER_OF(task, struct ask, task);
    ask->home->waiting_asks++;
    ask_arrive(task);
}

static int put_visitor(struct worker *home, const struct ask_order *order,
                       const struct ask_sender *sender)
{
    int status = ask_check(order);
    if (status < 0)
        return status;
    struct ask *ask = ask_new(NULL, NULL, order);
    if (!ask)
        return JF_E_NOMEM;
    ask->home = home;
    ask->beyond.sender = *sender;
    ask->task.run = on_arrival;
    status = mailbox_post(home->box, &ask->task,
                          sizeof(*ask) + order->key.len + order->value.len);
    if (status < 0)
        ask_free(ask);
    return status;
}

/* Questions about groups are put by the node that asks, and a message has an opcode. */
static bool is_for_here(const struct letter *letter)
{
    if (letter->verb >= ASK_CLOSE && letter->verb <= ASK_LIST)
        return true;
    if (letter->verb == ASK_SEND || letter->verb == ASK_POST)
        return letter->opcode == JF_TEXT || letter->opcode == JF_BINARY;
    return letter->verb < ASK_SEND && letter->verb != ASK_GROUP_MEMBERS &&
           letter->verb != ASK_GROUP_COUNT;
}

int ask_visit(struct gateway *gateway, uint16_t from, const struct letter *letter)
{
    const struct ask_sender sender = { from, letter->place, letter->number };
    const struct ask_order order = {
        .kind = (enum ask_kind)letter->verb,
        .conn = letter->ids[0],
        .key = letter->name,
        .value = letter->body,
        .opcode = letter->opcode,
    };
    struct worker *home = gateway_home_of(gateway, letter->ids[0]);
    int status = !home ? JF_E_GONE : JF_E_INVALID;
    if (home && is_for_here(letter))
        status = put_visitor(home, &order, &sender);
    if (status == JF_OK)
        return JF_OK;
    const struct letter answer = answer_to(&sender, status);
    return far_post(gateway_cluster(gateway), from, &answer);
}
