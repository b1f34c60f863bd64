/* Shared objects: whatever a file says of itself, it is looked at within its bounds, and
 * what is called whole does not become whole by being cut. */
#include "core/base/check.h"
#include "core/parse/elf_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    jf_bytes file = jf_view(data, size);
    const char *problem = elf_file_problem(file);
    CHECK(!problem || *problem);
    if (!problem)
        CHECK(size > 64);
    return 0;
}
