import { beforeEach, describe, expect, test } from 'vitest'
import { LocalBucket } from '../cluster/local-bucket.ts'
import { ManualWorld } from '../cluster/manual-world.ts'
import type { Portion, PortionWish, SharedBucket } from '../cluster/shared-bucket.ts'
import { StoreFault } from '../cluster/store.ts'
import { admissionRate, LeasedTokens } from './leased-tokens.ts'

const rate = 1_000
const tolerance = 0.05
const stepMs = 5

/** A bucket on a line that can be cut, or take its time. */
class Line implements SharedBucket {
  state: 'open' | 'away' | 'silent' = 'open'
  delayMs = 0
  private readonly bucket: SharedBucket
  private readonly world: ManualWorld

  constructor(bucket: SharedBucket, world: ManualWorld) {
    this.bucket = bucket
    this.world = world
  }

  async take(wish: PortionWish): Promise<Portion> {
    if (this.state === 'away') throw new StoreFault('STORE_FAILED', 'away')
    const portion = await this.bucket.take(wish)
    // What was asked for is done, and nobody hears of it.
    if (this.state === 'silent') return new Promise(() => {})
    if (this.delayMs > 0) await new Promise<void>((resolve) => void this.world.timers.after(this.delayMs, resolve))
    return portion
  }

  leave(holder: string, returned: number): Promise<void> {
    return this.bucket.leave(holder, returned)
  }
}

class Gateway {
  readonly line: Line
  readonly tokens: LeasedTokens
  private due = 0

  constructor(name: string, bucket: SharedBucket, world: ManualWorld) {
    this.line = new Line(bucket, world)
    this.tokens = new LeasedTokens({ bucket: this.line, world, holder: name, ratePerSecond: rate })
    this.tokens.start()
  }

  /** So many people come within a step; returns how many are let in. */
  offer(perSecond: number): number {
    this.due += (perSecond * stepMs) / 1_000
    let count = 0
    for (; this.due >= 1; this.due--) if (this.tokens.take()) count++
    return count
  }
}

let world: ManualWorld
let bucket: LocalBucket
let a: Gateway
let b: Gateway

beforeEach(async () => {
  world = new ManualWorld()
  bucket = new LocalBucket(admissionRate(rate), world.clock)
  a = new Gateway('a', bucket, world)
  b = new Gateway('b', bucket, world)
  await admitted(1_000, 2, 2)
})

/** How many come in within the time, as multiples of the rate come to each gateway. */
async function admitted(ms: number, toA: number, toB: number): Promise<{ readonly a: number; readonly b: number; readonly all: number }> {
  const sums = { a: 0, b: 0 }
  for (let passed = 0; passed < ms; passed += stepMs) {
    await world.pass(stepMs)
    sums.a += a.offer(toA * rate)
    sums.b += b.offer(toB * rate)
  }
  return { ...sums, all: sums.a + sums.b }
}

function expectRate(count: number, seconds: number): void {
  expect(count).toBeGreaterThan(rate * seconds * (1 - tolerance))
  expect(count).toBeLessThan(rate * seconds * (1 + tolerance))
}

