/*
 * Broken: its size is 0, so it has no name, no routes, nothing.
 * The host: refuses it, and names the file.
 */
#include "jackfield.h"

const struct jf_plugin jf_entry = {
    .size = 0,
    .abi_major = JF_ABI_MAJOR,
    .abi_minor = JF_ABI_MINOR,
    .name = "no_size",
    .version = "1.0",
};
