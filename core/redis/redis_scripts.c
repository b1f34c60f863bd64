/* SCRIPT LOAD for each; what it answers is the script's name, the SHA-1 of its text. */
#include "core/redis/redis_scripts.h"

#include "core/base/memory.h"

#define NAME_LEN 40

static void on_answer(struct redis_call *call, int status, const struct redis_reply *reply)
{
    struct redis_scripts *scripts = call->data;
    size_t which = (size_t)(call - scripts->loads);
    jf_bytes name = redis_reply_bytes(reply);
    scripts->loading--;
    if (status == JF_OK && name.len != NAME_LEN)
        status = JF_E_INTERNAL;
    if (status == JF_OK)
        memcpy(scripts->names[which], name.ptr, NAME_LEN);
    else
        scripts->status = status;
    if (!scripts->loading)
        scripts->on_loaded(scripts, scripts->status, status < 0 ? reply : NULL);
}

void redis_scripts_init(struct redis_scripts *scripts, const char *const *texts,
                        size_t count,
                        void (*on_loaded)(struct redis_scripts *scripts, int status,
                                          const struct redis_reply *reply))
{
    CHECK(count <= REDIS_SCRIPTS_MAX);
    *scripts =
        (struct redis_scripts){ .texts = texts, .count = count, .on_loaded = on_loaded };
    for (size_t i = 0; i < count; i++)
        scripts->loads[i] = (struct redis_call){ .done = on_answer, .data = scripts };
}

int redis_scripts_load(struct redis_scripts *scripts, struct redis_link *link)
{
    if (scripts->loading)
        return JF_OK;
    scripts->status = JF_OK;
    for (size_t i = 0; i < scripts->count; i++) {
        const jf_bytes words[] = { jf_str("SCRIPT"), jf_str("LOAD"),
                                   jf_str(scripts->texts[i]) };
        int status = redis_send(link, &scripts->loads[i], words, 3);
        if (status == JF_OK)
            scripts->loading++;
        else
            scripts->status = status;
    }
    return scripts->status;
}

jf_bytes redis_scripts_name(const struct redis_scripts *scripts, size_t which)
{
    return jf_view(scripts->names[which], NAME_LEN);
}
