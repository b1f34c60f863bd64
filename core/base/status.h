/*
 * status - a jf_status as a name and as a sentence, from the SDK's own table.
 *
 * Both return constant text, also for numbers that are no status. [any thread]
 */
#ifndef JF_BASE_STATUS_H
#define JF_BASE_STATUS_H

const char *status_name(int status); /* "gone" */
const char *status_text(int status); /* "the connection no longer exists" */

#endif
