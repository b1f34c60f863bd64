/* base64url without padding, RFC 4648 section 5 as RFC 7515 section 2 wants it. */
#ifndef JF_JWT_BASE64URL_H
#define JF_JWT_BASE64URL_H

#include <stdbool.h>

#include "jackfield.h"

/* How many octets text of that length stands for, if it is well-formed. */
#define BASE64URL_SIZE(len) ((len) / 4 * 3 + (len) % 4 * 3 / 4)

/* The octets that `text` stands for, into `octets`, which has room for `room`. There is one
 * text for each sequence of octets: padding, white space, letters of the other alphabet,
 * and bits that are left over and not zero are refused. False: it is not well-formed or
 * does not fit; what is in `octets` then means nothing. [any thread] */
bool base64url_decode(jf_bytes text, unsigned char *octets, size_t room, size_t *out);

#endif
