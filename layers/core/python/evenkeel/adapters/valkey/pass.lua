-- Takes a token from a bucket; if there is one, and a payment is given, counts that too.
--
-- KEYS  bucket [recent outcomes]
-- ARGV  now_us ('' for this server's clock), tokens per second, burst,
--       [payment's digest, its amount, velocity_us, duplicate_us, how many payments are kept]
-- Returns {remaining, full_in_us, retry_after_us}, and behind it {payments, of this amount,
-- failures in a row} if a payment was counted.

local DIGEST = 6  -- Bytes at the head of each member.

local function now_us()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

local function exact(number) return string.format('%.0f', number) end

-- A bucket is one number: the time at which it is full again.
local function keep(key, now, full_at)
  redis.call('SET', key, exact(full_at), 'PX', math.ceil((full_at - now) / 1000) + 1)
end

local function take(key, now, per_s, burst)
  local interval = 1000000 / per_s
  local empty = burst * interval
  local kept = tonumber(redis.call('GET', key) or now)
  local full_at = math.min(math.max(kept, now), now + empty)
  -- It was deeper, or filled more slowly, under another policy.
  if kept > full_at then keep(key, now, full_at) end
  local then_full_at = full_at + interval
  local wait = then_full_at - empty - now
  if wait > 0.5 then return 0, full_at - now, math.ceil(wait) end
  keep(key, now, then_full_at)
  local remaining = math.floor((empty - (then_full_at - now)) / interval + 0.001)
  return remaining, math.ceil(then_full_at - now), 0
end

-- Returns all that is kept, with the payment in it, and when the payment was counted: every
-- one has a time of its own, so what came before it is the same whenever somebody asks.
local function counted(key, now, digest, amount, keep_us, count_max)
  local kept = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for i = 1, #kept, 2 do
    if string.sub(kept[i], 1, DIGEST) == digest then return kept, tonumber(kept[i + 1]) end
  end
  local at = now
  if #kept > 0 then at = math.max(now, tonumber(kept[#kept]) + 1) end
  local member = digest .. amount
  redis.call('ZADD', key, exact(at), member)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', '(' .. exact(at - keep_us))
  redis.call('ZREMRANGEBYRANK', key, 0, -count_max - 1)
  redis.call('PEXPIRE', key, math.ceil(keep_us / 1000) + 1)
  kept[#kept + 1], kept[#kept + 2] = member, exact(at)
  return kept, at
end

local function failures(key)
  local count = 0
  for _, member in ipairs(redis.call('ZRANGE', key, 0, -1, 'REV')) do
    if string.sub(member, 1, 1) == 'S' then break end
    count = count + 1
  end
  return count
end

local now = now_us()
local remaining, full_in, retry_after = take(KEYS[1], now, tonumber(ARGV[2]), tonumber(ARGV[3]))
if retry_after > 0 or not KEYS[2] then return {remaining, full_in, retry_after} end

local digest, amount = ARGV[4], ARGV[5]
local velocity, duplicate, count_max = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local kept, at = counted(KEYS[2], now, digest, amount, math.max(velocity, duplicate), count_max)
local payments, same = 0, 0
for i = 1, #kept, 2 do
  local age = at - tonumber(kept[i + 1])
  if age >= 0 and age <= velocity then payments = payments + 1 end
  if age >= 0 and age <= duplicate and string.sub(kept[i], DIGEST + 1) == amount then
    same = same + 1
  end
end
return {
  remaining, full_in, retry_after,
  math.min(payments, count_max), math.min(same, count_max), failures(KEYS[3]),
}
