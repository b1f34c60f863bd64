/*
 * http_fields - the fields of an object in the options, one by one.
 *
 * The first mistake is kept and ends the reading; a field that nobody asked for is one.
 * What an integration does not say, "$defaults" may.
 */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include <stdbool.h>

#include "jackfield.h"

#define HTTP_FIELDS_MAX 32

struct cJSON;

struct http_reading {
    const struct cJSON *object, *defaults; /* defaults may be NULL */
    const char *where;                     /* for complaints: the route */
    const char *inside;                    /* and the object in it, NULL: none */
    const char *asked[HTTP_FIELDS_MAX];    /* fields that are known */
    size_t asked_count;
    int status;
    char *complaint;
    size_t complaint_size;
};

/* Keep the first mistake, of `field`, or of the whole object if that is NULL. Returns
 * JF_E_INVALID. */
int http_wrong(struct http_reading *r, const char *field, const char *why);

/* Its value, or `otherwise` if it is not there. A wrong one is a mistake. Text is borrowed
 * from the options; a copy is the caller's to free, NULL if `otherwise` is. */
const char *http_text_field(struct http_reading *r, const char *name,
                            const char *otherwise);
char *http_copied_field(struct http_reading *r, const char *name, const char *otherwise);
bool http_bool_field(struct http_reading *r, const char *name, bool otherwise);
uint32_t http_number_field(struct http_reading *r, const char *name, uint32_t min,
                           uint32_t max, uint32_t otherwise);

/* An object; false if it is not there, or wrong. http_leave_field() takes its mistake over,
 * also that of a field that nobody asked for. */
bool http_enter_field(struct http_reading *r, const char *name,
                      struct http_reading *inside);
int http_leave_field(struct http_reading *r, struct http_reading *inside);

int http_refuse_unknown(struct http_reading *r);

#endif
