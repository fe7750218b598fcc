import { describe, expect, test } from 'vitest'
import type { SkuView } from '../../protocol/broadcast.ts'
import { DrawRig } from '../testing/draw-rig.ts'
import { InventoryRig, settingsOf, start } from '../testing/inventory-rig.ts'

function rigWith(overrides: Parameters<typeof settingsOf>[0] = {}): InventoryRig {
  const rig = new InventoryRig()
  rig.configure(settingsOf(overrides))
  return rig
}

function settingsIn(rig: InventoryRig): SkuView['settings'] {
  const [sku] = rig.askInner<{ readonly skus: readonly SkuView[] }>({ op: 'view' }).skus
  if (sku === undefined) throw new Error('no SKU')
  return sku.settings
}

/** Another owner, who has it from a snapshot and the records behind it, or from the whole journal. */
function handOver(rig: InventoryRig, how: 'snapshot' | 'journal'): void {
  rig.recover(how === 'snapshot' ? rig.actor.save() : undefined, how === 'snapshot' ? rig.journal.length : 0, 0)
}

describe('prices', () => {
  test.each(['nobody new', 'snapshot', 'journal'] as const)(
    'EDT-1 a hold keeps the price that it was promised, and so does its order: %s',
    (how) => {
      const rig = rigWith({ stock: 2, priceMinor: 500 })
      rig.buy('ann', { qty: 1 })
      rig.edit({ priceMinor: 300 })
      rig.buy('bob')
      if (how !== 'nobody new') handOver(rig, how)
      expect(rig.claim('ann')).toMatchObject({ state: 'held', priceMinor: 500 })
      expect(rig.claim('bob')).not.toHaveProperty('priceMinor')
      expect(rig.checkout('ann')).toMatchObject({ state: 'pending', amountMinor: 500 })
      expect(rig.checkout('bob')).toMatchObject({ state: 'pending', amountMinor: 300 })
      rig.edit({ priceMinor: 700 })
      expect(rig.settle(rig.claimOf('ann'), 'paid')).toMatchObject({ state: 'paid', amountMinor: 500 })
      rig.delivered(rig.claimOf('ann'))
      expect(rig.claim('ann')).toMatchObject({ state: 'paid', amountMinor: 500 })
      expect(rig.find(rig.claimOf('ann'), rig.orderedIn(rig.claimOf('ann')))).toMatchObject({ amountMinor: 500 })
    },
  )

  test('EDT-1 who waits is promised nothing yet: the hold that comes of it costs what the SKU does then', () => {
    const rig = rigWith({ stock: 1, priceMinor: 500 })
    rig.buy('ann')
    rig.buy('bob')
    rig.edit({ priceMinor: 600 })
    rig.leave('ann')
    expect(rig.checkout('bob')).toMatchObject({ amountMinor: 600 })
  })

  test('EDT-1 an order that was declined, and goes on after all, is for what it was', () => {
    const rig = rigWith({ stock: 1, priceMinor: 500 })
    rig.buy('ann')
    rig.checkout('ann')
    const claim = rig.claimOf('ann')
    rig.settle(claim, 'declined')
    rig.delivered(claim)
    rig.edit({ priceMinor: 900 })
    expect(rig.settle(claim, 'paid')).toMatchObject({ state: 'refunding', amountMinor: 500 })
  })

  test('EDT-2 devices with a hold are told of the price, for the SKU has another one now', () => {
    const rig = rigWith({ stock: 2 })
    rig.buy('ann')
    rig.actor.broadcast(rig.now)
    rig.edit({ priceMinor: 1 })
    const [change] = rig.actor.broadcast(rig.now)?.skus ?? []
    expect(change).toMatchObject({ changed: [1, 1], settings: { priceMinor: 1 } })
  })

  test('EDT-3 as many prices as can be kept, and a former one again', () => {
    const rig = rigWith({ priceMinor: 1 })
    for (let priceMinor = 2; priceMinor <= 1_000; priceMinor++) expect(rig.edit({ priceMinor })).toHaveLength(1)
    expect(rig.edit({ priceMinor: 1_001 })).toBe('FORBIDDEN')
    expect(rig.edit({ priceMinor: 7 })).toHaveLength(1)
    rig.buy('ann')
    expect(rig.checkout('ann')).toMatchObject({ amountMinor: 7 })
  })
})

