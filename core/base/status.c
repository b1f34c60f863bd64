/* One table for C, Lua and the logs: JF_STATUS_MAP. */
#include "core/base/status.h"

#include "sdk/jackfield.h"

const char *status_name(int status)
{
    switch (status) {
    case JF_OK:
        return "ok";
    case JF_LATER:
        return "later";
#define XX(code, upper, lower, text)                                                       \
    case JF_E_##upper:                                                                     \
        return lower;
        JF_STATUS_MAP(XX)
#undef XX
    default:
        return "unknown";
    }
}

const char *status_text(int status)
{
    switch (status) {
    case JF_OK:
        return "success";
    case JF_LATER:
        return "the answer follows";
#define XX(code, upper, lower, text)                                                       \
    case JF_E_##upper:                                                                     \
        return text;
        JF_STATUS_MAP(XX)
#undef XX
    default:
        return "not a status";
    }
}
