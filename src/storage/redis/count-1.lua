--[[
  Counts one request.

  Input:
    KEYS[1]  the count of the window (string)
    ARGV[1]  length of a window, in milliseconds

  Output:
    the count including this request, and milliseconds until the window ends

  Others can write to Redis. A count without an end would refuse for ever, so it gets one; a value that is not a count is
  replaced.
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
