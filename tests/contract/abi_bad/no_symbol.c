/*
 * Broken: there is no `jf_entry`.
 * The host: does not load it, and names the file and the missing symbol.
 */
#include "jackfield.h"

extern JF_EXPORT const struct jf_plugin another_entry;

const struct jf_plugin another_entry = {
    .size = sizeof(struct jf_plugin),
    .abi_major = JF_ABI_MAJOR,
    .abi_minor = JF_ABI_MINOR,
    .name = "no_symbol",
    .version = "1.0",
};
