import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { shardSubject } from '../../protocol/subject.ts'
import { LimitedShop, type Units } from '../testing/limited-shop.ts'

const skus = ['shoe', 'sock', 'hat']
const none = { shoe: 0, sock: 0, hat: 0 }
/** Longer than it takes to ask what became of a reservation, and again if that was lost. */
const settledMs = 30_000

let shop: LimitedShop

beforeEach(async () => {
  shop = await LimitedShop.open(skus, 2)
})

describe('a limit over several SKUs', () => {
  it('LIM-10 leaves no more than the limit, whatever the SKU, and counts what is only reserved', async () => {
    expect(await shop.buy('ann', 'shoe', 'r1')).toMatchObject({ state: 'held' })
    expect(await shop.reserve('ann', 'sock')).toEqual({ number: 2, qty: 1 })
    expect(await shop.counts('ann')).toEqual({ shoe: 1, sock: 1, hat: 0 })
    expect(await shop.buy('ann', 'hat', 'r3')).toBe('LIMIT_REACHED')
    expect(await shop.buy('bob', 'hat', 'r1', 2)).toMatchObject({ state: 'held' })
  })

  it('LIM-11 a repeat gets what the call got, also when the limit leaves nothing any more', async () => {
    const held = await shop.buy('ann', 'shoe', 'r1')
    await shop.buy('ann', 'sock', 'r2')
    expect(await shop.buy('ann', 'shoe', 'r1')).toEqual(held)
    await shop.leave('ann', 'shoe')
    await shop.world.pass(200)
    expect(await shop.buy('ann', 'hat', 'r3')).toMatchObject({ state: 'held' })
    expect(await shop.buy('ann', 'shoe', 'r1')).toEqual({ state: 'none' })
    expect(await shop.buy('ann', 'shoe', 'r4')).toBe('LIMIT_REACHED')
  })

  it('LIM-12 another call for the same SKU is told of the claim that there is', async () => {
    const held = await shop.buy('ann', 'shoe', 'r1')
    expect(await shop.buy('ann', 'shoe', 'r2', 2)).toEqual(held)
    expect(await shop.counts('ann')).toEqual({ ...none, shoe: 1 })
    await shop.leave('ann', 'shoe')
    await shop.world.pass(200)
    // A copy of the call that was told of it begins none of its own.
    expect(await shop.buy('ann', 'shoe', 'r2')).toEqual({ state: 'none' })
  })

  it('LIM-6 what ends is given back, and what is paid is not', async () => {
    const given = { ...none, sock: 1 }
    await shop.buy('ann', 'sock', 'r0')
    await shop.buy('ann', 'shoe', 'r1')
    await shop.leave('ann', 'shoe')
    await shop.world.pass(200)
    expect(await shop.counts('ann')).toEqual(given)
    await shop.buy('ann', 'shoe', 'r2')
    await shop.checkout('ann', 'sock')
    await shop.world.pass(4_000)
    expect(await shop.counts('ann')).toEqual(given)
    const order = await shop.checkout('ann', 'sock')
    await shop.settle('sock', orderOf(order), 'paid')
    await shop.world.pass(settledMs)
    expect(await shop.counts('ann')).toEqual(given)
    await shop.buy('ann', 'shoe', 'r3')
    await shop.settle('shoe', orderOf(await shop.checkout('ann', 'shoe')), 'declined')
    await shop.world.pass(200)
    expect(await shop.counts('ann')).toEqual(given)
  })

  it('LIM-4 what is refused is given back at once', async () => {
    const other = await LimitedShop.open(['shoe'], 2, { stock: 1 })
    await other.buy('ann', 'shoe', 'r1')
    await other.settle('shoe', orderOf(await other.checkout('ann', 'shoe')), 'paid')
    expect(await other.buy('bob', 'shoe', 'r1')).toBe('SOLD_OUT')
    await other.world.pass(200)
    expect(await other.counts('bob')).toEqual({ shoe: 0 })
  })

  it('LIM-17 what ended is told until the session has heard it', async () => {
    await shop.buy('ann', 'shoe', 'r1')
    shop.bus.lose(shardSubject('ses', 0), true)
    await shop.leave('ann', 'shoe')
    await shop.world.pass(2_000)
    shop.bus.lose(shardSubject('ses', 0), false)
    expect(await shop.counts('ann')).toEqual({ ...none, shoe: 1 })
    await shop.world.pass(settledMs)
    expect(await shop.counts('ann')).toEqual(none)
  })

  it('LIM-14 asks what became of a reservation when nobody says, also as a new owner, and nothing begins with it any more', async () => {
    const reserved = await shop.reserve('ann', 'shoe')
    await shop.takeOver('ses')
    await shop.world.pass(settledMs)
    expect(await shop.counts('ann')).toEqual(none)
    expect(await shop.buyWith('ann', 'shoe', reserved, 'r1')).toBe('BUSY')
    expect(await shop.buy('ann', 'shoe', 'r1')).toMatchObject({ state: 'held' })
  })

  it('LIM-23 an order whose money goes back counts no more, long before it has gone back', async () => {
    await shop.buy('ann', 'shoe', 'r1', 2)
    const order = orderOf(await shop.checkout('ann', 'shoe'))
    await shop.world.pass(200)
    expect(await shop.counts('ann')).toEqual({ ...none, shoe: 2 })
    expect(await shop.cancel('ann', 'shoe', order)).toMatchObject({ state: 'refunding' })
    await shop.world.pass(200)
    expect(await shop.counts('ann')).toEqual(none)
    expect(await shop.buy('ann', 'hat', 'r2', 2)).toMatchObject({ state: 'held' })
    // It is still the claim that there is of its SKU.
    expect(await shop.claim('ann', 'shoe')).toMatchObject({ state: 'refunding' })
    // Whatever comes of the money: the units are not hers again.
    expect(await shop.settle('shoe', order, 'paid')).toMatchObject({ state: 'refunding' })
    expect(await shop.settle('shoe', order, 'refunded')).toMatchObject({ state: 'refunded' })
    await shop.world.pass(200)
    expect(await shop.counts('ann')).toEqual({ ...none, hat: 2 })
  })

  it('LIM-15 counts for as long as the SKU does not say what became of it', async () => {
    await shop.reserve('ann', 'shoe', 2)
    shop.bus.lose(shardSubject('inv', 0), true)
    await shop.world.pass(settledMs)
    expect(await shop.counts('ann')).toEqual({ ...none, shoe: 2 })
    expect(await shop.reserve('ann', 'hat')).toEqual({ number: 0, qty: 0 })
    shop.bus.lose(shardSubject('inv', 0), false)
    await shop.world.pass(settledMs)
    expect(await shop.counts('ann')).toEqual(none)
  })
})

