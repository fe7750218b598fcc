import { describe, expect, test } from 'vitest'
import { eachOfRuns, type Runs, type ShardView, type SkuChange } from '../../protocol/broadcast.ts'
import { hashText } from '../../protocol/hash.ts'
import { LineOrder } from '../../protocol/line-order.ts'
import type { BroadcastContent } from '../actor.ts'
import { held, InventoryRig, settingsOf, short, start } from '../testing/inventory-rig.ts'
import type { ClaimReport } from './inventory-actor.ts'

const opened = start + 50

function rigWith(overrides: Parameters<typeof settingsOf>[0] = {}): InventoryRig {
  const rig = new InventoryRig()
  rig.configure(settingsOf(overrides))
  return rig
}

function broadcast(rig: InventoryRig): BroadcastContent {
  const content = rig.actor.broadcast(rig.now)
  if (content === undefined) throw new Error('nothing is broadcast')
  return content
}

/** The one SKU's change since the last broadcast. */
function change(rig: InventoryRig): SkuChange | undefined {
  const { skus, complete } = broadcast(rig)
  expect(complete).toBe(true)
  return skus[0]
}

function numbers(runs: Runs | undefined): number[] {
  const all: number[] = []
  eachOfRuns(runs ?? [], (value) => all.push(value))
  return all
}

function buyers(said: SkuChange | undefined): number[] {
  const bytes = said?.buyers?.slice() ?? new Uint8Array(0)
  return [...new Uint32Array(bytes.buffer)]
}

describe('reads', () => {
  test('INV-60 claims are found by their numbers and by their user, as that user sees them', () => {
    const rig = rigWith({ stock: 1 })
    rig.ask({ op: 'configure', payload: { settings: settingsOf({ sku: 'sock', stock: 1 }), incarnation: 'inc2' } })
    rig.pass(50)
    rig.buy('ünal')
    rig.buy('bob')
    rig.buy('bob', { sku: 'sock' })
    const byNumber = rig.askInner<ClaimReport[]>({
      op: 'claimsByNumber',
      payload: [
        ['shoe', [2, 1, 9]],
        ['sock', [1]],
        ['gone', [1]],
      ],
    })
    const waiting = { state: 'queued', ticket: 2, ahead: 0, eta: null, odds: 'likely' }
    const bobs = [
      { sku: 'shoe', claim: 2, kind: 1, user: 'bob', state: waiting },
      { sku: 'sock', claim: 1, kind: 2, user: 'bob', state: held(1, opened + 50 + 10_025) },
    ]
    expect(byNumber).toEqual([bobs[0], { sku: 'shoe', claim: 1, kind: 2, user: 'ünal', state: held(1, opened + 50 + 10_025) }, bobs[1]])
    expect(rig.reportsOf('bob')).toEqual(bobs)
    expect(rig.reportsOf('nobody')).toEqual([])
  })

  test('INV-61 a number whose user has a newer claim finds nobody', () => {
    const rig = rigWith()
    rig.buy('ann')
    rig.leave('ann')
    rig.buy('ann')
    expect(rig.askInner<ClaimReport[]>({ op: 'claimsByNumber', payload: [['shoe', [1, 2]]] }).map((one) => one.claim)).toEqual([2])
  })

  test('INV-62 a view carries settings, numbers and the line of every SKU', () => {
    const rig = rigWith({ stock: 1 })
    for (const user of ['ann', 'bob', 'cat', 'dan']) rig.buy(user)
    rig.leave('cat')
    const view = rig.askInner<ShardView>({ op: 'view' })
    expect(view).toMatchObject({ shard: 0, epoch: 1, now: rig.now })
    const [sku] = view.skus
    if (sku === undefined) throw new Error('no SKU')
    expect(sku).toMatchObject({
      sku: 'shoe',
      phase: 'open',
      available: 0,
      held: 1,
      ordered: 0,
      sold: 0,
      waiting: 2,
      settings: settingsOf({ stock: 1 }),
    })
    const line = LineOrder.fromBitmap(sku.lineFrom, sku.line, 5)
    expect([line.first(), line.nextFrom(3), line.size]).toEqual([2, 4, 2])
  })

  test('INV-63 what a shard does not know is refused, and reads change nothing', () => {
    const rig = rigWith()
    const journaled = rig.journal.length
    expect(short(rig.ask({ op: 'attach', sku: 'shoe', user: 'ann' }))).toBe('UNKNOWN_METHOD')
    expect(short(rig.ask({ op: 'userGet', user: 'ann' }))).toBe('UNKNOWN_METHOD')
    for (const operation of ['buy', 'leave', 'claim', 'checkout', 'status'] as const) {
      expect(short(rig.ask({ op: operation, sku: 'shoes', user: 'ann' }))).toBe('UNKNOWN_SKU')
    }
    rig.claim('ann')
    rig.askInner({ op: 'view' })
    expect(rig.journal.length).toBe(journaled)
  })
})

