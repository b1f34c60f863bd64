/* The one place where libuv's codes become ours. What we ask of libuv can fail for few
 * reasons: no descriptor left, no memory left, or we asked for nonsense. */
#include "core/loop/uv_status.h"

#include <uv.h>

#include "sdk/jackfield.h"

int uv_status(int code)
{
    if (code >= 0)
        return JF_OK;
    switch (code) {
    case UV_EINVAL:
        return JF_E_INVALID;
    case UV_ENOMEM:
        return JF_E_NOMEM;
    case UV_EMFILE:
    case UV_ENFILE:
        return JF_E_UNAVAILABLE;
    default:
        return JF_E_INTERNAL;
    }
}
