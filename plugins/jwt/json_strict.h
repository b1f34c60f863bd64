/* JSON as RFC 8259 has it, for text that decides who somebody is. */
#ifndef JF_JWT_JSON_STRICT_H
#define JF_JWT_JSON_STRICT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "jackfield.h"

#define JSON_DEPTH_MAX 16   /* arrays and objects in each other */
#define JSON_MEMBERS_MAX 64 /* of an object that json_strict_object() reads */

/* One JSON value and white space around it, nothing before and nothing behind: well-formed
 * UTF-8, numbers and escapes by the grammar, no NUL even as an escape, not too deep.
 * [any thread] */
bool json_strict_is_valid(jf_bytes text);

/* An object and the text of its members' values, in the order of `tree->child`: what a
 * number looked like is known nowhere else. */
struct json_object {
    cJSON *tree;
    jf_bytes values[JSON_MEMBERS_MAX]; /* views into the text that was read */
    size_t count;
};

/* Read a valid object whose members have different names; `out` views `text` and is the
 * caller's to json_strict_free(). JF_E_INVALID: it is not one; JF_E_TOO_BIG: too many
 * members. [any thread] */
int json_strict_object(jf_bytes text, struct json_object *out);
void json_strict_free(struct json_object *object);

/* The same for an object inside a tree: do two of its members have the same name?
 * [any thread] */
bool json_strict_has_twins(const cJSON *object);

#endif
