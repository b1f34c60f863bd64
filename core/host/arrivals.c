/* Each kind of letter becomes the mail that a neighbouring worker would have sent. */
#include "core/host/arrivals.h"

#include "core/base/bytes.h"
#include "core/base/list.h"
#include "core/base/log.h"
#include "core/base/memory.h"
#include "core/base/status.h"
#include "core/host/ask_far.h"
#include "core/host/kick.h"
#include "core/host/mail.h"
#include "core/host/worker.h"
#include "core/parse/conn_id.h"
#include "core/relay/relay_ask.h"

static void heed(struct gateway *gateway, int status)
{
    if (status >= 0 || status == JF_E_GONE)
        return;
    gateway_count_undelivered(gateway);
    LOG_RARELY(WARN, DISPATCH, 10, "event=not_delivered from=node status=%s",
               status_name(status));
}

/* ---- To connections and groups ------------------------------------------ */

static void send_to_ids(struct gateway *gateway, const struct letter *letter)
{
    const struct mail_order order = { MAIL_IDS, .ids = letter->ids,
                                      .count = letter->id_count, letter->opcode,
                                      letter->body };
    struct worker *only = gateway_home_of(gateway, letter->ids[0]);
    if (letter->id_count > 1)
        heed(gateway, mail_send_ids(gateway, &order));
    else if (only)
        heed(gateway, mail_send(only, &order));
}

static void send_to_name(struct gateway *gateway, enum mail_to to,
                         const struct letter *letter)
{
    const struct mail_order order = { to, .name = letter->name, .opcode = letter->opcode,
                                      .body = letter->body };
    heed(gateway, mail_send_everywhere(gateway, &order));
}

static void close_one(struct gateway *gateway, const struct letter *letter)
{
    struct worker *home = gateway_home_of(gateway, letter->ids[0]);
    if (home)
        heed(gateway, mail_post_close(home, letter->ids[0], letter->code, letter->body));
}

/* A neighbour may say what no plugin may. */
static void kick(struct gateway *gateway, const struct kick_order *order)
{
    int status = kick_check(order);
    heed(gateway, status < 0 ? status : kick_here(gateway, order));
}

static void kick_group(struct gateway *gateway, const struct letter *letter)
{
    const struct kick_order order = { KICK_GROUP, .name = letter->name,
                                      .code = letter->code, .reason = letter->body };
    kick(gateway, &order);
}

static void kick_where(struct gateway *gateway, const struct letter *letter)
{
    size_t stage = bytes_find(letter->name, '/');
    const struct kick_order order = {
        KICK_WHERE,
        .name = jf_view(letter->name.ptr, stage),
        .key = bytes_from(letter->name, stage + 1),
        .value = bytes_from(letter->body, letter->verb),
        .code = letter->code,
        .reason = jf_view(letter->body.ptr, letter->verb),
    };
    kick(gateway, &order);
}

/* ---- Answers ------------------------------------------------------------ */

struct answer {
    struct task task;
    struct worker *worker;
    uint16_t from;
    struct letter letter; /* its body is a view into `bytes` */
    char bytes[];
};

static void open_answer(struct task *task)
{
    struct answer *answer = CONTAINER_OF(task, struct answer, task);
    relay_ask_answer(answer->worker->asker, answer->from, &answer->letter);
    free(answer);
}

static void bring_answer(struct gateway *gateway, uint16_t from,
                         const struct letter *letter)
{
    if (letter->place >= gateway_worker_count(gateway))
        return;
    size_t size = sizeof(struct answer) + letter->body.len;
    struct answer *answer = try_alloc(size);
    int status = JF_E_NOMEM;
    if (answer) {
        *answer = (struct answer){ .task.run = open_answer,
                                   .worker = gateway_worker(gateway, letter->place),
                                   .from = from,
                                   .letter = *letter };
        char *at = answer->bytes;
        answer->letter.body = bytes_keep(letter->body, &at);
        status = mailbox_post(answer->worker->box, &answer->task, size);
    }
    if (status < 0)
        free(answer);
    heed(gateway, status);
}

void arrivals_take(struct gateway *gateway, uint16_t from, const struct letter *letter)
{
    switch (letter->kind) {
    case LETTER_SEND:
        send_to_ids(gateway, letter);
        break;
    case LETTER_GROUP:
        send_to_name(gateway, MAIL_GROUP, letter);
        break;
    case LETTER_STAGE:
        send_to_name(gateway, MAIL_STAGE, letter);
        break;
    case LETTER_CLOSE:
        close_one(gateway, letter);
        break;
    case LETTER_CLOSE_GROUP:
        kick_group(gateway, letter);
        break;
    case LETTER_CLOSE_WHERE:
        kick_where(gateway, letter);
        break;
    case LETTER_QUESTION:
        heed(gateway, ask_visit(gateway, from, letter));
        break;
    case LETTER_ANSWER:
        bring_answer(gateway, from, letter);
        break;
    }
}
