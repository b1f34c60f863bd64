/* A list that grows at its head only. */
#include "core/host/stage.h"

#include "core/base/memory.h"

static const struct stage *newest(const struct stages *all)
{
    return atomic_load_explicit(&all->newest, memory_order_acquire);
}

const struct stage *stages_find(const struct stages *all, jf_bytes name)
{
    const struct stage *stage = newest(all);
    while (stage && !jf_same(stage->name, name))
        stage = stage->next;
    return stage;
}

uint32_t stages_count(const struct stages *all)
{
    const struct stage *stage = newest(all);
    return stage ? stage->index + 1 : 0;
}

const struct stage *stages_add(struct stages *all, jf_bytes name)
{
    const struct stage *known = stages_find(all, name);
    if (known)
        return known;
    struct stage *stage = xalloc(sizeof(*stage) + name.len + 1);
    char *text = (char *)(stage + 1);
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    *stage = (struct stage){ jf_view(text, name.len), stages_count(all), newest(all) };
    atomic_store_explicit(&all->newest, stage, memory_order_release);
    return stage;
}

void stages_fini(struct stages *all)
{
    const struct stage *stage = newest(all);
    while (stage) {
        union {
            const struct stage *in;
            void *out;
        } pointer = { .in = stage };
        stage = stage->next;
        free(pointer.out);
    }
    atomic_store(&all->newest, NULL);
}
