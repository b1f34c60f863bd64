/*
 * selector_parts - what an expression is compiled to.
 *
 * The bodies stand here because two files share them: selector_compile.c writes them,
 * selector.c reads them for every message, and nobody else may.
 */
#ifndef JF_PARSE_SELECTOR_PARTS_H
#define JF_PARSE_SELECTOR_PARTS_H

#include "core/parse/selector.h"

#define SELECTOR_VARIABLES 8 /* a set of them is one octet of bits */
#define SELECTOR_PARTS (2 * SELECTOR_VARIABLES + 1)

/* One step down into the body: a member's name, or an element's index if `name.ptr` is
 * NULL. */
struct selector_step {
    jf_bytes name;
    uint32_t index;
};

struct selector_variable {
    struct selector_step *steps;
    unsigned step_count;
};

/* Literal text, or a variable if `variable` is not negative. */
struct selector_part {
    jf_bytes literal;
    int variable;
};

struct selector {
    unsigned variable_count, part_count;
    struct selector_variable variables[SELECTOR_VARIABLES];
    struct selector_part parts[SELECTOR_PARTS];
    /* By depth: which variables have all their steps behind them there. */
    uint8_t arrives[SELECTOR_DEPTH_MAX + 1];
    /* What the views above point into. */
    char *text;
    struct selector_step *steps;
};

#endif
