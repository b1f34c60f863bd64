/* One message to many connections, with the fate of each: as many questions at a time. */
#include "core/parse/manage_batch.h"
#include "core/base/memory.h"
#include "core/host/ask.h"
#include "core/host/manage_answer.h"
#include "core/host/manage_impl.h"
#include "core/host/worker.h"
#include "core/net/http_call.h"
#include "core/parse/conn_id.h"
#include "core/parse/json_text.h"

struct batch;

struct fate {
    struct batch *batch;
    int status;
};

struct batch {
    struct managed *managed;
    struct manage_batch order;
    size_t open; /* fates that are not known yet */
    struct fate fates[];
};

static void put_fate(struct json_text *text, const struct batch *batch, size_t i)
{
    const struct manage_outcome outcome = manage_outcome_of(batch->fates[i].status);
    json_text_open(text, '{');
    json_text_name(text, jf_str("connectionId"));
    json_text_string(text, batch->order.ids[i]);
    json_text_name(text, jf_str("statusCode"));
    json_text_number(text, outcome.http);
    if (outcome.type) {
        json_text_name(text, jf_str("error"));
        json_text_string(text, jf_str(outcome.type));
    }
    json_text_close(text, '}');
}

static void end(struct batch *batch)
{
    struct managed *managed = batch->managed;
    struct json_text text = { 0 };
    size_t len = 0;
    json_text_open(&text, '{');
    json_text_name(&text, jf_str("results"));
    json_text_open(&text, '[');
    for (size_t i = 0; i < batch->order.count; i++)
        put_fate(&text, batch, i);
    json_text_close(&text, ']');
    json_text_close(&text, '}');
    AUTO_FREE char *json = json_text_take(&text, &len);
    if (json)
        manage_answer_json(managed->call, jf_view(json, len));
    else
        manage_answer_status(managed->call, JF_E_NOMEM);
    manage_batch_fini(&batch->order);
    free(batch);
    free(managed);
}

static void settle(struct fate *fate, int status)
{
    fate->status = status;
    if (--fate->batch->open == 0)
        end(fate->batch);
}

static void on_status(jf_worker *none, void *data, int status)
{
    (void)none;
    settle(data, status);
}

static void begin(struct batch *batch, size_t i)
{
    struct managed *managed = batch->managed;
    struct ask_order order = { .kind = ASK_POST,
                               .key = managed->stage->name,
                               .value = batch->order.data,
                               .opcode = batch->order.opcode,
                               .done = { .status = on_status },
                               .data = &batch->fates[i] };
    int status = conn_id_from_text(batch->order.ids[i], &order.conn);
    if (status == JF_OK)
        status = ask_put_own(managed->worker, &order);
    if (status < 0)
        settle(&batch->fates[i], status);
}

void manage_batch(struct managed *managed)
{
    struct manage_batch order;
    const char *why;
    if (manage_batch_read(http_call_body(managed->call), &order, &why) < 0) {
        managed_refuse(managed, why);
        return;
    }
    struct batch *batch =
        xcalloc(1, sizeof(*batch) + order.count * sizeof(batch->fates[0]));
    batch->managed = managed;
    batch->order = order;
    batch->open = order.count + 1; /* so that it does not end before it has begun */
    bool fits = order.data.len <= managed_message_max(managed);
    for (size_t i = 0; i < order.count; i++) {
        batch->fates[i].batch = batch;
        if (fits)
            begin(batch, i);
        else
            settle(&batch->fates[i], JF_E_TOO_BIG);
    }
    if (--batch->open == 0)
        end(batch);
}
