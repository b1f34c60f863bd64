/*
 * tally_script - what Redis does about what nodes share, in one piece.
 *
 * Words of a command: EVALSHA, the script, no keys, then prefix, token of the node, after
 * how many milliseconds a node that says nothing is gone; then five for each key: kind,
 * key, and three numbers.
 *
 *     b  millionths: taken, gained in a millisecond, the most that can be missing
 *     q  spent, how long it is kept, 0
 *     s  connections, 0, 0
 *
 * It answers with a text for each: the number that a tally_known is told; or "!" and the
 * error of Redis, as when the key is none of ours. If it could do nothing for any, with the
 * last such error.
 */
#ifndef JF_RELAY_TALLY_SCRIPT_H
#define JF_RELAY_TALLY_SCRIPT_H

extern const char tally_script[];

#endif
