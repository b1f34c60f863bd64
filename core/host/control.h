/*
 * control - where a running host can be told to reload, and say what became of it.
 *
 * A socket file of the user's own, in a folder only the user can enter: PID.sock in
 * $XDG_RUNTIME_DIR/jackfield, /run/jackfield for root, else /tmp/jackfield-UID. One line is
 * asked, one is answered, "ok TEXT" or "failed TEXT":
 *
 *   reload   read everything again; the answer comes when it is done
 *   url      where it listens
 *
 * [main thread]
 */
#ifndef JF_HOST_CONTROL_H
#define JF_HOST_CONTROL_H

#include <limits.h>
#include <stdbool.h>

struct control;
struct gateway;

#define CONTROL_SUFFIX ".sock"

/* That folder, made if `make`. False: there is none, or it is not the user's own. */
bool control_folder(bool make, char path[PATH_MAX]);

/* NULL in *out if it cannot be had; the log says why. */
void control_open(struct gateway *gateway, struct control **out);
void control_close(struct control *control); /* NULL is accepted */

#endif
