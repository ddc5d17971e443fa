--[[
  Adds ids of one time slice to the shared copy of the deny-list, and moves its stamp. Adding an id again changes nothing.

  Input:
    KEYS[1]  manifest (hash)
    KEYS[2]  the slice's ids (set)            the manifest's key again when there are no ids
    KEYS[3]  the slice's filters (bitmap)     likewise
    ARGV[1]  the stamp that the manifest has to bear; '' for any
    ARGV[2]  the stamp that it bears afterwards; '' to leave it as it is
    ARGV[3]  history and
    ARGV[4]  snapshot of the position that it then stands for; '' to leave them as they are
    ARGV[5]  the slice's field of the manifest, `<kind>:<end in seconds>`; '' when there are no ids
    ARGV[6]  bytes of an id
    ARGV[7]  the ids, each after its two hashes (32 bits each, little endian)
    ARGV[8]  seconds that a slice is kept after its end
    ARGV[9]  smallest capacity of a filter
    ARGV[10] bits of a filter for each entry of its capacity
    ARGV[11] bits that an id sets
    ARGV[12] how many earlier stamps the manifest lists

  Output:
    1 done
    0 the manifest bears another stamp, or has to be built again: no id was added

  The manifest is never told of an id that is not in the bitmap: both happen here or neither does.
]]
local manifest, members, bitmap = KEYS[1], KEYS[2], KEYS[3]
local field, idBytes, records = ARGV[5], tonumber(ARGV[6]), ARGV[7]
local margin, firstCapacity = tonumber(ARGV[8]), tonumber(ARGV[9])
local bitsPerEntry, probes = tonumber(ARGV[10]), tonumber(ARGV[11])

if ARGV[1] ~= '' and redis.call('HGET', manifest, 'stamp') ~= ARGV[1] then
  return 0
end

-- Kinds have names without colons, and no other field has a colon.
local function sliceOf(name)
  local kind, endsAt = string.match(name, '^(%a+):(%d+)$')
  return kind, tonumber(endsAt)
end

local now = tonumber(redis.call('TIME')[1])
local function isOver(endsAt)
  return endsAt + margin <= now
end

-- Exactly as in bloomFilter.ts, with the same 64-bit floating point numbers.
local function bitsOf(capacity)
  return math.ceil(capacity * bitsPerEntry / 32) * 32
end

-- This clock may be wrong. Whoever loads sees by `ended` when a slice was given up that has not ended for him.
local ended = tonumber(redis.call('HGET', manifest, 'ended') or 0)
local function giveUp(endsAt)
  if endsAt > ended then
    ended = endsAt
    redis.call('HSET', manifest, 'ended', ended)
  end
end

local slices = {}
local all = redis.call('HGETALL', manifest)
for index = 1, #all, 2 do
  local kind, endsAt = sliceOf(all[index])
  if kind and isOver(endsAt) then
    giveUp(endsAt)
    redis.call('HDEL', manifest, all[index])
  elseif kind then
    slices[all[index]] = cjson.decode(all[index + 1])
  end
end

-- A new slice will hold about as much as the fullest one of its kind does.
local function usualEntries(kind)
  local most = 0
  for name, slice in pairs(slices) do
    if sliceOf(name) == kind then
      most = math.max(most, slice.entries)
    end
  end
  return most
end

local function addIds(kind, endsAt)
  local slice = slices[field]
  if not slice then
    slice = { entries = 0, bits = 0, layers = {} }
    -- What no manifest knows is left over from before a rebuild.
    redis.call('DEL', bitmap)
  end

  local base, size, room = 0, 0, slice.entries
  for _, capacity in ipairs(slice.layers) do
    base, size, room = base + size, bitsOf(capacity), room - capacity
  end
  room = -room

  local isWhole = redis.call('STRLEN', bitmap) == (base + size) / 8
    and (slice.entries == 0 or redis.call('EXISTS', members) == 1)
  if not isWhole then
    -- Keys were deleted under us: the copy is incomplete, and has to be built again.
    redis.call('HDEL', manifest, 'stamp', 'trail', 'history', 'snapshot', 'stamped_at')
    if ARGV[1] ~= '' then
      return false
    end
  end

  local function grow()
    local entries = #slice.layers == 0 and usualEntries(kind) or slice.entries
    local capacity = math.max(firstCapacity, math.ceil(entries / 2))
    table.insert(slice.layers, capacity)
    base, size, room = base + size, bitsOf(capacity), capacity
    redis.call('SETRANGE', bitmap, (base + size) / 8 - 1, '\0')
  end

  -- Bit n is the (n % 8)th from the least significant of its byte; Redis counts from the most significant.
  local function offset(bit)
    local low = bit % 8
    return bit - low + 7 - low
  end

  local function isIn(from, bits, hash, step)
    for _ = 1, probes do
      local bit = math.floor(hash * (bits / 4294967296))
      if redis.call('GETBIT', bitmap, offset(from + bit)) == 0 then
        return false
      end
      hash = (hash + step) % 4294967296
    end
    return true
  end

  local function isHeld(hash, step)
    local from = 0
    for _, capacity in ipairs(slice.layers) do
      local bits = bitsOf(capacity)
      if isIn(from, bits, hash, step) then
        return true
      end
      from = from + bits
    end
    return false
  end

  local function setBits(hash, step)
    local scale, changed = size / 4294967296, 0
    for _ = 1, probes do
      if redis.call('SETBIT', bitmap, offset(base + math.floor(hash * scale)), 1) == 0 then
        changed = changed + 1
      end
      hash = (hash + step) % 4294967296
    end
    return changed
  end

  local recordBytes = 8 + idBytes
  for start = 1, #records, recordBytes do
    local hash, step = struct.unpack('<I4I4', records, start)
    local isNew = redis.call('SADD', members, string.sub(records, start + 8, start + recordBytes - 1)) == 1
    -- One that is in the set need not be in the bitmap: sets outlive a rebuild.
    if isNew or not isHeld(hash, step) then
      if room <= 0 then
        grow()
      end
      local changed = setBits(hash, step)
      if changed > 0 then
        slice.entries, slice.bits, room = slice.entries + 1, slice.bits + changed, room - 1
      end
    end
  end

  redis.call('HSET', manifest, field, cjson.encode(slice))
  redis.call('EXPIREAT', members, endsAt + margin)
  redis.call('EXPIREAT', bitmap, endsAt + margin)
  return true
end

if field ~= '' then
  local kind, endsAt = sliceOf(field)
  if isOver(endsAt) then
    giveUp(endsAt)
  elseif not addIds(kind, endsAt) then
    return 0
  end
end

if ARGV[2] ~= '' then
  local trail = { ARGV[2] }
  for earlier in string.gmatch(redis.call('HGET', manifest, 'trail') or '', '%S+') do
    if #trail < tonumber(ARGV[12]) then
      table.insert(trail, earlier)
    end
  end
  redis.call('HSET', manifest, 'stamp', ARGV[2], 'trail', table.concat(trail, ' '))
end
if ARGV[4] ~= '' then
  local time = redis.call('TIME')
  local at = time[1] * 1000 + math.floor(time[2] / 1000)
  redis.call('HSET', manifest, 'history', ARGV[3], 'snapshot', ARGV[4], 'stamped_at', string.format('%.0f', at))
end
return 1
