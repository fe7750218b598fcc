import { TokenBuckets } from '../../gateway/token-bucket.ts'
import type { MicroSuite } from './micro-case.ts'

const takes = 1_000
const users = 100_000

/** One token for one call, by the user's id. */
export const tokenBuckets: MicroSuite = () => {
  let now = 0
  const known = new TokenBuckets(1_000_000, 1_000_000, users * 2, now)
  const names = Array.from({ length: users }, (_, i) => `user-${i}`)
  for (const name of names) known.of(name, now).take(1, now)
  let fresh = known
  let next = 0
  const perCall = { operations: takes, unit: 'call' }
  return {
    cases: [
      {
        ...perCall,
        name: `bucket: one of ${users.toLocaleString('en-US')} known users`,
        run: () => {
          now += 0.001
          for (let i = 0; i < takes; i++) known.of(names[(next += 7_919) % users] ?? '', now).take(1, now)
        },
      },
      {
        ...perCall,
        name: 'bucket: a new user',
        prepare: () => {
          next = 0
          fresh = new TokenBuckets(20, 40, users, now)
        },
        run: () => {
          for (let i = 0; i < takes; i++) fresh.of(names[next++] ?? '', now).take(1, now)
        },
      },
    ],
  }
}
