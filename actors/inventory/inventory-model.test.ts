import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import { incarnation, InventoryRig, settingsOf, short, start } from '../testing/inventory-rig.ts'
import { PlainSku } from '../testing/plain-sku.ts'
import { askOf, type RigCall, rigCall } from '../testing/rig-calls.ts'
import { finish } from '../work.ts'
import { InventoryActor } from './inventory-actor.ts'

type Settings = Parameters<typeof settingsOf>[0]

type Step =
  | { readonly do: 'batch'; readonly calls: readonly RigCall[] }
  | { readonly do: 'pass'; readonly ms: number }
  /** `from` 0 replays everything; 1 starts from a snapshot of the very end; between, from a snapshot that was taken on the way. */
  | { readonly do: 'recover'; readonly from: number; readonly downMs: number }

const call = rigCall({
  user: fc.constantFrom('ann', 'bob', 'cat', 'dan', 'eve', 'fay', 'gus', 'hal'),
  claim: fc.integer({ min: 0, max: 14 }),
  request: fc.constantFrom('', '', 'r1', 'r2', 'r3'),
  isLost: fc.constantFrom(false, false, false, true),
})

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('batch' as const), calls: fc.array(call, { minLength: 1, maxLength: 4 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(50, 100, 500, 2_000, 2_050, 4_050, 20_000, 120_000) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('recover' as const),
      from: fc.constantFrom(0, 0.3, 0.7, 1),
      downMs: fc.constantFrom(0, 1_000, 50_000),
    }),
  },
)

const settings: fc.Arbitrary<Settings> = fc.record({
  stock: fc.integer({ min: 0, max: 6 }),
  perUserMax: fc.integer({ min: 1, max: 3 }),
  lineMax: fc.constantFrom(0, 2, 100),
  usersMax: fc.constantFrom(4, 100),
  grantsPerSecond: fc.constantFrom(0, 0, 1, 4, 20),
  opensAt: fc.constantFrom(0, 0, start + 1_025),
  holdTtlMs: fc.constant(2_025),
  paymentTtlMs: fc.constant(4_025),
})

/** An order that a store has lost has the number of another one, and was ordered in an epoch that nobody knows. */
function orderedIn(one: RigCall, model: PlainSku): (claim: number) => string {
  return (claim) => (one.do === 'settle' && one.isLost === true ? `${incarnation}lost` : model.orderedInOf(claim))
}

function modelAnswer(model: PlainSku, one: RigCall): Plain {
  switch (one.do) {
    case 'buy':
      return model.buy(one.user, one.qty, one.request)
    case 'leave':
    case 'claim':
    case 'checkout':
      return model[one.do](one.user)
    case 'settle':
      return model.settle(one.claim, one.outcome, orderedIn(one, model)(one.claim))
    case 'cancel':
      return model.cancel(one.user, one.claim, model.orderedInOf(one.claim))
    case 'phase':
      return model.setPhase(one.phase)
    case 'restock':
      return model.restock(one.units, one.request)
    case 'delivered':
      return null
  }
}

/** The actor and the model side by side, with the laws that hold after every batch. */
class SideBySide {
  readonly rig = new InventoryRig()
  private readonly model: PlainSku
  private readonly perUserMax: number
  private readonly aheads = new Map<number, number>()
  private readonly snapshots: { readonly at: number; readonly chunks: readonly Uint8Array[] }[] = []

  constructor(overrides: Settings) {
    const made = settingsOf(overrides)
    this.perUserMax = made.perUserMax
    this.model = new PlainSku(made)
    this.rig.ask({ op: 'configure', payload: { settings: made, incarnation } })
    this.tickModel()
    this.pass(50)
  }

  run(one: Step): void {
    if (one.do === 'pass') this.pass(one.ms)
    else if (one.do === 'recover') this.recover(one.from, one.downMs)
    else this.batch(one.calls)
    this.checkLaws()
    if (this.rig.journal.length % 3 === 0) this.snapshots.push({ at: this.rig.journal.length, chunks: this.rig.actor.save() })
  }

  private batch(calls: readonly RigCall[]): void {
    const { rig, model } = this
    const answers = rig.batch(calls.map((one) => askOf(one, orderedIn(one, model)))).map(short)
    model.now = rig.now
    const expected = calls.map((one) => modelAnswer(model, one))
    this.model.tick()
    expect(answers).toEqual(expected)
  }

  private pass(ms: number): void {
    this.rig.pass(ms)
    this.tickModel()
  }

