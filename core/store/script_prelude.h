/*
 * script_prelude - what the scripts about the connections of a node have in common.
 *
 * Their words: prefix, node, fence, id, and what each wants besides. Whoever has a smaller
 * fence than somebody who spoke for the node before is refused; 0 is not looked after.
 */
#ifndef JF_STORE_SCRIPT_PRELUDE_H
#define JF_STORE_SCRIPT_PRELUDE_H

#define SCRIPT_PRELUDE                                                                     \
    "local p, node, fence, id = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4] "             \
    "local c, cg, n = p..'c:'..id, p..'cg:'..id, p..'n:'..node "                           \
    "local known = tonumber(redis.call('GET', p..'fence:'..node)) or 0 "                   \
    "if fence > 0 and known > fence then "                                                 \
    "  return redis.error_reply('FENCED the number of this node is another one\\'s') end " \
    "local function raise_fence() "                                                        \
    "  if fence > known then redis.call('SET', p..'fence:'..node, ARGV[3]) end end "       \
    "local function join(g) "                                                              \
    "  if redis.call('SADD', p..'g:'..g, id) == 1 then "                                   \
    "    redis.call('HINCRBY', p..'gn:'..g, node, 1) end "                                 \
    "  redis.call('SADD', cg, g) end "                                                     \
    "local function leave(g) "                                                             \
    "  if redis.call('SREM', p..'g:'..g, id) == 1 and "                                    \
    "     redis.call('HINCRBY', p..'gn:'..g, node, -1) <= 0 then "                         \
    "    redis.call('HDEL', p..'gn:'..g, node) end "                                       \
    "  redis.call('SREM', cg, g) end "                                                     \
    "local function tidy() "                                                               \
    "  if redis.call('EXISTS', c, cg) == 0 then redis.call('SREM', n, id) end end "        \
    "local function forget() "                                                             \
    "  for _, g in ipairs(redis.call('SMEMBERS', cg)) do leave(g) end "                    \
    "  redis.call('DEL', c) redis.call('SREM', n, id) end "

#endif
