import { array, assert, asyncProperty, constantFrom, nat, record } from 'fast-check'
import { expect, test } from 'vitest'
import { all, bytesOf, positionsOf, shard, type StoreFixture, textsOf } from './store-bench.ts'
import { comparePositions, type JournalRecord, journalStart, type Store, StoreFault } from './store.ts'

/** Two owners that do anything in any order, and what must hold then. */
export function rivalsContract(at: StoreFixture): void {
  test('STO-17 whatever rivals do, the journal is one chain of what was acknowledged', async () => {
    const step = record({
      who: nat(1),
      what: constantFrom('claim', 'claim', 'open', 'open', 'append', 'append', 'append', 'append', 'repeat', 'skip', 'rival', 'snapshot'),
    })
    await assert(
      asyncProperty(array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
        await at.end()
        await at.begin()
        const owners = [new Owner(await at.bench.open(), 'a'), new Owner(await at.bench.open(), 'b')]
        const acknowledged: JournalRecord[] = []
        for (const { who, what } of steps) {
          if (what === 'rival') owners[who] = new Owner(await at.rival(), `r${acknowledged.length}`)
          else acknowledged.push(...((await owners[who]?.does(what)) ?? []))
        }
        const kept = await all((await at.bench.open()).readArchive(shard))
        const records = kept.filter(({ position }) => position.seq > 0)
        expect(positionsOf(records)).toEqual(positionsOf(acknowledged))
        expect(textsOf(records)).toEqual(textsOf(acknowledged))
        for (const [index, { position }] of kept.entries()) {
          const before = kept[index - 1]?.position ?? journalStart
          expect(comparePositions(before, position)).toBeLessThan(0)
          expect(position.seq).toBe(position.epoch === before.epoch ? before.seq + 1 : 0)
        }
      }),
      { numRuns: 25 },
    )
  })
}

/** One process that tries to own {@link shard}, knowing only what its own store told it. */
class Owner {
  readonly #store: Store
  readonly #name: string
  #epoch = 0
  #seq = 0

  constructor(store: Store, name: string) {
    this.#store = store
    this.#name = name
  }

  /** The records that this step added, acknowledged for the first time. */
  async does(what: string): Promise<JournalRecord[]> {
    if (what === 'claim') {
      const lease = await this.#store.claim(shard, this.#name)
      if (lease !== 'taken') this.#epoch = lease.epoch
      if (lease !== 'taken') this.#seq = -1
    } else if (what === 'open') {
      if (this.#epoch > 0 && (await this.#store.open(shard, this.#epoch)) !== 'fenced') this.#seq = 0
    } else if (what === 'append') {
      return this.#append(this.#seq + 1)
    } else if (what === 'skip') {
      if ((await this.#append(this.#seq + 2)).length > 0) throw new Error('a record was stored that does not follow its predecessor')
    } else if (what === 'repeat' && this.#seq > 0) {
      await this.#append(this.#seq)
    } else if (what === 'snapshot' && this.#seq > 0) {
      await this.#snapshot()
    }
    return []
  }

  async #append(seq: number): Promise<JournalRecord[]> {
    if (this.#epoch === 0 || seq < 1) return []
    const position = { epoch: this.#epoch, seq }
    const bytes = bytesOf(`${this.#name} ${position.epoch}-${seq}`)
    if ((await this.#store.append(shard, position, bytes)) === 'fenced' || seq <= this.#seq) return []
    this.#seq = seq
    return [{ position, bytes }]
  }

  async #snapshot(): Promise<void> {
    const position = { epoch: this.#epoch, seq: this.#seq }
    try {
      await this.#store.writeSnapshot(shard, { position, now: 1, chunks: [bytesOf('state')] })
    } catch (error) {
      // A store that has lost its data to a rival says so; it must not have written.
      if (!(error instanceof StoreFault && error.code === 'STORE_IN_USE')) throw error
    }
  }
}
