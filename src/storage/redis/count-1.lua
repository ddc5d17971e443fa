--[[
  Counts one request.

  Input:
    KEYS[1]  the count of the window (string)
    ARGV[1]  milliseconds from the first one in a window to its end

  Output:
    the count with this one, and milliseconds until the window ends

  A count that never ends would refuse for ever: one without an end is given one.
]]
local count = redis.call('INCR', KEYS[1])
local remaining = redis.call('PTTL', KEYS[1])
if remaining < 0 then
  remaining = tonumber(ARGV[1])
  redis.call('PEXPIRE', KEYS[1], remaining)
end
return { count, remaining }
