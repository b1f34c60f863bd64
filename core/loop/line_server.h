/*
 * line_server - a socket file at which another process says a line and gets an answer.
 *
 * For people and scripts on the same machine; whoever may open the file may ask. Bounded:
 * LINE_CALLS_MAX at a time, LINE_BYTES_MAX octets each. [home thread]
 */
#ifndef JF_LOOP_LINE_SERVER_H
#define JF_LOOP_LINE_SERVER_H

#include "sdk/jackfield.h"

#define LINE_CALLS_MAX 16
#define LINE_BYTES_MAX 256

struct line_call;
struct line_server;
struct loop;

/* `on_line(data, call, line)` for each; the line comes without its end. A file that is
 * there already is replaced. JF_E_UNAVAILABLE and the like: the file cannot be made. */
int line_server_new(struct loop *loop, const char *path,
                    void (*on_line)(void *data, struct line_call *call, jf_bytes line),
                    void *data, struct line_server **out);

/* Answer, and hang up; once per call, now or later, but before line_server_free(). Nothing
 * happens if the other side has gone. */
void line_answer(struct line_call *call, jf_bytes text);

/* Removes the file; calls that are unanswered are dropped. NULL is accepted. */
void line_server_free(struct line_server *server);

#endif
