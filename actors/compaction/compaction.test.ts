import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Position, shardName, type ShardName, type Snapshot } from '../../cluster/store.ts'
import type { NamesToStrike } from '../names-to-strike.ts'
import { ManualWorld } from '../testing/manual-world.ts'
import { Turnstile } from '../testing/turnstile.ts'
import { type CompactableShard, Compaction, type CompactionLimits } from './compaction.ts'

const limits: CompactionLimits = {
  snapshotEveryBytes: 1_000,
  handOverBytesMax: 200,
  checkMs: 100,
  takeMsMax: 5_000,
  strikeAfterMs: 3_000,
  retryMs: 2_000,
}

/** A shard that a test lets write, and whose snapshots take as long as a test wants. */
class WritingShard implements CompactableShard {
  readonly name: ShardName
  readonly taking = new Turnstile()
  bytes = 0
  fails = false
  begun = 0
  /** The record of an erasure. */
  names: number | undefined

  constructor(number: number) {
    this.name = shardName('inv', number)
  }

  journalBytes(): number {
    return this.bytes
  }

  namesToStrike(): NamesToStrike | undefined {
    const { names } = this
    if (names === undefined) return undefined
    const done = (): void => {
      if (this.names === names) this.names = undefined
    }
    return { isTrimmedBy: ({ seq }) => seq > names, rewrite: () => undefined, done }
  }

  async takeSnapshot(): Promise<Snapshot> {
    this.begun++
    const position: Position = { epoch: 1, seq: this.bytes }
    await this.taking.pass()
    if (this.fails) throw new Error('told to fail')
    return { position, now: 0, chunks: [] }
  }
}

