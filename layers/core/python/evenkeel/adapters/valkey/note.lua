-- Notes outcomes of one client's payments: each once, and whatever their order the same in the end.
--
-- KEYS  outcomes, of each user
-- ARGV  how many are kept of a user, for how many ms, then for each outcome: which key it belongs
--       to, 'F' or 'S' with the payment's digest, and when it was, in us
--
-- What is kept are the failures since the newest success, and that success: it stands in the way
-- of failures before it that are told later.

local count_max, keep_ms = tonumber(ARGV[1]), ARGV[2]

local function newest_success_at(key)
  local kept = redis.call('ZRANGE', key, 0, -1, 'REV', 'WITHSCORES')
  for i = 1, #kept, 2 do
    if string.sub(kept[i], 1, 1) == 'S' then return tonumber(kept[i + 1]) end
  end
  return -1
end

for i = 3, #ARGV, 3 do
  local key, member, at = KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2]
  if tonumber(at) > newest_success_at(key) then
    if string.sub(member, 1, 1) == 'S' then
      redis.call('ZREMRANGEBYSCORE', key, '-inf', at)
    end
    redis.call('ZADD', key, at, member)
    redis.call('ZREMRANGEBYRANK', key, 0, -count_max - 1)
  end
end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, keep_ms) end
return redis.status_reply('OK')
