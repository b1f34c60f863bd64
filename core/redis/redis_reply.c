/* A coat over hiredis' reply, and the one place where Redis' errors become ours. */
#include "core/redis/redis_reply.h"

#include <hiredis/hiredis.h>

#include "core/base/bytes.h"

/* An error begins with one of these words. */
static const struct {
    const char *word;
    int status;
} errors[] = {
    { "LOADING", JF_E_UNAVAILABLE },     { "READONLY", JF_E_UNAVAILABLE },
    { "MASTERDOWN", JF_E_UNAVAILABLE },  { "OOM", JF_E_UNAVAILABLE },
    { "MISCONF", JF_E_UNAVAILABLE },     { "NOREPLICAS", JF_E_UNAVAILABLE },
    { "BUSY", JF_E_UNAVAILABLE },        { "UNKILLABLE", JF_E_UNAVAILABLE },
    { "CLUSTERDOWN", JF_E_UNAVAILABLE }, { "TRYAGAIN", JF_E_UNAVAILABLE },
    { "MOVED", JF_E_UNAVAILABLE },       { "ASK", JF_E_UNAVAILABLE },
    { "NOAUTH", JF_E_DENIED },           { "WRONGPASS", JF_E_DENIED },
    { "NOPERM", JF_E_DENIED },           { "NOSCRIPT", JF_E_NOT_FOUND },
};

static const redisReply *unwrap(const struct redis_reply *reply)
{
    return (const redisReply *)(const void *)reply;
}

static const struct redis_reply *wrap(const redisReply *reply)
{
    return (const struct redis_reply *)(const void *)reply;
}

jf_bytes redis_reply_bytes(const struct redis_reply *reply)
{
    const redisReply *it = unwrap(reply);
    if (!it || (it->type != REDIS_REPLY_STRING && it->type != REDIS_REPLY_STATUS &&
                it->type != REDIS_REPLY_ERROR))
        return jf_view(NULL, 0);
    return jf_view(it->str, it->len);
}

int64_t redis_reply_number(const struct redis_reply *reply)
{
    const redisReply *it = unwrap(reply);
    return it && it->type == REDIS_REPLY_INTEGER ? it->integer : 0;
}

bool redis_reply_is_error(const struct redis_reply *reply)
{
    const redisReply *it = unwrap(reply);
    return it && it->type == REDIS_REPLY_ERROR;
}

size_t redis_reply_count(const struct redis_reply *reply)
{
    const redisReply *it = unwrap(reply);
    return it && it->type == REDIS_REPLY_ARRAY ? it->elements : 0;
}

const struct redis_reply *redis_reply_at(const struct redis_reply *reply, size_t index)
{
    if (index >= redis_reply_count(reply))
        return NULL;
    return wrap(unwrap(reply)->element[index]);
}

static bool begins_with_word(jf_bytes text, const char *word)
{
    text.len = bytes_find(text, ' ');
    return bytes_eq(text, word);
}

/* Before Redis 7 an error inside a script comes wrapped: "ERR Error running script (...):
 * @user_script:3: -OOM command not allowed ...". */
static jf_bytes inner_error(jf_bytes text)
{
    const char *at = text.len ? memmem(text.ptr, text.len, ": -", 3) : NULL;
    return at ? bytes_from(text, (size_t)(at - text.ptr) + 3) : text;
}

bool redis_reply_says(const struct redis_reply *reply, const char *word)
{
    if (!redis_reply_is_error(reply))
        return false;
    jf_bytes text = redis_reply_bytes(reply);
    return begins_with_word(text, word) || begins_with_word(inner_error(text), word);
}

int redis_reply_status(const struct redis_reply *reply)
{
    if (!redis_reply_is_error(reply))
        return JF_OK;
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (redis_reply_says(reply, errors[i].word))
            return errors[i].status;
    }
    return JF_E_INVALID;
}