describe('limits and deadlines', () => {
  test('EDT-4 a lower limit is for claims from now on', () => {
    const rig = rigWith({ stock: 3, perUserMax: 2 })
    rig.buy('ann', { qty: 2 })
    rig.buy('bob', { qty: 2 })
    expect(rig.edit({ perUserMax: 1 })).toMatchObject([
      { before: 2, after: 1, effect: 'who has or waits for more keeps it (2 people now); claims from now on may bring one user to 1 unit' },
    ])
    expect(rig.buy('cat', { qty: 2 })).toBe('LIMIT_REACHED')
    rig.leave('ann')
    expect(rig.claim('bob')).toMatchObject({ state: 'held', qty: 2 })
    rig.checkout('bob')
    rig.settle(rig.claimOf('bob'), 'paid')
    expect(rig.buy('bob')).toBe('LIMIT_REACHED')
    rig.edit({ perUserMax: 3 })
    expect(rig.buy('bob')).toMatchObject({ state: 'held' })
  })

  test.each(['snapshot', 'journal'] as const)(
    'EDT-5 holds and orders keep their deadlines, and those from now on have others: %s',
    (how) => {
      const rig = rigWith({ stock: 3, holdTtlMs: 10_025, paymentTtlMs: 30_025 })
      rig.buy('ann')
      rig.checkout('ann')
      rig.buy('bob')
      rig.edit({ holdTtlMs: 3_025, paymentTtlMs: 5_025 })
      handOver(rig, how)
      rig.buy('cat')
      rig.pass(3_100)
      expect(rig.claim('cat')).toEqual({ state: 'expired' })
      rig.pass(3_000)
      expect(rig.claim('bob')).toMatchObject({ state: 'held' })
      rig.checkout('bob')
      rig.pass(5_100)
      expect([rig.claim('ann'), rig.claim('bob')]).toMatchObject([{ state: 'pending' }, { state: 'overdue' }])
    },
  )

  test('EDT-5 the follower learns the same of holds as its owner did', () => {
    const rig = rigWith({ stock: 20 })
    for (let i = 0; i < 6; i++) rig.buy(`user-${i}`)
    rig.edit({ holdTtlMs: 4_000 })
    for (let i = 6; i < 9; i++) rig.buy(`user-${i}`)
    for (const user of ['user-1', 'user-7']) rig.leave(user)
    rig.checkout('user-2')
    const flowOf = (actor: InventoryRig['actor']) => {
      const { flow } = actor.skus[0] ?? {}
      return [flow?.stepMs, flow?.held.total, flow?.ordered.total, flow?.save()]
    }
    const restored = new InventoryRig().actor
    for (const _ of restored.restore(rig.actor.save())) continue
    expect(flowOf(restored)).toEqual(flowOf(rig.actor))
    expect(flowOf(rig.replayed())).toEqual(flowOf(rig.actor))
    expect(flowOf(rig.actor).slice(0, 3)).toEqual([4_000 / 64, 6, 1])
  })

  test('EDT-6 the line takes so many, and gives out so many holds a second, from now on', () => {
    const rig = rigWith({ stock: 4, lineMax: 9 })
    rig.edit({ grantsPerSecond: 1 })
    rig.buy('ann')
    for (const user of ['bob', 'cat']) expect(rig.buy(user)).toMatchObject({ state: 'queued' })
    rig.edit({ lineMax: 2 })
    expect(rig.buy('dan')).toBe('LINE_FULL')
    rig.edit({ grantsPerSecond: 0 })
    rig.tick()
    expect([rig.claim('bob'), rig.claim('cat')]).toMatchObject([{ state: 'held' }, { state: 'held' }])
  })
})

