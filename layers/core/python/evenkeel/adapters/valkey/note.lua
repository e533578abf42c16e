-- Notes outcomes of one user's payments: each once, and whatever their order the same in the end.
--
-- KEYS  outcomes
-- ARGV  how many are kept, for how many ms, then for each: 'F' or 'S' with the payment's digest,
--       and when it was, in us
--
-- What is kept are the failures since the newest success, and that success: it stands in the way
-- of failures before it that are told later.

local key = KEYS[1]
local count_max, keep_ms = tonumber(ARGV[1]), ARGV[2]

local function newest_success()
  local kept = redis.call('ZRANGE', key, 0, -1, 'REV', 'WITHSCORES')
  for i = 1, #kept, 2 do
    if string.sub(kept[i], 1, 1) == 'S' then return kept[i], tonumber(kept[i + 1]) end
  end
  return nil, -1
end

for i = 3, #ARGV, 2 do
  local member, at = ARGV[i], ARGV[i + 1]
  local success, success_at = newest_success()
  if tonumber(at) > success_at then
    if string.sub(member, 1, 1) == 'S' then
      redis.call('ZREMRANGEBYSCORE', key, '-inf', at)
    end
    redis.call('ZADD', key, at, member)
    redis.call('ZREMRANGEBYRANK', key, 0, -count_max - 1)
  end
end
redis.call('PEXPIRE', key, keep_ms)
return redis.status_reply('OK')
