--[[
  Takes back one that was counted.

  Input:
    KEYS[1]  the count of the window (string)
    ARGV[1]  milliseconds until the window has ended that counted it, at the latest

  Output: nothing

  The next window may have begun meanwhile: it ends later than that. Others can write here: what is no count is left alone.
]]
local count = tonumber(redis.pcall('GET', KEYS[1]))
if count and count > 0 and redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], count - 1, 'KEEPTTL')
end
