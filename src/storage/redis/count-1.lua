--[[
  Counts one request.

  Input:
    KEYS[1]  the count of the window (string)
    ARGV[1]  milliseconds from the first one in a window to its end

  Output:
    the count with this one, and milliseconds until the window ends

  Others can write here. A count that never ends would refuse for ever: it ends with the window that begins now. What is no
  count is counted anew.
]]
local window = tonumber(ARGV[1])
local count = redis.pcall('INCR', KEYS[1])
if type(count) ~= 'number' then
  redis.call('UNLINK', KEYS[1])
  count = redis.call('INCR', KEYS[1])
end
local remaining = redis.call('PTTL', KEYS[1])
if remaining < 0 or remaining > window then
  remaining = window
  redis.call('PEXPIRE', KEYS[1], remaining)
end
return { count, remaining }
