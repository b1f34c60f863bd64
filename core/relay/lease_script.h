/*
 * lease_script - what Redis does about leases, in one piece each.
 *
 * Words of a command: EVAL, the script, no keys, then prefix, token, ttl, settle, dice and
 * what the script wants besides. Answers are arrays that begin with 1 (yes) or 0 (no).
 */
#ifndef JF_RELAY_LEASE_SCRIPT_H
#define JF_RELAY_LEASE_SCRIPT_H

/* node: yes, fence, era; or no, milliseconds to wait (0: it is taken) */
extern const char lease_script_take[];
/* node, fence, era: yes, era; or no */
extern const char lease_script_renew[];
/* own node: yes, fence, era, dead node; or no */
extern const char lease_script_claim[];
/* node, "free" or "dead" (for somebody else to bury): yes; or no */
extern const char lease_script_leave[];

#endif
