/*
 * Broken: built for another major number of the ABI.
 * The host: refuses it before it runs a line of it (init would say so), and names the file,
 * the plugin's numbers and its own.
 */
#include "jackfield.h"

static int init(jf_self *self, jf_bytes options)
{
    (void)options;
    jf_log(self, JF_ERROR, "event=must_not_run plugin=other_major");
    return JF_OK;
}

const struct jf_plugin jf_entry = {
    .size = sizeof(struct jf_plugin),
    .abi_major = JF_ABI_MAJOR + 1,
    .abi_minor = 0,
    .name = "other_major",
    .version = "1.0",
    .init = init,
};