describe('times', () => {
  test.each(['nobody new', 'snapshot', 'journal'] as const)('EDT-7 an opening can be moved while it has not come, both ways: %s', (how) => {
    const rig = rigWith({ opensAt: start + 10_025 })
    rig.edit({ opensAt: start + 20_025 })
    if (how !== 'nobody new') handOver(rig, how)
    rig.pass(15_000)
    expect(rig.status().state).toBe('scheduled')
    rig.edit({ opensAt: start + 16_025 })
    rig.pass(1_200)
    expect(rig.status().state).toBe('open')
    expect(rig.edit({ opensAt: start + 30_000 })).toBe('FORBIDDEN')
  })

  test.each(['nobody new', 'snapshot', 'journal'] as const)(
    'EDT-8 a sale closes by itself at its end, which can be moved and taken away: %s',
    (how) => {
      const rig = rigWith({ stock: 1, closesAt: start + 10_025 })
      rig.buy('ann')
      rig.buy('bob')
      rig.edit({ closesAt: start + 5_025 })
      rig.edit({ closesAt: start + 8_025 })
      if (how !== 'nobody new') handOver(rig, how)
      rig.pass(6_000)
      expect(rig.status().state).toBe('open')
      rig.edit({ closesAt: null })
      rig.pass(3_000)
      expect(rig.status().state).toBe('open')
      expect(rig.edit({ closesAt: rig.now })).toBe('FORBIDDEN')
      rig.edit({ closesAt: rig.now + 1_000 })
      if (how !== 'nobody new') handOver(rig, how)
      rig.pass(1_100)
      expect(rig.status().state).toBe('closed')
      expect(rig.claim('bob')).toEqual({ state: 'soldout' })
      expect(rig.claim('ann')).toEqual({ state: 'expired' })
    },
  )

  test('EDT-7 the opening of a draw stays, for it has been announced', () => {
    const rig = new DrawRig()
    expect(rig.edit({ opensAt: start + 20_025 })).toBe('FORBIDDEN')
    expect(rig.edit({ priceMinor: 5 })).toHaveLength(1)
  })
})

describe('one outcome', () => {
  test('EDT-9 a preview says the same as the change, and changes nothing', () => {
    const rig = rigWith({ stock: 3, priceMinor: 500 })
    for (const user of ['ann', 'bob', 'cat', 'dan']) rig.buy(user)
    rig.checkout('cat')
    const edit = { priceMinor: 450, title: 'Boot' }
    const journaled = rig.journal.length
    const would = rig.edit(edit, { preview: true })
    expect(rig.journal.length).toBe(journaled)
    expect(settingsIn(rig)).toMatchObject({ priceMinor: 500, title: 'Shoe' })
    expect(would).toEqual([
      {
        ...{ sku: 'shoe', setting: 'priceMinor', before: 500, after: 450 },
        effect:
          '2 open holds keep EUR 5.00, 1 pending order keeps the amount that was promised; holds from now on, also of people in line, cost EUR 4.50',
      },
      { sku: 'shoe', setting: 'title', before: 'Shoe', after: 'Boot', effect: 'what pages show; no claim changes' },
    ])
    expect(rig.edit(edit)).toEqual(would)
    expect(settingsIn(rig)).toMatchObject({ priceMinor: 450, title: 'Boot' })
    expect(rig.edit(edit)).toEqual([])
  })

  test('EDT-9 a late copy takes nothing back', () => {
    const rig = rigWith({ priceMinor: 500 })
    rig.edit({ priceMinor: 400 }, { request: 'r1' })
    rig.edit({ priceMinor: 300 }, { request: 'r2' })
    expect(rig.edit({ priceMinor: 400 }, { request: 'r1' })).toEqual([])
    handOver(rig, 'journal')
    expect(rig.edit({ priceMinor: 400 }, { request: 'r1' })).toEqual([])
    expect(settingsIn(rig).priceMinor).toBe(300)
  })

  test('EDT-9 nothing changes under another sale, and of a closed sale only what is shown and what becomes of refunds', () => {
    const rig = rigWith()
    expect(rig.edit({ title: 'T' }, { sale: 'other' })).toBe('FORBIDDEN')
    rig.setPhase('closed')
    expect(rig.edit({ priceMinor: 1 })).toBe('FORBIDDEN')
    expect(rig.edit({ title: 'T', refundRestocks: true })).toHaveLength(2)
  })
})
