import { expect, test } from 'vitest'
import { type Forge, forged, hold, numbered, open, ticket } from '../../actors/testing/forged-records.ts'
import { frameKind } from '../../protocol/frame.ts'
import type { StoreChange } from '../simulation/store/store-change.ts'
import { RunChecks } from './run-checks.ts'
import { held, orderId, queued } from './told-words.ts'

const bounds = { excuseMs: 1_000, pictureMsMax: 300, freshWithinMs: 2_000, clockSlackMs: 0 }
const anonymousAnswer = Uint8Array.of(1, frameKind.answers, 1, 0, ...new Uint8Array(14), 5, 0, 0, 0, 0x94, 1, 0, 0xc0, 0xc0)

/** A run whose store takes a record of these events every second. */
class Run {
  now = 0
  readonly checks = new RunChecks(() => this.now, bounds)
  private seq = 0

  constructor(...events: readonly Forge[]) {
    this.apply({ kind: 'claim', shard: 'inv.0', epoch: 1, owner: 'a' })
    this.apply({ kind: 'open', shard: 'inv.0', position: { epoch: 1, seq: 0 }, bytes: new Uint8Array(0) })
    this.record(open, ...events)
  }

  record(...events: readonly Forge[]): void {
    this.now += 1_000
    const position = { epoch: 1, seq: ++this.seq }
    this.apply({ kind: 'append', shard: 'inv.0', position, bytes: forged(events, 1_000_000 + this.now) })
  }

  apply(change: StoreChange): void {
    this.checks.storeObserver.onApplied({ ...change, at: this.now, by: 'test' })
  }

  loseLast(): void {
    const position = { epoch: 1, seq: this.seq }
    this.checks.storeObserver.onLost([{ kind: 'append', shard: 'inv.0', position, bytes: new Uint8Array(0), at: this.now, by: 'test' }])
  }

  device(name = 'a.1') {
    return this.checks.device(name, { user: 'a', sku: 'shoe', holdTtlMs: 10_000 })
  }

  get promises(): string[] {
    return this.checks.findings.problems.map(({ promise }) => promise)
  }
}

test.each<readonly [string, (run: Run) => void, readonly string[]]>([
  ['a unit given out twice', (run) => run.record(hold(1, 'a', 2), hold(2, 'b')), ['G1']],
  ['an order for more than one may have', (run) => run.record(hold(1, 'a', 3)), ['G11', 'G11', 'G1']],
  ['two claims', (run) => run.record(hold(1, 'a'), hold(2, 'a')), ['G4', 'G4']],
  ['an epoch that two have', (run) => run.apply({ kind: 'claim', shard: 'inv.0', epoch: 1, owner: 'b' }), ['G5']],
  ['an answer to nobody', (run) => run.checks.sent('node', 'gw', anonymousAnswer), ['G3']],
  [
    'an order in the queue that is none',
    (run) =>
      run.checks.queuePut('node', 'x/pending/1.1', {
        ...{ user: 'a', qty: 1, amountMinor: 1, currency: 'EUR', payment: '', kind: 'charge' },
        order: orderId(1),
      }),
    ['G3'],
  ],
  ['a hold that nobody asked for', (run) => run.device().told(held(1)), ['G4']],
  [
    'two claims for a request',
    (run) => {
      const device = run.device()
      device.asks('buy', { requestId: 'r1' }).answered(held(1))
      device.told({ state: 'none' })
      device.asks('buy', { requestId: 'r1' }).answered(held(2))
    },
    ['G7', 'G4'],
  ],
  ['sold out too early', (run) => run.device().asks('buy', { requestId: 'r1' }).refused('SOLD_OUT'), ['G2']],
  [
    'an old place',
    (run) => {
      const device = run.device()
      device.connectedSince = 0
      run.record(hold(1, 'b', 2), ticket(2, 'c'), ticket(3, 'a'))
      device.asks('buy').answered(queued(3, 1))
      run.record(numbered('left', 2))
      run.checks.look()
      run.now += 3_000
      run.checks.look()
    },
    ['G10'],
  ],
  [
    'a run that leaves everything open',
    (run) => {
      run.record(hold(1, 'a'))
      run.device().asks('buy')
      run.checks.atEnd([{ name: 'mailbox', value: 1, max: 0 }], [{ order: 'shoe:inc1:7', chargedMinor: 5, refundedMinor: 0 }])
    },
    ['G2', 'G9', 'G9', 'G8'],
  ],
  [
    'a claim that the journal never had',
    (run) => {
      run.device().asks('buy', { requestId: 'r1' }).answered(held(9))
      run.checks.atEnd([], [])
    },
    ['G4'],
  ],
  [
    'what was said of a record that is lost, and nothing else',
    (run) => {
      run.record(hold(1, 'a'))
      const device = run.device()
      device.asks('buy', { requestId: 'r1' }).answered(held(1))
      run.loseLast()
      device.asks('claim').answered({ state: 'none' })
      run.now += 5_000
      run.checks.atEnd([], [])
      device.asks('claim').answered({ state: 'none' })
      device.asks('claim').answered(held(1))
    },
    ['G7'],
  ],
])('CHK-8 the checks of a run find %s', (_, happens, promises) => {
  const run = new Run()
  happens(run)
  expect(run.promises).toEqual(promises)
})
