--[[
  Takes one counted request back.

  Input:
    KEYS[1]  the count of the window (string)
    ARGV[1]  milliseconds until the end of the window that counted it, at most

  Output: nothing

  A count that ends later belongs to the next window and stays unchanged. Others can write to Redis: a value that is not a
  count stays, too.
]]
local count = tonumber(redis.pcall('GET', KEYS[1]))
if count and count > 0 and redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], count - 1, 'KEEPTTL')
end
