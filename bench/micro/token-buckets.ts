import { LocalBucket } from '../../cluster/local-bucket.ts'
import { delay } from '../../cluster/world.ts'
import { admissionRate, LeasedTokens, portionMs } from '../../gateway/leased-tokens.ts'
import { TokenBuckets } from '../../gateway/token-bucket.ts'
import { LoopTimers } from '../../ops/loop-timers.ts'
import { realClock, realRandom } from '../../ops/world.ts'
import type { MicroSuite } from './micro-case.ts'

const takes = 1_000
const users = 100_000

const timers = new LoopTimers(realClock)
const plentyPerSecond = 1_000_000_000

/** One token for one call: by the user's id, and out of this gateway's portion of what all gateways share. */
export const tokenBuckets: MicroSuite = async () => {
  const portion = newcomers()
  portion.start()
  while (!portion.take()) await delay(timers, portionMs)
  let now = 0
  const known = new TokenBuckets(1_000_000, 1_000_000, users * 2, now)
  const names = Array.from({ length: users }, (_, i) => `user-${i}`)
  for (const name of names) known.of(name, now).take(1, now)
  let fresh = known
  let next = 0
  const perCall = { operations: takes, unit: 'call' }
  return {
    close: async () => portion.close(),
    cases: [
      {
        ...perCall,
        name: 'bucket: the portion of a shared one',
        run: () => {
          for (let i = 0; i < takes; i++) portion.take()
        },
      },
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

function newcomers(): LeasedTokens {
  const world = { clock: realClock, timers, random: realRandom, log: silent }
  const bucket = new LocalBucket(admissionRate(plentyPerSecond), realClock)
  return new LeasedTokens({ bucket, world, holder: 'bench', ratePerSecond: plentyPerSecond })
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