  private recover(from: number, downMs: number): void {
    const before = this.rig.actor.digest()
    const { rig } = this
    const taken =
      from === 1 ? { at: rig.journal.length, chunks: rig.actor.save() } : this.snapshots[Math.floor(from * this.snapshots.length)]
    const snapshot = from === 0 ? undefined : taken
    const rebuilt = new InventoryActor(0)
    if (snapshot !== undefined) finish(rebuilt.restore(snapshot.chunks))
    expect(rig.replayed(snapshot?.at ?? 0, rebuilt).digest(), 'replay gives the owner’s state').toBe(before)

    const gapMs = rig.recover(snapshot?.chunks, snapshot?.at ?? 0, downMs)
    this.model.now = rig.now
    this.model.recovered(gapMs, rig.epoch)
    rig.pass(0)
    this.tickModel()
  }

  private tickModel(): void {
    this.model.now = this.rig.now
    this.model.tick()
  }

  private checkLaws(): void {
    const { rig, model } = this
    const { state, ...numbers } = rig.status()
    const [available, held, ordered, sold] = model.counters
    expect({ state, ...numbers }).toEqual({ state: model.phase, available, held, ordered, sold, waiting: model.line.length })
    expect(Math.min(available, held, ordered, sold), 'no counter is negative').toBeGreaterThanOrEqual(0)
    expect(numbers.available + numbers.held + numbers.ordered + numbers.sold, 'units are conserved').toBe(model.units)

    const line = rig.people()
    expect(line.map((one) => [one.user, one.qty, one.ticket])).toEqual(model.line.map((one) => [one.user, one.qty, one.number]))
    for (const { ticket, ahead } of line) {
      expect(ahead, `position of ticket ${ticket}`).toBeLessThanOrEqual(this.aheads.get(ticket) ?? ahead)
      this.aheads.set(ticket, ahead)
    }

    const liveOf = new Map<string, number>()
    for (const report of rig.reportsOfClaims(model.claims.length)) {
      if (!['queued', 'held', 'pending', 'overdue', 'refunding'].includes(report.state.state)) continue
      expect(liveOf.has(report.user), `${report.user} has two live claims`).toBe(false)
      const qty = model.claims[report.claim - 1]?.qty ?? 0
      liveOf.set(report.user, qty)
      expect(qty + model.bought(report.user), `the limit of ${report.user}`).toBeLessThanOrEqual(this.perUserMax)
    }
  }

  /** Whoever reads the whole journal, or any snapshot and the rest of it, comes to the same state. */
  checkReplay(): void {
    const digest = this.rig.actor.digest()
    expect(this.rig.replayed().digest()).toBe(digest)
    for (const { at, chunks } of this.snapshots) {
      const restored = new InventoryActor(0)
      finish(restored.restore(chunks))
      expect(this.rig.replayed(at, restored).digest()).toBe(digest)
    }
  }
}

function expectSideBySide(overrides: Settings, steps: readonly Step[]): void {
  const both = new SideBySide(overrides)
  for (const one of steps) both.run(one)
  both.checkReplay()
}

test('INV-70 a SKU does what its rules say, through any calls, times and changes of owner, and its laws hold after every batch', () => {
  const runs = Number(process.env['SLUICE_MODEL_RUNS'] ?? 300)
  fc.assert(
    fc.property(settings, fc.array(step, { maxLength: 60, size: 'max' }), (overrides, steps) => expectSideBySide(overrides, steps)),
    { numRuns: runs },
  )
})

const plain: Settings = {
  stock: 1,
  perUserMax: 1,
  lineMax: 0,
  usersMax: 4,
  grantsPerSecond: 0,
  opensAt: 0,
  holdTtlMs: 2_025,
  paymentTtlMs: 4_025,
}

test.each<{ readonly name: string; readonly settings: Settings; readonly steps: readonly Step[] }>([
  {
    name: 'word of a delivered end does not put an open order away',
    settings: plain,
    steps: [
      { do: 'batch', calls: [{ do: 'buy', user: 'bob', qty: 1, request: '' }] },
      { do: 'batch', calls: [{ do: 'checkout', user: 'bob' }] },
      { do: 'batch', calls: [{ do: 'delivered', claim: 1 }] },
      { do: 'batch', calls: [{ do: 'settle', claim: 1, outcome: 'paid' }] },
    ],
  },
  {
    name: 'a refused request that is repeated with another quantity keeps its first refusal',
    settings: plain,
    steps: [
      { do: 'batch', calls: [{ do: 'buy', user: 'bob', qty: 1, request: '' }] },
      { do: 'batch', calls: [{ do: 'phase', phase: 'closed' }] },
      { do: 'pass', ms: 20_000 },
      { do: 'batch', calls: [{ do: 'buy', user: 'bob', qty: 1, request: 'r2' }] },
      { do: 'batch', calls: [{ do: 'buy', user: 'bob', qty: 3, request: 'r2' }] },
      { do: 'batch', calls: [{ do: 'buy', user: 'bob', qty: 1, request: 'r2' }] },
    ],
  },
])('INV-71 found by chance once: $name', ({ settings: overrides, steps }) => expectSideBySide(overrides, steps))