describe('compaction', () => {
  const stored: string[] = []
  const storing = new Turnstile()
  let world: ManualWorld
  let compaction: Compaction
  let a: WritingShard
  let b: WritingShard

  beforeEach(() => {
    stored.length = 0
    storing.open()
    world = new ManualWorld()
    const store = {
      writeSnapshot: async (shard: ShardName, { position }: Snapshot): Promise<'stored'> => {
        await storing.pass()
        stored.push(`${shard}@${position.seq}`)
        return 'stored'
      },
      rewriteArchive: async (shard: ShardName): Promise<number> => {
        stored.push(`${shard} struck`)
        return 7
      },
    }
    compaction = new Compaction({ store, world, limits })
    a = new WritingShard(1)
    b = new WritingShard(2)
    compaction.watch(a)
    compaction.watch(b)
  })

  afterEach(() => world.settled(compaction.close()))

  test('SNP-4 takes a snapshot when a shard has written enough since the last one', async () => {
    a.bytes = 999
    await world.pass(10_000)
    expect(stored).toEqual([])
    a.bytes = 1_000
    await world.pass(200)
    expect(stored).toEqual(['inv.1@1000'])
    a.bytes = 1_999
    await world.pass(10_000)
    expect(stored).toHaveLength(1)
    a.bytes = 2_100
    await world.pass(200)
    expect(stored).toEqual(['inv.1@1000', 'inv.1@2100'])
    expect(compaction.counters).toMatchObject({ stored: 2, failed: 0 })
  })

  test('SNP-4 counts what is written while a snapshot is made for the next one', async () => {
    a.taking.shut()
    a.bytes = 1_000
    await world.pass(200)
    a.bytes = 2_000
    a.taking.open()
    await world.until('two snapshots are stored', () => stored.length === 2)
    expect(stored).toEqual(['inv.1@1000', 'inv.1@2000'])
  })

  test('ERA-7 takes a snapshot some time after an erasure, however short the journal, and strikes the names out of what is trimmed', async () => {
    a.bytes = 5
    a.names = 4
    await world.pass(2_000)
    expect(stored).toEqual([])
    await world.pass(2_000)
    expect(stored).toEqual(['inv.1@5', 'inv.1 struck'])
    await world.pass(20_000)
    expect(stored).toHaveLength(2)
    expect(compaction.counters.struck).toBe(7)

    b.names = 3
    b.bytes = 3
    await world.pass(4_000)
    expect(stored.slice(2)).toEqual(['inv.2@3'])
    b.bytes = 6
    await world.until('there is a record behind it', () => stored.length === 5)
    expect(stored.slice(3)).toEqual(['inv.2@6', 'inv.2 struck'])
  })

  test('SNP-5 makes one snapshot at a time, of the longest journal', async () => {
    const c = new WritingShard(3)
    compaction.watch(c)
    a.bytes = 1_500
    b.bytes = 4_000
    c.bytes = 2_000
    b.taking.shut()
    await world.pass(1_000)
    expect([a.begun, b.begun, c.begun]).toEqual([0, 1, 0])
    b.taking.open()
    await world.until('all are stored', () => stored.length === 3)
    expect(stored).toEqual(['inv.2@4000', 'inv.3@2000', 'inv.1@1500'])
  })

  test('SNP-6 tries a failed snapshot again later and lets others go first', async () => {
    b.fails = true
    b.bytes = 4_000
    a.bytes = 1_000
    await world.pass(1_000)
    expect(stored).toEqual(['inv.1@1000'])
    expect(compaction.counters.failed).toBe(1)
    b.fails = false
    await world.until('it is stored', () => stored.length === 2)
    expect(b.begun).toBe(2)
  })

  test('SNP-6 gives up a snapshot that is never made', async () => {
    b.taking.shut()
    b.bytes = 4_000
    a.bytes = 1_000
    await world.pass(4_000)
    expect(stored).toEqual([])
    await world.until('another is stored', () => stored.length === 1)
    expect(stored).toEqual(['inv.1@1000'])
    b.taking.open()
    await world.until('it is stored in the end', () => stored.length === 2)
  })

  test('SNP-7 forgets a shard that is not owned any more', async () => {
    compaction.forget(a.name)
    a.bytes = 10_000
    await world.pass(10_000)
    expect(a.begun).toBe(0)
  })

  test('SNP-8 closes at once while a snapshot is made, and after the store when one is stored', async () => {
    a.taking.shut()
    a.bytes = 1_000
    await world.pass(200)
    const before = world.clock.now()
    await world.settled(compaction.close())
    expect(world.clock.now()).toBe(before)
    a.taking.open()
    await world.pass(1_000)
    expect(stored).toEqual([])
  })

  test('SNP-8 waits for the store', async () => {
    storing.shut()
    a.bytes = 1_000
    await world.pass(200)
    let closed = false
    const closing = compaction.close().then(() => {
      closed = true
      return closed
    })
    await world.pass(1_000)
    expect(closed).toBe(false)
    storing.open()
    await world.settled(closing)
    expect(stored).toEqual(['inv.1@1000'])
  })

  test('OWN-54 makes a snapshot before a hand-over if there is much to read, and none if there is little', async () => {
    a.bytes = 200
    await world.settled(compaction.prepareHandOver(a.name))
    expect(stored).toEqual([])
    a.bytes = 201
    await world.settled(compaction.prepareHandOver(a.name))
    expect(stored).toEqual(['inv.1@201'])
    await world.settled(compaction.prepareHandOver(a.name))
    await world.settled(compaction.prepareHandOver(shardName('inv', 99)))
    expect(stored).toEqual(['inv.1@201'])
  })

  test('OWN-54 waits for the snapshot under way only if it needs one', async () => {
    b.taking.shut()
    b.bytes = 1_000
    await world.pass(200)
    await world.settled(compaction.prepareHandOver(a.name))
    a.bytes = 500
    const preparing = compaction.prepareHandOver(a.name)
    await world.pass(200)
    expect([a.begun, b.begun]).toEqual([0, 1])
    b.taking.open()
    await world.settled(preparing)
    expect(stored).toEqual(['inv.2@1000', 'inv.1@500'])
  })

  test('OWN-54 lets a shard go whose snapshot fails', async () => {
    a.fails = true
    a.bytes = 500
    await world.settled(compaction.prepareHandOver(a.name))
    expect(compaction.counters).toMatchObject({ stored: 0, failed: 1 })
  })

  test('OWN-54 gives up the snapshot of a shard that has gone, so that others get their turn', async () => {
    a.taking.shut()
    a.bytes = 4_000
    b.bytes = 1_000
    await world.pass(200)
    compaction.forget(a.name)
    await world.until('another is stored', () => stored.length === 1, limits.takeMsMax / 2)
    expect(stored).toEqual(['inv.2@1000'])
    expect(compaction.counters.failed).toBe(0)
  })
})