describe('broadcasts', () => {
  test('INV-64 name who joined, who stopped waiting and which claims changed without their user, with the numbers', () => {
    const rig = new InventoryRig()
    expect(rig.actor.broadcast(rig.now)).toBeUndefined()
    rig.configure(settingsOf({ stock: 1 }))
    expect(change(rig)).toMatchObject({
      sku: 'shoe',
      phase: 'open',
      available: 1,
      settings: { sku: 'shoe' },
      joined: [],
      left: [],
      changed: [],
    })
    for (const user of ['ann', 'bob', 'cat', 'dan', 'eve']) rig.buy(user)
    rig.leave('cat')
    const first = change(rig)
    expect(first).toMatchObject({ available: 0, held: 1, waiting: 3 })
    expect(first?.settings).toBeUndefined()
    expect([numbers(first?.joined), numbers(first?.left)]).toEqual([[2, 3, 4, 5], [3]])
    rig.pass(10_050)
    const second = change(rig)
    expect([numbers(second?.joined), numbers(second?.left)]).toEqual([[], [2]])
    expect(numbers(second?.changed).toSorted((a, b) => a - b)).toEqual([1, 2])
    expect(broadcast(rig).skus, 'nothing has changed since').toEqual([])
  })

  test('INV-68 name everyone as a buyer who has an order when all is sold, also one that may still be paid', () => {
    const rig = rigWith({ stock: 1 })
    for (const user of ['ann', 'bob']) {
      rig.buy(user)
      rig.checkout(user)
      rig.pass(user === 'ann' ? 30_050 : 0)
    }
    rig.settle(2, 'paid')
    expect(rig.claim('ann')).toMatchObject({ state: 'overdue' })
    expect(buyers(change(rig))).toEqual([hashText('ann'), hashText('bob')])
    rig.settle(1, 'paid')
    expect(rig.claim('ann')).toMatchObject({ state: 'refunding' })
    expect(buyers(change(rig))).toEqual([hashText('ann'), hashText('bob')])
    rig.settle(1, 'refunded')
    expect(buyers(change(rig))).toEqual([hashText('bob')])
  })

  test('INV-65 tell of phases, and of every end that an operator or the last sale brings', () => {
    const rig = rigWith({ stock: 1 })
    for (const user of ['ann', 'bob', 'cat']) rig.buy(user)
    rig.checkout('ann')
    broadcast(rig)
    rig.settle(1, 'paid')
    const sold = change(rig)
    expect(sold).toMatchObject({ sold: 1, waiting: 0 })
    expect([numbers(sold?.left), numbers(sold?.changed)]).toEqual([
      [2, 3],
      [1, 2, 3],
    ])
    rig.setPhase('paused')
    expect(change(rig)).toMatchObject({ phase: 'paused' })
    rig.setPhase('closed')
    expect(change(rig)).toMatchObject({ phase: 'closed' })
  })

  test('INV-66 that cannot carry all that changed say so, and the next is whole again', () => {
    const rig = rigWith({ stock: 1, lineMax: 1_000_000 })
    rig.buy('holder')
    const users = Array.from({ length: 50_000 }, (_, i) => `u${i}`)
    rig.batch(users.map((user) => ({ op: 'buy' as const, sku: 'shoe', user })))
    expect(broadcast(rig).complete, 'one run says it all').toBe(true)
    rig.batch(users.filter((_, i) => i % 2 === 0).map((user) => ({ op: 'leave' as const, sku: 'shoe', user })))
    const overflowed = broadcast(rig)
    expect(overflowed.complete).toBe(false)
    expect(overflowed.skus[0]).toMatchObject({ waiting: 25_000 })
    rig.leave('u1')
    expect(numbers(change(rig)?.left)).toEqual([3])
  })

  test('INV-67 measure how fast the line is served and how many holds come back', () => {
    const rig = rigWith({ stock: 50, perUserMax: 1 })
    rig.batch(Array.from({ length: 400 }, (_, i) => ({ op: 'buy' as const, sku: 'shoe', user: `u${i}` })))
    broadcast(rig)
    let last: SkuChange | undefined
    for (let round = 0; round < 6; round++) {
      rig.pass(10_050)
      last = change(rig)
    }
    expect(last?.servedPerSecond).toBeGreaterThan(3)
    expect(last?.servedPerSecond).toBeLessThan(5.1)
    expect(last?.releaseShare).toBeGreaterThan(0.9)
    const claim = rig.claim('u399')
    expect(claim).toMatchObject({ state: 'queued', eta: [expect.any(Number), expect.any(Number)] })
    expect(rig.buy('new'), 'the answer to a buy says what a look at the claim says').toEqual(rig.claim('new'))
    expect(rig.claim('new')).toMatchObject({ state: 'queued', odds: 'likely', eta: [expect.any(Number), expect.any(Number)] })
  })
})
