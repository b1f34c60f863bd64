/* What a backend says, taken for a function's result: whatever the octets, it is a fault,
 * or it has a status that is none or one of HTTP's, and a body that is there. The first
 * octet chooses the status and the header of the HTTP answer. */
#include "core/base/check.h"
#include "plugins/http/http_answer.h"
#include "plugins/http/http_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct http_answer answer = { .http_status = data[0] & 1 ? 200 : data[0] * 3,
                                  .body = jf_view(data + 1, size - 1),
                                  .has_body = true,
                                  .function_error = data[0] == 0x80 };
    struct http_answer judged = answer;
    http_answer_read_authorizer(&judged);
    CHECK(!judged.mapped && jf_same(judged.body, answer.body));
    enum http_fault fault = http_answer_read_lambda(&answer);
    CHECK(fault < HTTP_FAULT_COUNT && fault != HTTP_FAULT_MEMORY);
    if (fault == HTTP_FINE) {
        CHECK(!answer.http_status ||
              (answer.http_status >= 100 && answer.http_status <= 599));
        CHECK(!answer.has_body || answer.body.ptr);
        if (answer.has_body)
            http_text_is_utf8(answer.body);
        CHECK(!answer.protocol.len || answer.protocol.ptr);
    }
    http_answer_fini(&answer);
    return 0;
}
