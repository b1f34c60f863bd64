/* Keys, with the prefix in front (docs/redis.md has them with their lifetimes):
 *
 *     nodes        HASH    number: token of its holder, the node or who cleans up after it
 *     alive:<node> STRING  there as long as the lease is good
 *     era          HASH    id: random, another one whenever Redis is found to have
 *                          forgotten; fence: the last one given
 *     awake        STRING  there as long as somebody renews something
 *     quiet        STRING  while it is there, nobody is taken for dead
 *     young        STRING  while it is there, a holder may yet come back for any number
 *     looked       STRING  while it is there, somebody has just looked for dead nodes
 *
 * All time is Redis', as the expiry of keys. Renewing a lease that is good only moves
 * expiries, which a full Redis does as well.
 *
 * When nobody could renew anything for half a lease, Redis was away, not the nodes: nobody
 * is taken for dead until each has had the time of a lease to come back. A holder finds its
 * number gone in three cases: it has been buried (same era, fence no lower than its own),
 * Redis has gone back to an older state (same era, fence lower), or was emptied (another
 * era); in the latter two it takes it back. Fences of an era begin with Redis' time, so
 * they are larger than those before. */
#include "core/relay/lease_script.h"

#define PRELUDE                                                                            \
    "local p, token, ttl, settle, dice = "                                                 \
    "  ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), ARGV[5] "                   \
    "local nodes, era, node = p..'nodes', p..'era', ARGV[6] "                              \
    "local function put(k, ms) redis.call('SET', p..k, token, 'PX', ms) end "              \
    "local function begin() "                                                              \
    "  redis.call('HSET', era, 'id', dice, 'fence', redis.call('TIME')[1]..'000000') "     \
    "  if settle > 0 then put('young', settle) end "                                       \
    "  put('quiet', ttl) end "                                                             \
    "local function stay(n) "                                                              \
    "  if redis.call('PEXPIRE', p..'alive:'..n, ttl) == 0 then "                           \
    "    put('alive:'..n, ttl) end end "                                                   \
    "local half = math.floor(ttl / 2) "                                                    \
    "if redis.call('EXISTS', era) == 0 then begin() end "                                  \
    "if redis.call('PEXPIRE', p..'awake', half) == 0 then "                                \
    "  put('quiet', ttl) put('awake', half) end "

const char lease_script_take[] = PRELUDE
    "local holder = redis.call('HGET', nodes, node) "
    "if holder and holder ~= token then return {0, 0} end "
    "if not holder then "
    "  local wait = redis.call('PTTL', p..'young') "
    "  if wait > 0 then return {0, wait} end "
    "  redis.call('HSET', nodes, node, token) end "
    "stay(node) "
    "return {1, redis.call('HINCRBY', era, 'fence', 1), redis.call('HGET', era, 'id')}";

const char lease_script_renew[] =
    PRELUDE "local fence, known = ARGV[7], ARGV[8] "
            "local holder = redis.call('HGET', nodes, node) "
            "if holder and holder ~= token then return {0} end "
            "if not holder then "
            "  if redis.call('HGET', era, 'id') == known then "
            "    if tonumber(redis.call('HGET', era, 'fence')) >= tonumber(fence) then "
            "return {0} end "
            "    begin() end "
            "  redis.call('HSET', nodes, node, token) "
            "  if tonumber(redis.call('HGET', era, 'fence')) < tonumber(fence) then "
            "    redis.call('HSET', era, 'fence', fence) end end "
            "stay(node) "
            "return {1, redis.call('HGET', era, 'id')}";

/* Whoever claims is alive itself, or it could not know how long. */
const char lease_script_claim[] = PRELUDE
    "if redis.call('EXISTS', p..'quiet') == 1 or "
    "   redis.call('HGET', nodes, node) ~= token or "
    "   redis.call('EXISTS', p..'alive:'..node) == 0 or "
    "   not redis.call('SET', p..'looked', token, 'NX', 'PX', math.floor(ttl / 4)) then "
    "  return {0} end "
    "local all = redis.call('HGETALL', nodes) "
    "for i = 1, #all, 2 do "
    "  local dead = all[i] "
    "  if dead ~= node and redis.call('EXISTS', p..'alive:'..dead) == 0 then "
    "    redis.call('HSET', nodes, dead, token) "
    "    stay(dead) "
    "    redis.call('DEL', p..'looked') "
    "    return {1, redis.call('HINCRBY', era, 'fence', 1), redis.call('HGET', era, 'id'), "
    "            tonumber(dead)} end end "
    "return {0}";

const char lease_script_leave[] =
    PRELUDE "if redis.call('HGET', nodes, node) ~= token then return {0} end "
            "redis.call('DEL', p..'alive:'..node) "
            "if ARGV[7] == 'free' then redis.call('HDEL', nodes, node) end "
            "return {1}";
