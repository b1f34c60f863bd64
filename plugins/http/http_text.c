/* Growing by doubling, so that adding octet by octet is cheap. */
#include "http_text.h"

#include <stdlib.h>

#define FIRST_ROOM 128

static bool make_room(struct http_text *text, size_t more)
{
    if (text->over || text->starved)
        return false;
    if (more > text->max - text->len) {
        text->over = true;
        return false;
    }
    size_t need = text->len + more + 1, room = text->room ? text->room : FIRST_ROOM;
    while (room < need)
        room *= 2;
    if (room == text->room)
        return true;
    char *ptr = realloc(text->ptr, room);
    if (!ptr) {
        text->starved = true;
        return false;
    }
    text->ptr = ptr;
    text->room = room;
    return true;
}

void http_text_add(struct http_text *text, jf_bytes more)
{
    if (!make_room(text, more.len))
        return;
    if (more.len)
        memcpy(text->ptr + text->len, more.ptr, more.len);
    text->len += more.len;
    text->ptr[text->len] = '\0';
}

void http_text_add_str(struct http_text *text, const char *more)
{
    http_text_add(text, jf_str(more));
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

void http_text_add_percent(struct http_text *text, jf_bytes more, bool keep_slash)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < more.len; i++) {
        char c = more.ptr[i];
        unsigned char octet = (unsigned char)c;
        char coded[3] = { '%', hex[octet >> 4], hex[octet & 15] };
        if (is_unreserved(c) || (c == '/' && keep_slash))
            http_text_add(text, jf_view(&c, 1));
        else
            http_text_add(text, jf_view(coded, sizeof(coded)));
    }
}

int http_text_status(const struct http_text *text)
{
    if (text->over)
        return JF_E_TOO_BIG;
    return text->starved ? JF_E_NOMEM : JF_OK;
}

void http_text_fini(struct http_text *text)
{
    free(text->ptr);
    *text = (struct http_text){ .max = text->max };
}

char *http_text_copy(jf_bytes text)
{
    char *copy = malloc(text.len + 1);
    if (!copy)
        return NULL;
    if (text.len)
        memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

/* How many octets follow this first one; the smallest and largest that the second may be,
 * which keeps out overlong forms, surrogates and what lies beyond U+10FFFF. */
static int follows(unsigned char first, unsigned char *low, unsigned char *high)
{
    *low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    *high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    if (first < 0x80)
        return 0;
    if (first >= 0xc2 && first <= 0xdf)
        return 1;
    if (first >= 0xe0 && first <= 0xef)
        return 2;
    return first >= 0xf0 && first <= 0xf4 ? 3 : -1;
}

bool http_text_is_utf8(jf_bytes text)
{
    for (size_t i = 0; i < text.len;) {
        unsigned char low, high;
        int more = follows((unsigned char)text.ptr[i++], &low, &high);
        if (more < 0 || (size_t)more > text.len - i)
            return false;
        for (; more > 0; more--, low = 0x80, high = 0xbf) {
            unsigned char octet = (unsigned char)text.ptr[i++];
            if (octet < low || octet > high)
                return false;
        }
    }
    return true;
}
