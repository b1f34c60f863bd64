/* Options that an init refuses, and what it says of each. */
#ifndef JF_TEST_WRONG_OPTIONS_H
#define JF_TEST_WRONG_OPTIONS_H

#include "sdk/testing/fake_host.h"

static inline void options_refused(const char *const options[][2], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fake_host *host = fake_host_new(&jf_entry, 1);
        assert_int_equal(fake_host_start(host, options[i][0]), JF_E_INVALID);
        assert_true(fake_host_logged(host, JF_ERROR, options[i][1]));
        fake_host_free(host);
    }
}

#endif
