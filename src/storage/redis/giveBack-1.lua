--[[
  Takes back one that was counted.

  Input:
    KEYS[1]  the count of the window (string)

  Output: nothing

  Its window may have ended meanwhile, and others can write here: what is no count is left alone.
]]
local count = tonumber(redis.pcall('GET', KEYS[1]))
if count and count > 0 then
  redis.call('SET', KEYS[1], count - 1, 'KEEPTTL')
end
