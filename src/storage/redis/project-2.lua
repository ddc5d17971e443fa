--[[
  Adds ids of one time slice to the shared copy of the deny-list, and sets its stamp. Idempotent.

  Input:
    KEYS[1]  manifest (hash)
    KEYS[2]  the slice's ids (set)            the manifest's key again when there are no ids
    ARGV[1]  the stamp the manifest must have; '' for any
    ARGV[2]  the new stamp; '' keeps the old one
    ARGV[3]  history of the new position; '' keeps the old one
    ARGV[4]  snapshot of the new position; '' keeps the old one
    ARGV[5]  the slice's field of the manifest, `<kind>:<end in seconds>`; '' without ids
    ARGV[6]  bytes per id
    ARGV[7]  the ids, concatenated
    ARGV[8]  seconds that a slice is kept after its end

  Output:
    1 done
    0 the manifest has another stamp, or must be rebuilt: no id was added
]]
local manifest, members = KEYS[1], KEYS[2]
local field, idBytes, ids = ARGV[5], tonumber(ARGV[6]), ARGV[7]
local margin = tonumber(ARGV[8])

if ARGV[1] ~= '' and redis.call('HGET', manifest, 'stamp') ~= ARGV[1] then
  return 0
end

-- Kinds have no colon in their names, and no other field has one.
local function endOf(name)
  return tonumber(string.match(name, '^%a+:(%d+)$'))
end

local time = redis.call('TIME')
local function isOver(endsAt)
  return endsAt + margin <= tonumber(time[1])
end

for _, name in ipairs(redis.call('HKEYS', manifest)) do
  local endsAt = endOf(name)
  if endsAt and isOver(endsAt) then
    redis.call('HDEL', manifest, name)
  end
end

-- Others can write to Redis: a malformed value counts as missing.
local function entriesOf(known)
  local isJson, value = pcall(cjson.decode, known)
  return isJson and type(value) == 'table' and value.entries
end

local function countMembers()
  local count = redis.pcall('SCARD', members)
  if type(count) == 'number' then
    return count
  end
  redis.call('UNLINK', members)
  return 0
end

local function addIds(endsAt)
  local known, count = redis.call('HGET', manifest, field), countMembers()
  if known and entriesOf(known) ~= count then
    -- Somebody removed ids or the key: the copy is incomplete and must be rebuilt.
    redis.call('HDEL', manifest, 'stamp', 'history', 'snapshot', 'stamped_at')
    if ARGV[1] ~= '' then
      return false
    end
  end
  local list = {}
  for start = 1, #ids, idBytes do
    table.insert(list, string.sub(ids, start, start + idBytes - 1))
  end
  redis.call('SADD', members, unpack(list))
  redis.call('EXPIREAT', members, endsAt + margin)
  redis.call('HSET', manifest, field, cjson.encode({ entries = redis.call('SCARD', members) }))
  return true
end

if field ~= '' and not isOver(endOf(field)) and not addIds(endOf(field)) then
  return 0
end

if ARGV[2] ~= '' then
  redis.call('HSET', manifest, 'stamp', ARGV[2])
end
if ARGV[4] ~= '' then
  local at = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', manifest, 'history', ARGV[3], 'snapshot', ARGV[4], 'stamped_at', string.format('%.0f', at))
end
return 1
