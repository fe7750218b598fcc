import { expect, test } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import { BatchGathering } from './batch-gathering.ts'

/** A mailbox of which only the size matters, and whether the batch out of it has been cut. */
class Batches {
  readonly world = new ManualWorld()
  readonly gathering: BatchGathering
  size = 0
  cut = false

  constructor(lingerShare?: number) {
    this.gathering = new BatchGathering(this.world, lingerShare)
  }

  begin(size: number): void {
    this.size = size
    this.cut = false
    void this.gathering.until(() => this.size).then(() => (this.cut = true))
  }

  /** A batch of so much that was cut and took so long to store. */
  async before(size: number, storeMs: number): Promise<void> {
    this.begin(size)
    await this.world.pass(1_000)
    this.gathering.stored(storeMs)
  }
}

test('SHD-50 a single caller, or a stream that stays the same, waits for nothing', async () => {
  const batches = new Batches()
  for (let i = 0; i < 3; i++) {
    await batches.before(100, 20)
    batches.begin(100)
    await batches.world.pass(0)
    expect(batches.cut).toBe(true)
  }
})

test('SHD-51 a batch waits until it has nearly as much as the last two had on average', async () => {
  const batches = new Batches()
  await batches.before(100, 20)
  await batches.before(1_900, 20)
  batches.begin(100)
  await batches.world.pass(3)
  expect(batches.cut).toBe(false)
  batches.size = 730
  await batches.world.pass(2)
  expect(batches.cut).toBe(false)
  batches.size = 750
  await batches.world.pass(2)
  expect(batches.cut).toBe(true)
})

test('SHD-51 but no longer than half of the time that storing took', async () => {
  const batches = new Batches()
  await batches.before(1_000, 20)
  await batches.before(1_000, 20)
  batches.begin(10)
  await batches.world.pass(9)
  expect(batches.cut).toBe(false)
  await batches.world.pass(2)
  expect(batches.cut).toBe(true)
})

test('SHD-51 nor long after a batch that took a second', async () => {
  const batches = new Batches()
  await batches.before(8_000, 1_000)
  batches.begin(10)
  await batches.world.pass(9)
  expect(batches.cut).toBe(false)
  await batches.world.pass(2)
  expect(batches.cut).toBe(true)
})

test('SHD-52 what was a rush is forgotten after two batches', async () => {
  const batches = new Batches()
  await batches.before(1_000, 20)
  await batches.before(10, 20)
  await batches.before(10, 20)
  batches.begin(10)
  await batches.world.pass(0)
  expect(batches.cut).toBe(true)
})

test('SHD-52 a clock that stands still holds nothing up', async () => {
  const batches = new Batches()
  await batches.before(1_000, 1)
  await batches.before(1_000, 1)
  batches.begin(10)
  await batches.world.pass(0)
  expect(batches.cut).toBe(true)
})

test('SHD-51 nor at all where no share of that time is for waiting', async () => {
  const batches = new Batches(0)
  await batches.before(1_000, 20)
  await batches.before(1_000, 20)
  batches.begin(10)
  await batches.world.pass(0)
  expect(batches.cut).toBe(true)
})
