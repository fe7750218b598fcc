import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type BucketRate, demandMs, holderMs, type PortionWish, type SharedBucket } from './shared-bucket.ts'

/** One bucket as several gateways reach it, and its time. */
export interface SharedBucketBench {
  connect(rate: BucketRate): Promise<SharedBucket>
  pass(ms: number): Promise<void>
  close(): Promise<void>
}

/**
 * Slow enough that the real time of a test is worth no token, beside the time that the bench lets pass: each token takes 100 s, and each wait of the tests is
 * longer.
 */
const rate: BucketRate = { ratePerSecond: 0.01, burst: 10 }
const tokenMs = 100_000

/** What every {@link SharedBucket} promises. */
export function sharedBucketContract(name: string, makeBench: () => Promise<SharedBucketBench>): void {
  describe(`${name} keeps the contract of SharedBucket`, () => {
    let bench: SharedBucketBench
    let ofAnn: SharedBucket
    let ofBob: SharedBucket

    beforeEach(async () => {
      bench = await makeBench()
      ofAnn = await bench.connect(rate)
      ofBob = await bench.connect(rate)
      await ofAnn.take(wish('ann', 0))
    })
    afterEach(() => bench.close())

    test('BKT-1 a bucket begins empty, and tokens come with time, up to the burst', async () => {
      expect(await ofAnn.take(wish('ann', 5))).toMatchObject({ granted: 0 })
      await bench.pass(3.5 * tokenMs)
      expect(await ofAnn.take(wish('ann', 2))).toMatchObject({ granted: 2 })
      await bench.pass(100 * tokenMs)
      expect(await ofAnn.take(wish('ann', 50))).toMatchObject({ granted: 10 })
    })

    test('BKT-1 parts of a token are not lost', async () => {
      let granted = 0
      for (let round = 0; round < 10; round++) {
        await bench.pass(0.35 * tokenMs)
        granted += (await ofAnn.take(wish('ann', 5))).granted
      }
      expect(granted).toBe(3)
    })

    test('BKT-2 who asks for more than there is gets what there is, and nobody gets it twice', async () => {
      await bench.pass(4 * tokenMs)
      expect(await ofAnn.take(wish('ann', 7))).toMatchObject({ granted: 4 })
      expect(await ofAnn.take(wish('ann', 7))).toMatchObject({ granted: 0 })
      expect(await ofBob.take(wish('bob', 7))).toMatchObject({ granted: 0 })
    })

    test('BKT-3 of a bucket that is short each holder gets its part, by what it and the others want now', async () => {
      await ofAnn.take(wish('ann', 30))
      await ofBob.take(wish('bob', 10))
      await bench.pass(demandMs / 2)
      await ofBob.take({ ...wish('bob', 10), returned: 8 })
      // Three quarters for the one who wants three quarters; of the 2 that went to bob 6 are left.
      expect(await ofAnn.take(wish('ann', 30))).toEqual({ granted: 5, holders: 2 })
    })

    test('BKT-3 a holder that wants nothing any more takes nothing from the others', async () => {
      await ofBob.take(wish('bob', 10))
      await bench.pass(8 * tokenMs)
      expect(await ofAnn.take(wish('ann', 10))).toMatchObject({ granted: 8 })
    })

    test('BKT-4 tokens that are given back are there for others, but no more than the burst', async () => {
      await bench.pass(10 * tokenMs)
      expect(await ofAnn.take(wish('ann', 10))).toMatchObject({ granted: 10 })
      await ofAnn.take({ ...wish('ann', 0), returned: 6 })
      expect(await ofBob.take(wish('bob', 6))).toMatchObject({ granted: 6 })
      await ofAnn.take({ ...wish('ann', 0), returned: 1_000 })
      expect(await ofBob.take(wish('bob', 1_000))).toMatchObject({ granted: 10 })
    })

    test('BKT-5 what a holder gave itself is taken out, as far as it is there', async () => {
      await bench.pass(10 * tokenMs)
      expect(await ofAnn.take({ ...wish('ann', 10), owed: 7 })).toMatchObject({ granted: 3 })
      await bench.pass(2 * tokenMs)
      expect(await ofAnn.take({ ...wish('ann', 10), owed: 50 })).toMatchObject({ granted: 0 })
      await bench.pass(2 * tokenMs)
      expect(await ofAnn.take(wish('ann', 10))).toMatchObject({ granted: 2 })
    })

    test('BKT-6 holders are those who have asked lately and have not left', async () => {
      expect(await ofBob.take(wish('bob', 0))).toMatchObject({ holders: 2 })
      await ofAnn.leave('ann', 0)
      await ofAnn.leave('ann', 0)
      expect(await ofBob.take(wish('bob', 0))).toMatchObject({ holders: 1 })
      await ofAnn.take(wish('ann', 0))
      await bench.pass(holderMs + 1)
      expect(await ofBob.take(wish('bob', 0))).toMatchObject({ holders: 1 })
    })

    test('BKT-6 who leaves gives back what it has', async () => {
      await bench.pass(10 * tokenMs)
      await ofAnn.take(wish('ann', 10))
      await ofAnn.leave('ann', 4)
      expect(await ofBob.take(wish('bob', 10))).toEqual({ granted: 4, holders: 1 })
    })
  })
}

function wish(holder: string, wanted: number): PortionWish {
  return { holder, wanted, returned: 0, owed: 0 }
}
