-- Takes a token from a bucket; if there is one, and a payment is given, counts that too.
--
-- KEYS  bucket [recent outcomes]
-- ARGV  now_us ('' for this server's clock), tokens per second, burst,
--       [payment's digest, its amount, velocity_us, duplicate_us, how many payments are kept]
-- Returns {remaining, full_in_us, retry_after_us}, and behind it {payments, of this amount,
-- failures in a row} if a payment is counted.
--
-- A payment is kept as its digest, three bytes of what it was answered with, and its amount.

local DIGEST, COUNTS = 6, 3
local SECOND = 1000000
-- Nothing is kept for ever. To go a minute late changes nothing: what is over is not counted.
local MARGIN_MS, KEPT_MS_MAX = 60000, 1e14
-- Far less than a token or a microsecond, and far more than what arithmetic loses of one.
local NEARLY = 1e-7
local EXACT_MAX = 2 ^ 53

local function now_us()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return time[1] * SECOND + time[2]
end

local function exact(number) return string.format('%.0f', number) end

local function us(seconds)
  return math.min(math.ceil(seconds * SECOND - 1000 * NEARLY), EXACT_MAX)
end

-- How many tokens a bucket lacks. It was told as 'tokens at_us'; nothing is told of a full one.
local function missing_now(key, now, per_s, burst)
  local tokens, at = string.match(redis.call('GET', key) or '', '^(%S+) (%d+)$')
  if not tokens then return 0 end
  -- Under another policy it may have been deeper than it is now.
  local missing = math.min(tonumber(tokens), burst)
  return math.max(missing - math.max(now - tonumber(at), 0) / SECOND * per_s, 0)
end

local function take(key, now, per_s, burst)
  local missing = missing_now(key, now, per_s, burst)
  if missing + 1 > burst + NEARLY then
    return 0, us(missing / per_s), math.max(us((missing + 1 - burst) / per_s), 1)
  end
  missing = missing + 1
  local kept_ms = math.min(math.ceil(missing / per_s * 1000) + MARGIN_MS, KEPT_MS_MAX)
  redis.call(
    'SET', key, string.format('%.17g', missing) .. ' ' .. exact(now), 'PX', exact(kept_ms)
  )
  return math.floor(burst - missing + NEARLY), us(missing / per_s), 0
end

local function failures(key)
  local count = 0
  for _, member in ipairs(redis.call('ZRANGE', key, 0, -1, 'REV')) do
    if string.sub(member, 1, 1) == 'S' then break end
    count = count + 1
  end
  return count
end

-- What the payment was answered with, if it is counted already.
local function answered(kept, digest)
  for i = 1, #kept, 2 do
    if string.sub(kept[i], 1, DIGEST) == digest then
      return string.byte(kept[i], DIGEST + 1, DIGEST + COUNTS)
    end
  end
end

-- Every payment has a time of its own, so that the newest is always the last.
local function count(kept, now, digest, amount, velocity, duplicate, count_max)
  local at = now
  if #kept > 0 then at = math.max(now, tonumber(kept[#kept]) + 1) end
  local payments, same = 1, 1
  for i = 1, #kept, 2 do
    local age = at - tonumber(kept[i + 1])
    if age <= velocity then payments = payments + 1 end
    if age <= duplicate and string.sub(kept[i], DIGEST + COUNTS + 1) == amount then
      same = same + 1
    end
  end
  payments, same = math.min(payments, count_max), math.min(same, count_max)
  local streak, keep = failures(KEYS[3]), math.max(velocity, duplicate)
  redis.call(
    'ZADD', KEYS[2], exact(at), digest .. string.char(payments, same, streak) .. amount
  )
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. exact(at - keep))
  redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -count_max - 1)
  redis.call('PEXPIRE', KEYS[2], exact(keep / 1000 + MARGIN_MS))
  return payments, same, streak
end

local now = now_us()
local remaining, full_in, retry_after = take(KEYS[1], now, tonumber(ARGV[2]), tonumber(ARGV[3]))
if retry_after > 0 or not KEYS[2] then return {remaining, full_in, retry_after} end

local digest, amount = ARGV[4], ARGV[5]
local kept = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
local payments, same, streak = answered(kept, digest)
if not payments then
  payments, same, streak = count(
    kept, now, digest, amount, tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
  )
end
return {remaining, full_in, retry_after, payments, same, streak}