type Deed = 'buy' | 'reserve' | 'leave' | 'cancel' | Settled
type Settled = 'paid' | 'declined' | 'refunded' | 'absent' | 'refused'
type Step =
  | { readonly do: Deed; readonly user: string; readonly sku: string; readonly qty: number }
  | { readonly do: 'takeOver' | 'deafen' | 'hear'; readonly kind: 'inv' | 'ses' }
  | { readonly do: 'pass'; readonly ms: number }

const user = fc.constantFrom('ann', 'bob', 'cyd')
const sku = fc.constantFrom(...skus)
const kind = fc.constantFrom('inv' as const, 'ses' as const)
const deed = fc.constantFrom<Deed[]>(
  ...([
    'buy',
    'buy',
    'buy',
    'buy',
    'buy',
    'reserve',
    'leave',
    'cancel',
    'paid',
    'paid',
    'paid',
    'declined',
    'refunded',
    'absent',
    'refused',
  ] as const),
)
const trouble = fc.constantFrom('takeOver' as const, 'takeOver' as const, 'deafen' as const, 'hear' as const)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: deed, user, sku, qty: fc.constantFrom(1, 1, 2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(50, 300, 1_200, 4_000) }) },
  { weight: 2, arbitrary: fc.record({ do: trouble, kind }) },
)

describe('through any calls, losses and changes of owner', () => {
  it('LIM-16 nobody has more than the limit, sessions never count less than there is, and in the end no more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        await expectKept(steps)
      }),
      { numRuns: 25 },
    )
  })

  it('LIM-16 an order that was declined and is paid after all', async () => {
    const shoe = { user: 'ann', sku: 'shoe', qty: 1 }
    // Its user buys to the limit meanwhile, or does not.
    const others: readonly Step[] = [
      { do: 'pass', ms: 300 },
      { do: 'buy', user: 'ann', sku: 'hat', qty: 2 },
      { do: 'buy', user: 'ann', sku: 'sock', qty: 1 },
    ]
    for (const between of [[], others])
      await expectKept([{ do: 'buy', ...shoe }, { do: 'declined', ...shoe }, ...between, { do: 'paid', ...shoe }, { do: 'pass', ms: 300 }])
  })
})

/** The limit is 3, and holds at every step; in the end sessions count what there is. */
async function expectKept(steps: readonly Step[]): Promise<void> {
  const run = await LimitedShop.open(skus, 3, { stock: 6 })
  let request = 0
  for (const one of steps) {
    await take(run, one, `r${++request}`)
    for (const kinds of ['inv', 'ses'] as const) if (one.do === 'pass') run.bus.lose(shardSubject(kinds, 0), false)
    for (const name of ['ann', 'bob', 'cyd']) await expectHeld(run, name)
  }
  for (const kinds of ['inv', 'ses'] as const) run.bus.lose(shardSubject(kinds, 0), false)
  await run.world.pass(settledMs)
  for (const name of ['ann', 'bob', 'cyd']) expect(await run.counts(name)).toEqual(await run.has(name))
}

async function expectHeld(run: LimitedShop, name: string): Promise<void> {
  const has = await run.has(name)
  expect(sum(has)).toBeLessThanOrEqual(3)
  const counts = await run.counts(name)
  for (const [one, units] of Object.entries(counts)) expect(units).toBeGreaterThanOrEqual(has[one] ?? 0)
}

async function take(run: LimitedShop, one: Step, request: string): Promise<void> {
  switch (one.do) {
    case 'buy':
      await run.buy(one.user, one.sku, request, one.qty)
      return
    case 'reserve':
      await run.reserve(one.user, one.sku, one.qty)
      return
    case 'leave':
      await run.leave(one.user, one.sku)
      return
    case 'cancel': {
      const order = await run.checkout(one.user, one.sku)
      if (typeof order !== 'string') await run.cancel(one.user, one.sku, orderOf(order))
      return
    }
    case 'paid':
    case 'declined':
    case 'refunded':
    case 'absent':
    case 'refused': {
      const order = await run.checkout(one.user, one.sku)
      if (typeof order !== 'string') await run.settle(one.sku, orderOf(order), one.do)
      return
    }
    case 'takeOver':
      return run.takeOver(one.kind)
    case 'deafen':
    case 'hear':
      run.bus.lose(shardSubject(one.kind, 0), one.do === 'deafen')
      return
    case 'pass':
      await run.world.pass(one.ms)
  }
}

function sum(units: Units): number {
  return Object.values(units).reduce((total, one) => total + one, 0)
}

/** The id in what a checkout answered. */
function orderOf(answer: unknown): string {
  return typeof answer === 'object' && answer !== null && 'order' in answer ? String(answer.order) : ''
}
