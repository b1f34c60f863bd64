/*
 * The layout of ABI 1.x on 64-bit machines, written down once and never edited: a change
 * that moves a byte does not compile. What is added later gets its own lines at the end.
 */
#include "jackfield.h"

#include <limits.h>

#if ULONG_MAX == 0xffffffffffffffffUL

#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type)
#define AT(type, member, at)                                                               \
    _Static_assert(offsetof(type, member) == (at), #type "." #member)

_Static_assert(JF_ABI_MAJOR == 1, "a new major number needs a layout of its own");

SIZE(struct jf_bytes, 16);
AT(struct jf_bytes, ptr, 0);
AT(struct jf_bytes, len, 8);

SIZE(struct jf_conn_id, 11);
AT(struct jf_conn_id, octet, 0);

SIZE(struct jf_pair, 32);
AT(struct jf_pair, name, 0);
AT(struct jf_pair, value, 16);

SIZE(struct jf_route, 16);
AT(struct jf_route, key, 0);
AT(struct jf_route, handler, 8);

SIZE(struct jf_self, 24);
AT(struct jf_self, host, 0);
AT(struct jf_self, state, 8);
AT(struct jf_self, worker_count, 16);

SIZE(struct jf_worker, 24);
AT(struct jf_worker, self, 0);
AT(struct jf_worker, local, 8);
AT(struct jf_worker, index, 16);

SIZE(struct jf_connect, 80);
AT(struct jf_connect, path, 0);
AT(struct jf_connect, peer, 16);
AT(struct jf_connect, subprotocols, 32);
AT(struct jf_connect, headers, 48);
AT(struct jf_connect, query, 56);
AT(struct jf_connect, header_count, 64);
AT(struct jf_connect, query_count, 72);

SIZE(struct jf_message, 24);
AT(struct jf_message, body, 0);
AT(struct jf_message, opcode, 16);

SIZE(struct jf_disconnect, 24);
AT(struct jf_disconnect, reason, 0);
AT(struct jf_disconnect, code, 16);

SIZE(struct jf_event, 104);
AT(struct jf_event, self, 0);
AT(struct jf_event, worker, 8);
AT(struct jf_event, data, 16);
AT(struct jf_event, conn, 24);
AT(struct jf_event, stage, 40);
AT(struct jf_event, route, 56);
AT(struct jf_event, kind, 72);
AT(struct jf_event, connect, 80);
AT(struct jf_event, message, 88);
AT(struct jf_event, disconnect, 96);

SIZE(struct jf_plugin, 72);
AT(struct jf_plugin, size, 0);
AT(struct jf_plugin, abi_major, 4);
AT(struct jf_plugin, abi_minor, 6);
AT(struct jf_plugin, name, 8);
AT(struct jf_plugin, version, 16);
AT(struct jf_plugin, routes, 24);
AT(struct jf_plugin, init, 32);
AT(struct jf_plugin, worker_init, 40);
AT(struct jf_plugin, worker_fini, 48);
AT(struct jf_plugin, fini, 56);
AT(struct jf_plugin, take_over, 64); /* since 1.1 */

SIZE(struct jf_caller, 96); /* since 1.2 */
AT(struct jf_caller, size, 0);
AT(struct jf_caller, source_ip, 8);
AT(struct jf_caller, domain_name, 24);
AT(struct jf_caller, user_agent, 40);
AT(struct jf_caller, connected_at, 56);
AT(struct jf_caller, cert_subject, 64);
AT(struct jf_caller, cert_fingerprint, 80);

SIZE(struct jf_host, 288);
AT(struct jf_host, abi_major, 0);
AT(struct jf_host, abi_minor, 2);
AT(struct jf_host, send, 8);
AT(struct jf_host, send_many, 16);
AT(struct jf_host, send_group, 24);
AT(struct jf_host, send_all, 32);
AT(struct jf_host, send_then, 40);
AT(struct jf_host, close, 48);
AT(struct jf_host, finish, 56);
AT(struct jf_host, subprotocol, 64);
AT(struct jf_host, refuse, 72);
AT(struct jf_host, attr_set, 80);
AT(struct jf_host, attr_get, 88);
AT(struct jf_host, group_join, 96);
AT(struct jf_host, group_leave, 104);
AT(struct jf_host, group_members, 112);
AT(struct jf_host, route_add, 120);
AT(struct jf_host, post, 128);
AT(struct jf_host, timer_start, 136);
AT(struct jf_host, timer_stop, 144);
AT(struct jf_host, log, 152);
AT(struct jf_host, id_to_text, 160);
AT(struct jf_host, id_from_text, 168);
AT(struct jf_host, group_count, 176); /* since 1.1 */
AT(struct jf_host, event_json, 184);
AT(struct jf_host, watch, 192);
AT(struct jf_host, stage_variables, 200); /* since 1.2 */
AT(struct jf_host, way, 208);
AT(struct jf_host, poll_start, 216);
AT(struct jf_host, poll_change, 224);
AT(struct jf_host, poll_stop, 232);
AT(struct jf_host, identify, 240);
AT(struct jf_host, authorizer, 248);
AT(struct jf_host, judge, 256);
AT(struct jf_host, caller, 264);
AT(struct jf_host, close_group, 272);
AT(struct jf_host, close_where, 280);

/* Grow only at their end: jf_self and the events are handed out by the host, which is never
 * older; jf_plugin carries its size. */

#endif

#define IS(name, value) _Static_assert(name == (value), #name)

IS(JF_OK, 0);
IS(JF_LATER, 1);
IS(JF_E_INVALID, -1);
IS(JF_E_NOMEM, -2);
IS(JF_E_GONE, -3);
IS(JF_E_FULL, -4);
IS(JF_E_TOO_BIG, -5);
IS(JF_E_DENIED, -6);
IS(JF_E_TIMEOUT, -7);
IS(JF_E_UNAVAILABLE, -8);
IS(JF_E_NOT_FOUND, -9);
IS(JF_E_STOPPING, -10);
IS(JF_E_INTERNAL, -11);
IS(JF_ERROR, 0);
IS(JF_WARN, 1);
IS(JF_INFO, 2);
IS(JF_DEBUG, 3);
IS(JF_TEXT, 1);
IS(JF_BINARY, 2);
IS(JF_CONNECT, 0);
IS(JF_MESSAGE, 1);
IS(JF_DISCONNECT, 2);
IS(JF_CONN_ID_TEXT, 16);
IS(JF_ANY_WAY, 0);
IS(JF_ONE_WAY, 1);
IS(JF_TWO_WAY, 2);
IS(JF_READABLE, 1);
IS(JF_WRITABLE, 2);

int main(void)
{
    return 0; /* it compiled */
}
