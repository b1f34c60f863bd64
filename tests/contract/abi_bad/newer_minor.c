/*
 * Broken: built for a newer minor number, so it may call what this host has not.
 * The host: refuses it before it runs a line of it, and names the file, the plugin's
 * numbers and its own.
 */
#include "jackfield.h"

static int init(jf_self *self, jf_bytes options)
{
    (void)options;
    jf_log(self, JF_ERROR, "event=must_not_run plugin=newer_minor");
    return JF_OK;
}

const struct jf_plugin jf_entry = {
    .size = sizeof(struct jf_plugin) + sizeof(void *),
    .abi_major = JF_ABI_MAJOR,
    .abi_minor = JF_ABI_MINOR + 1,
    .name = "newer_minor",
    .version = "1.0",
    .init = init,
};
