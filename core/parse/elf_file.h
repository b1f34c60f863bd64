/*
 * elf_file - is this a whole shared object for this machine?
 *
 * The loader of the system believes what a file says of itself: a file that is cut short,
 * because its build or its copy is not finished, ends the process that loads it. So a file
 * is looked at first. Pure. [any thread]
 */
#ifndef JF_PARSE_ELF_FILE_H
#define JF_PARSE_ELF_FILE_H

#include "sdk/jackfield.h"

/* What is wrong with it, as a sentence; NULL: all that its headers promise is there. */
const char *elf_file_problem(jf_bytes file);

#endif
