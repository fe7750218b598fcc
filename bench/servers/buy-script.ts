/** What a shop would let Redis do for one `buy`: is it this user's first, is there a unit, note the order. 1 sold, 0 sold out, -1 not the first. */
export const buyScript = `
if redis.call('SADD', KEYS[1], ARGV[1]) == 0 then return -1 end
if redis.call('DECR', KEYS[2]) < 0 then
  redis.call('INCR', KEYS[2])
  redis.call('SREM', KEYS[1], ARGV[1])
  return 0
end
redis.call('RPUSH', KEYS[3], ARGV[1] .. ' ' .. ARGV[2])
return 1
`

/** In the script's order. */
export const buyKeys = ['buyers', 'stock', 'orders'] as const
export const stockKey = buyKeys[1]
/** Lasts longer than any run. */
export const plentyOfStock = 1_000_000_000
