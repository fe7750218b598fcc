import { expect, test } from 'vitest'
import { eventKind, writeConfigured, writePhaseSet, writeReservation } from '../../actors/inventory/events.ts'
import { writeReported, writeReserved } from '../../actors/session/session-events.ts'
import { type Forge, forged, hold, numbered, order, paid, settle } from '../../actors/testing/forged-records.ts'
import { saleId, skuId } from '../../actors/testing/ids.ts'
import { incarnation, settingsOf } from '../../actors/testing/inventory-rig.ts'
import type { ShardName } from '../../cluster/store.ts'
import { Findings } from './findings.ts'
import { LimitCheck } from './limit-check.ts'
import { LiveBooks } from './live-books.ts'

const limit = 2
const shops = { shoe: 'inv.0', hat: 'inv.1' } as const
type Sku = keyof typeof shops

/** Two SKUs of one sale in shards of their own, and a session shard: records become durable one by one. */
class Story {
  readonly givenBackAfterMs: number[] = []
  private now = 0
  private readonly findings = new Findings(() => this.now)
  private readonly books = new LiveBooks({ now: () => this.now, complain: () => {} })
  private readonly check = new LimitCheck({
    books: this.books,
    complain: this.findings.complain,
    now: () => this.now,
    onGivenBack: (afterMs) => this.givenBackAfterMs.push(afterMs),
  })
  private readonly seqs = new Map<ShardName, number>()

  constructor() {
    for (const sku of ['shoe', 'hat'] as const) {
      const settings = { ...settingsOf({ sku, stock: 9, perUserMax: 9 }), saleLimitPerUser: limit }
      this.add(
        shops[sku],
        (record) => writeConfigured(record, 0, { settings, incarnation }),
        (record) => writePhaseSet(record, 0, 1),
      )
    }
  }

  add(shard: ShardName, ...events: readonly Forge[]): this {
    this.now += 700
    const seq = this.seqs.get(shard) ?? 0
    if (seq === 0) this.books.applied(shard, { epoch: 1, seq: 0 }, new Uint8Array(0))
    this.books.applied(shard, { epoch: 1, seq: seq + 1 }, forged(events, 1_000_000 + this.now))
    this.seqs.set(shard, seq + 1)
    this.check.applied(shard)
    return this
  }

  reserve(sku: Sku, number: number, qty = 1): this {
    return this.add('ses.0', (record) => writeReserved(record, at(number), 'ann', { sku: skuId(sku), sale: saleId('sale'), number, qty }))
  }

  claim(sku: Sku, number: number, claim = 1, qty = 1): this {
    return this.add(shops[sku], hold(claim, 'ann', qty), used(eventKind.reserved, number))
  }

  report(sku: Sku, number: number, units: { readonly live?: number; readonly bought?: number; readonly seq?: number }): this {
    const { live = 0, bought = 0, seq = 10 * number } = units
    const report = { user: 'ann', sku: skuId(sku), sale: saleId('sale'), number, live, bought, at: { epoch: 1, seq } }
    return this.add('ses.0', (record) => writeReported(record, at(number), 'ann', report))
  }

  /** The last record of the shard is gone. */
  lose(shard: ShardName): this {
    const seq = this.seqs.get(shard) ?? 0
    const before = this.books.of(shard)
    this.books.lost(shard, { epoch: 1, seq })
    this.check.lost(shard, before)
    this.seqs.set(shard, seq - 1)
    return this
  }

  get found(): string[] {
    this.check.atEnd()
    return this.findings.problems.map(({ promise, what }) => `${promise} ${what}`)
  }
}

const at = (seq: number) => ({ epoch: 1, seq })

function used(kind: typeof eventKind.reserved | typeof eventKind.spent, number: number): Forge {
  return (record) => void writeReservation(record, kind, 0, new TextEncoder().encode('ann'), number)
}

test('CHK-7 the limit check takes two SKUs within the limit, what is given back, and what is bought', () => {
  const story = new Story().reserve('shoe', 1).claim('shoe', 1).reserve('hat', 2).claim('hat', 2)
  story.add('inv.0', numbered('left', 1)).report('shoe', 1, {}).reserve('shoe', 3).claim('shoe', 3, 2)
  story.add('inv.0', order(2), settle(2, paid)).report('shoe', 3, { bought: 1 })
  expect(story.found).toEqual([])
  expect(story.givenBackAfterMs).toEqual([])
})

test.each<readonly [string, Story, string]>([
  [
    'more units of the sale than the limit',
    new Story().reserve('shoe', 1, 2).claim('shoe', 1, 1, 2).reserve('hat', 2).claim('hat', 2),
    'G11 hat: claim 1 gives ann 3 units of the sale; one may have 2',
  ],
  [
    'a claim without a reservation',
    new Story().add('inv.0', hold(1, 'ann')).reserve('shoe', 1).report('shoe', 1, { live: 1 }),
    'G11 shoe: claim 1 of ann began without a durable reservation for it',
  ],
  [
    'a claim whose reservation was not durable before it',
    new Story().claim('shoe', 1).reserve('shoe', 1),
    'G11 shoe: claim 1 of ann began without a durable reservation for it',
  ],
  [
    'a claim of more units than were reserved',
    new Story().reserve('shoe', 1).claim('shoe', 1, 1, 2).report('shoe', 1, { live: 2 }),
    'G11 shoe: claim 1 of ann began without a durable reservation for it',
  ],
  [
    'a reservation that is used after it was given back',
    new Story().reserve('shoe', 1).add('inv.0', used(eventKind.spent, 1)).claim('shoe', 1),
    'G11 shoe: claim 1 of ann began with a reservation that was used up',
  ],
  ['a reservation that is never given back', new Story().reserve('shoe', 1), 'G11 ann has 0 units of shoe, and the session counts 1'],
  [
    'a purchase that a session forgot',
    new Story().reserve('shoe', 1).claim('shoe', 1).add('inv.0', order(1), settle(1, paid)).report('shoe', 1, {}),
    'G11 ann has 1 units of shoe, and the session counts 0',
  ],
  [
    'a session that goes by an older report',
    new Story().reserve('shoe', 1).claim('shoe', 1).report('shoe', 1, { live: 1, seq: 5 }).report('shoe', 1, { live: 1, seq: 4 }),
    'G11 the session of ann went back to an older report of shoe',
  ],
])('CHK-8 the limit check finds %s', (_, story, problem) => {
  expect(story.found).toEqual([problem])
})

test('CHK-6 the limit check lets users be of whom a store has lost something, and no others', () => {
  expect(new Story().reserve('shoe', 1).claim('shoe', 1).lose('inv.0').found).toEqual([])
  expect(new Story().reserve('shoe', 1).reserve('hat', 2).lose('ses.0').claim('hat', 2).found).toEqual([])
  expect(new Story().reserve('shoe', 1).add('inv.0').lose('inv.0').found).toHaveLength(1)
})

test('CHK-7 the limit check tells after what time a reservation came back with which nothing had begun', () => {
  const story = new Story().reserve('shoe', 1).add('inv.0', used(eventKind.spent, 1)).report('shoe', 1, {})
  expect(story.found).toEqual([])
  expect(story.givenBackAfterMs).toEqual([1_400])
})