describe('two gateways', () => {
  test.each([
    [2, 2],
    [5, 0.1],
    [0.6, 0.6],
    [1.5, 0],
    [50, 1],
  ])('ADM-1 let in what the rate says and no more, with %s and %s times of it offered', async (toA, toB) => {
    await admitted(1_000, toA, toB)
    expectRate((await admitted(10_000, toA, toB)).all, 10)
  })

  test('ADM-2 nobody is refused as long as all together stay below the rate, however they are spread', async () => {
    for (const [toA, toB] of [
      [0.85, 0],
      [0.1, 0.75],
      [0.4, 0.4],
    ] as const) {
      await admitted(2_000, toA, toB)
      const { all } = await admitted(5_000, toA, toB)
      expect(all / (5 * rate * (toA + toB))).toBeGreaterThan(0.995)
    }
  })

  test('ADM-3 each gateway lets in about the same part of those who come to it', async () => {
    await admitted(1_000, 6, 2)
    const sums = await admitted(10_000, 6, 2)
    expect(sums.b / sums.all).toBeGreaterThan(0.15)
    expect(sums.b / sums.all).toBeLessThan(0.35)
  })

  test('ADM-4 what one does not need the other has', async () => {
    await admitted(2_000, 0, 0)
    expectRate((await admitted(10_000, 3, 0)).all, 10)
    expectRate((await admitted(10_000, 0, 3)).all, 10)
  })

  test('ADM-4 a gateway that goes leaves its part to the others, whether it says so or not', async () => {
    b.tokens.close()
    expectRate((await admitted(5_000, 2, 0)).all, 5)
    b = new Gateway('c', bucket, world)
    expectRate((await admitted(5_000, 2, 2)).all, 5)
    b.line.state = 'away'
    expectRate((await admitted(10_000, 2, 0)).all, 10)
  })

  test.each(['away', 'silent'] as const)(
    'ADM-5 while the bucket is %s each goes on with its share, and afterwards there is no burst',
    async (state) => {
      const before = await admitted(3_500, 2, 2)
      a.line.state = state
      b.line.state = state
      const meanwhile = await admitted(3_000, 2, 2)
      expect(Math.min(meanwhile.a, meanwhile.b)).toBeGreaterThan(0.4 * 3 * rate)
      a.line.state = 'open'
      b.line.state = 'open'
      await reconnect()
      const after = await admitted(3_500, 2, 2)
      expectRate(meanwhile.all, 3)
      expectRate(before.all + meanwhile.all + after.all, 10)
      expect((await admitted(500, 2, 2)).all).toBeLessThan(rate * 0.5 + admissionRate(rate).burst)
    },
  )

  test('ADM-5 while the bucket is away nothing of the share is given back to nobody, also when few come at first', async () => {
    await admitted(2_000, 0, 0)
    a.line.state = 'away'
    b.line.state = 'away'
    await admitted(1_000, 0.01, 0.01)
    expectRate((await admitted(5_000, 2, 2)).all, 5.1)
  })

  test('ADM-5 one gateway whose line is cut and one whose is not do not exceed the rate together', async () => {
    b.line.state = 'away'
    const { all, b: cut } = await admitted(3_000, 2, 2)
    expect(cut).toBeGreaterThan(0)
    b.line.state = 'open'
    const after = await admitted(7_000, 2, 2)
    expect(all).toBeLessThan(3 * rate * (1.5 + tolerance))
    expectRate(after.all, 7)
  })

  test.each([40, 120, 400])('ADM-6 answers that take %s ms change nothing', async (delayMs) => {
    a.line.delayMs = delayMs
    b.line.delayMs = delayMs
    await admitted(2_000, 2, 2)
    expectRate((await admitted(10_000, 2, 2)).all, 10)
  })

  test('ADM-7 who is refused is told to come again when a place is likely, later the more there are', async () => {
    await admitted(2_000, 1, 1)
    const few = a.tokens.retryAfterMs
    await admitted(2_000, 40, 40)
    const many = a.tokens.retryAfterMs
    expect(few).toBeGreaterThan(0)
    expect(many).toBeGreaterThan(few * 4)
    expect(many).toBeLessThanOrEqual(5_000)
  })

  test('ADM-8 what a gateway has of the bucket, and that it is away, can be seen', async () => {
    const seen = new Map<string, number>()
    const sink = {
      counter: (name: string, _help: string, value: number, labels = {}) => void seen.set(name + Object.values(labels).join(), value),
      gauge: (name: string, _help: string, value: number) => void seen.set(name, value),
      histogram: () => {},
      summary: () => {},
    }
    a.line.state = 'away'
    await admitted(1_000, 2, 2)
    a.tokens.collect(sink)
    expect(seen.get('sluice_admission_bucket_away')).toBe(1)
    expect(seen.get('sluice_admission_gateways')).toBe(2)
    expect(seen.get('sluice_admission_tokens_totalown share')).toBeGreaterThan(0)
    expect(world.logged.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })
})

test('ADM-9 a rate of one per second works as well', async () => {
  const slow = new LeasedTokens({ bucket: new LocalBucket(admissionRate(1), world.clock), world, holder: 'slow', ratePerSecond: 1 })
  slow.start()
  let count = 0
  for (let passed = 0; passed < 20_000; passed += stepMs) {
    await world.pass(stepMs)
    if (slow.take()) count++
  }
  expect(count).toBeGreaterThanOrEqual(19)
  expect(count).toBeLessThanOrEqual(21)
})

/** Whatever was under way on a line that said nothing ends with its connection: nothing more comes of it. */
async function reconnect(): Promise<void> {
  for (const gateway of [a, b]) Reflect.set(gateway.tokens, 'isWaiting', false)
}
