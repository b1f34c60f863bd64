/* A chunk for a state with two string libraries, its arguments `ours` and `stock`. Returns
 * compare(name, ...), which calls that function of both, and raises where they differ. What
 * gmatch gives is taken up to 200 times. */
#ifndef LUA_COMPARE_H
#define LUA_COMPARE_H

static const char LUA_COMPARE[] =
    "local ours, stock = ...\n"
    "local function show(...)\n"
    "  local t = table.pack(...)\n"
    "  for i = 1, t.n do t[i] = math.type(t[i]) == 'integer' and t[i] or\n"
    "    string.format(type(t[i]) == 'string' and '%q' or '%s', t[i]) end\n"
    "  return table.concat(t, ' ')\n"
    "end\n"
    "local function all(f, ...)\n"
    "  local t, n = {}, 0\n"
    "  for a, b, c in f(...) do\n"
    "    t[#t + 1] = show(a, b, c) n = n + 1 if n > 200 then break end\n"
    "  end\n"
    "  return table.concat(t, '; ')\n"
    "end\n"
    "return function(name, ...)\n"
    "  local a, b\n"
    "  if name == 'gmatch' then\n"
    "    a, b = show(pcall(all, ours.gmatch, ...)), show(pcall(all, stock.gmatch, ...))\n"
    "  else\n"
    "    a, b = show(pcall(ours[name], ...)), show(pcall(stock[name], ...))\n"
    "  end\n"
    "  if a == b then return end\n"
    "  error(name .. '(' .. show(...) .. ')\\n ours: ' .. a .. '\\nstock: ' .. b, 0)\n"
    "end\n";

#endif
