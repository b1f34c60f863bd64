/* Keys, with the prefix in front (docs/redis.md has them with their lifetimes):
 *
 *     rate:<key>   HASH    m: millionths that are missing, at: as of when
 *     quota:<key>  STRING  what is used
 *     seats:<key>  HASH    token of a node: its connections, and when it said so
 *
 * All time is Redis'. When its clock has gone back, no time has passed, and what is from
 * later than now is from now. What nodes took from a bucket before they knew of each other
 * is owed, as far as its rate allows. Numbers may have more digits than Lua writes by
 * itself; what is none counts as nothing.
 *
 * A key that fails, for somebody else has written there, does not stop the others. When all
 * fail it is Redis that does not want (it follows, it is full, the user may not), and the
 * link is to see why. */
#include "core/relay/tally_script.h"

const char tally_script[] =
    "local p, me, stale = ARGV[1], ARGV[2], tonumber(ARGV[3]) "
    "local time = redis.call('TIME') "
    "local now = time[1] * 1000 + math.floor(time[2] / 1000) "
    "local function text(number) return string.format('%.0f', number) end "
    "local function number(text) "
    "  return text and tonumber(string.match(text, '^%d+$')) end "
    "local tell = {} "
    "function tell.b(key, used, gain, most) "
    "  key = p..'rate:'..key "
    "  local is = redis.call('HMGET', key, 'm', 'at') "
    "  local passed = math.max(0, now - (number(is[2]) or now)) "
    "  local missing = math.max(0, (number(is[1]) or 0) - passed * gain) + used "
    "  missing = math.min(missing, most) "
    "  if missing == 0 then redis.call('DEL', key) return 0 end "
    "  redis.call('HSET', key, 'm', text(missing), 'at', text(now)) "
    "  redis.call('PEXPIRE', key, text(math.ceil(missing / math.max(gain, 1)) + 1)) "
    "  return missing end "
    "function tell.q(key, spent, keep) "
    "  key = p..'quota:'..key "
    "  local all = redis.call('INCRBY', key, text(spent)) "
    "  if redis.call('PTTL', key) < 0 then redis.call('PEXPIRE', key, text(keep)) end "
    "  return math.max(all, 0) end "
    "function tell.s(key, count) "
    "  key = p..'seats:'..key "
    "  if count > 0 then redis.call('HSET', key, me, text(count)..' '..text(now)) "
    "  else redis.call('HDEL', key, me) end "
    "  redis.call('PEXPIRE', key, stale) "
    "  local all, others = redis.call('HGETALL', key), 0 "
    "  for i = 1, #all, 2 do "
    "    local has, at = string.match(all[i + 1], '^(%d+) (%d+)$') "
    "    at = tonumber(at) or 0 "
    "    if all[i] ~= me and at + stale > now then "
    "      others = others + has "
    "      if at > now then redis.call('HSET', key, all[i], has..' '..text(now)) end "
    "    elseif all[i] ~= me then redis.call('HDEL', key, all[i]) end end "
    "  return others end "
    "local function reason(err) return type(err) == 'table' and err.err or err end "
    "local answer, failed, why = {}, 0 "
    "for i = 4, #ARGV, 5 do "
    "  local done, result = pcall(tell[ARGV[i]], ARGV[i + 1], tonumber(ARGV[i + 2]), "
    "    tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4])) "
    "  if not done then failed, why = failed + 1, reason(result) end "
    "  answer[#answer + 1] = done and text(result) or '!'..why end "
    "if failed < #answer then return answer end "
    "return redis.error_reply(why)";
