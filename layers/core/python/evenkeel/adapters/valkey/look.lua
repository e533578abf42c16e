-- Says what is counted of a user, and counts nothing.
--
-- KEYS  recent outcomes
-- ARGV  now_us ('' for this server's clock), velocity_us, duplicate_us
-- Returns {payments, of the amount that there is most of, failures in a row, amount, amount …},
-- the newest amount first.

local BEFORE_AMOUNT = 9  -- Bytes of each member: the payment's digest, and its own counts.

local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
end
local velocity, duplicate = tonumber(ARGV[2]), tonumber(ARGV[3])

local failures = 0
for _, member in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1, 'REV')) do
  if string.sub(member, 1, 1) == 'S' then break end
  failures = failures + 1
end

local payments, most, of_amount, amounts = 0, 0, {}, {}
local kept = redis.call('ZRANGE', KEYS[1], 0, -1, 'REV', 'WITHSCORES')
for i = 1, #kept, 2 do
  local age, amount = now - tonumber(kept[i + 1]), string.sub(kept[i], BEFORE_AMOUNT + 1)
  if age <= velocity then payments = payments + 1 end
  if age <= duplicate then
    of_amount[amount] = (of_amount[amount] or 0) + 1
    most = math.max(most, of_amount[amount])
  end
  if age <= math.max(velocity, duplicate) then amounts[#amounts + 1] = amount end
end
return {payments, most, failures, unpack(amounts)}
