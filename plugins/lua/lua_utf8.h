/* Is it UTF-8? As RFC 3629 has it: no surrogates, nothing overlong. */
#ifndef LUA_UTF8_H
#define LUA_UTF8_H

#include <stdbool.h>

#include "jackfield.h"

bool lua_utf8_valid(jf_bytes text);

#endif
