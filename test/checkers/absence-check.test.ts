import { expect, test } from 'vitest'
import { writeConfigured, writePhaseSet } from '../../actors/inventory/events.ts'
import { writeAttached, writeDetached } from '../../actors/session/session-events.ts'
import { type Forge, forged, hold, numbered, ticket } from '../../actors/testing/forged-records.ts'
import { incarnation, settingsOf } from '../../actors/testing/inventory-rig.ts'
import type { ShardName } from '../../cluster/store.ts'
import { AbsenceCheck } from './absence-check.ts'
import { Findings } from './findings.ts'
import { LiveBooks } from './live-books.ts'

const absenceMs = 4_000
const recordsBegin = 1_000_000

/** A SKU whose only unit is held, with Ann behind, who has one gateway: records become durable one by one. */
class Story {
  now = 0
  back = 0
  private readonly findings = new Findings(() => this.now)
  private readonly books = new LiveBooks({ now: () => this.now, complain: () => {} })
  private readonly check = new AbsenceCheck({
    books: this.books,
    complain: this.findings.complain,
    now: () => this.now,
    timeOf: (recordNow) => recordNow - recordsBegin,
    slackMs: 500,
    decidedWithinMs: 2_000,
    endsWithinMs: 3_000,
    onBack: () => this.back++,
  })
  private readonly seqs = new Map<ShardName, number>()
  private readonly at = { epoch: 1, seq: 1 }

  constructor() {
    const settings = settingsOf({ stock: 1, absenceMs })
    this.add(
      'inv.0',
      (record) => writeConfigured(record, 0, { settings, incarnation }),
      (record) => writePhaseSet(record, 0, 1),
    )
    this.add('inv.0', hold(1, 'zoe'), ticket(2, 'ann'))
  }

  add(shard: ShardName, ...events: readonly Forge[]): this {
    const seq = this.seqs.get(shard) ?? 0
    if (seq === 0) this.books.applied(shard, { epoch: 1, seq: 0 }, new Uint8Array(0))
    this.books.applied(shard, { epoch: 1, seq: seq + 1 }, forged(events, recordsBegin + this.now))
    this.seqs.set(shard, seq + 1)
    this.check.applied(shard)
    return this
  }

  attach(gateway = 'gw1'): this {
    return this.add('ses.0', (record) => writeAttached(record, this.at, 'ann', gateway))
  }

  detach(gateway = 'gw1'): this {
    return this.add('ses.0', (record) => writeDetached(record, this.at, 'ann', gateway))
  }

  absent(): this {
    return this.add('inv.0', numbered('absent', 2))
  }

  pass(ms: number): this {
    this.now += ms
    return this
  }

  /** Looks every second, as the simulation does, while a device of Ann listens or none does. */
  calm(ms: number, connectedSince?: number): this {
    for (const until = this.now + ms; this.now < until; this.now += 1_000)
      this.check.look([{ who: 'ann shoe', user: 'ann', sku: 'shoe', told: undefined, connectedSince }])
    return this
  }

  lose(shard: ShardName): this {
    this.check.lost(shard)
    return this
  }

  get problems(): string[] {
    return this.findings.problems.map(({ promise, what }) => `${promise} ${what}`)
  }
}

const left = (): Story => new Story().attach().pass(1_000).detach()

test('CHK-7 places that end when their users have been gone for long enough are taken', () => {
  expect(left().pass(absenceMs).absent().problems).toEqual([])
  expect(
    left()
      .pass(absenceMs + 100)
      .attach()
      .pass(1_500)
      .absent().problems,
  ).toEqual([])
  expect(new Story().attach().attach('gw2').detach().pass(100).detach('gw2').pass(absenceMs).absent().problems).toEqual([])
})

test('CHK-7 who comes back in time is counted, and who leaves without a place is not', () => {
  expect(left().pass(2_000).attach().back).toBe(1)
  expect(left().pass(absenceMs).absent().attach().back).toBe(0)
})

test.each<[string, () => Story, string]>([
  ['of whom nobody knows that they are gone', () => new Story().pass(9_000).absent(), 'never known to be gone'],
  ['who are there', () => new Story().attach().pass(9_000).absent(), 'never known to be gone'],
  [
    'who are there with another device',
    () => new Story().attach().attach('gw2').pass(10).detach().pass(9_000).absent(),
    'never known to be gone',
  ],
  [
    'who left not so long ago',
    () =>
      left()
        .pass(absenceMs - 600)
        .absent(),
    'gone for 3400 of 4000 ms',
  ],
  ['who came back in time', () => left().pass(2_000).attach().pass(1_900).absent(), 'gone for 2000 of 4000 ms'],
  ['who have been back for long', () => left().pass(5_000).attach().pass(2_100).absent(), 'has been back for 2100 ms'],
  ['whom a session has forgotten, and who listen', () => left().calm(9_000, -1).absent(), 'who is connected'],
])('CHK-8 places that end of people %s are found', (_, tell, problem) => {
  expect(tell().problems).toEqual([expect.stringContaining(problem)])
})

test('CHK-8 places that do not end although their users are known to be gone are found, once', () => {
  expect(left().calm(1.5 * absenceMs + 3_000).problems).toEqual([])
  expect(left().calm(30_000).problems).toEqual([expect.stringMatching(/^G2 shoe 2 ann still waits/)])
  expect(new Story().calm(30_000).problems).toEqual([])
  expect(left().attach().calm(30_000).problems).toEqual([])
})

test('CHK-6 of users of whom a store has lost something nothing is said', () => {
  expect(new Story().attach().pass(1_000).lose('ses.0').pass(100).absent().problems).toEqual([])
  expect(left().lose('ses.0').calm(30_000).problems).toEqual([])
})
