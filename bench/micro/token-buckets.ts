import { LocalBucket } from '../../cluster/local-bucket.ts'
import { delay } from '../../cluster/world.ts'
import { admissionRate, LeasedTokens, portionMs } from '../../gateway/leased-tokens.ts'
import { TokenBuckets } from '../../gateway/token-buckets.ts'
import { LoopTimers } from '../../ops/loop-timers.ts'
import { realClock, realRandom } from '../../ops/world.ts'
import type { MicroSuite } from './micro-case.ts'

const takes = 1_000
const users = 100_000
const seed = 1

const timers = new LoopTimers(realClock)
const plentyPerSecond = 1_000_000_000

/** One token for one call: by the user's id, and out of this gateway's portion of what all gateways share. */
export const tokenBuckets: MicroSuite = async () => {
  const portion = newcomers()
  portion.start()
  while (!portion.take()) await delay(timers, portionMs)
  let now = 0
  const known = new TokenBuckets({ ratePerSecond: 1_000_000, burst: 1_000_000, keysMax: users * 2 }, seed)
  const names = Array.from({ length: users }, (_, i) => `user-${i}`)
  for (const name of names) known.take(name, now)
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
          for (let i = 0; i < takes; i++) known.take(names[(next += 7_919) % users] ?? '', now)
        },
      },
      {
        ...perCall,
        name: 'bucket: a new user',
        prepare: () => {
          next = 0
          fresh = new TokenBuckets({ ratePerSecond: 20, burst: 40, keysMax: users }, seed)
        },
        run: () => {
          for (let i = 0; i < takes; i++) fresh.take(names[next++] ?? '', now)
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
