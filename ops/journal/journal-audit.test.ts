import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { eventKind, writePhaseSet, writeResumedBy } from '../../actors/inventory/events.ts'
import type { RecordWriter } from '../../actors/record.ts'
import {
  chain,
  declined,
  edit,
  forged,
  forgedUnits,
  grant,
  hold,
  holdUntil,
  numbered,
  open,
  order,
  overdue,
  paid,
  phase,
  refunded,
  refunding,
  restock,
  sealed,
  settle,
  ticket,
  type Forge,
} from '../../actors/testing/forged-records.ts'
import { InventoryRig, settingsOf } from '../../actors/testing/inventory-rig.ts'
import { rigStep, rigUsers, takeStep } from '../../actors/testing/rig-steps.ts'
import type { ArchiveRecord } from '../../cluster/store.ts'
import { auditJournal, type JournalReport } from './journal-audit.ts'
import type { LedgerClaim } from './ledger-claim.ts'

test('AUD-1 the books that the audit keeps from the journal are those of the actor that wrote it, whatever happened', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 5 }), fc.array(rigStep, { maxLength: 60, size: 'max' }), async (stock, steps) => {
      const rig = new InventoryRig()
      rig.configure(settingsOf({ stock }))
      for (const one of steps) takeStep(rig, one)
      const { report, claims } = await audit(rig.archive())
      expect(report.problems).toEqual([])
      const [books] = report.skus
      const { state, ...numbers } = rig.status()
      expect({ ...books, ...numbers, phase: state }).toEqual(books)
      const told = new Map(claims.map((claim) => [claim.user, claim.state]))
      for (const person of rig.people()) expect(told.get(person.user)).toBe('queued')
    }),
    { numRuns: 200 },
  )
})

test('AUD-2 what became of every claim is listed, in the order of the tickets', async () => {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 1 }))
  for (const name of rigUsers) rig.buy(name)
  rig.leave('cat')
  rig.checkout('ann')
  rig.settle(1, 'declined')
  rig.checkout('bob')
  rig.settle(2, 'paid')
  const { report, claims } = await audit(rig.archive())
  expect(claims.map(({ user: name, claim, state }) => [name, claim, state])).toEqual([
    ['ann', 1, 'declined'],
    ['bob', 2, 'paid'],
    ['cat', 3, 'left'],
    ['dan', 4, 'soldout'],
    ['eve', 5, 'soldout'],
    ['fay', 6, 'soldout'],
  ])
  expect(report).toMatchObject({
    shards: 1,
    epochs: 1,
    problemCount: 0,
    skus: [{ sku: 'shoe', units: 1, available: 0, held: 0, ordered: 0, sold: 1, waiting: 0, claims: 6, users: 6 }],
  })
})

const second = { epoch: 7, seq: 2 }

test.each<{ readonly name: string; readonly spoil: (records: ArchiveRecord[]) => ArchiveRecord[]; readonly problem: string }>([
  {
    name: 'a missing record',
    spoil: (all) => all.filter(({ position }) => position.seq !== 2),
    problem: 'comes after 7-1: something between them is missing',
  },
  { name: 'a missing opening', spoil: (all) => all.slice(1), problem: 'is the first, but its predecessors are missing' },
  {
    name: 'a new epoch without its opening',
    spoil: (all) => all.map((one) => moved(one, 3, { epoch: 8, seq: 1 })),
    problem: 'comes after 7-2: something between them is missing',
  },
  {
    name: 'an older epoch',
    spoil: (all) => [...all, { position: { epoch: 6, seq: 0 }, bytes: new Uint8Array(0), trimmed: false }],
    problem: 'something between them is missing',
  },
  {
    name: 'an opening with content',
    spoil: (all) => all.map((one) => (one.position.seq === 0 ? { ...one, bytes: Uint8Array.of(1) } : one)),
    problem: 'opens an epoch and yet has content',
  },
  {
    name: 'a flipped bit',
    spoil: (all) => spoiled(all, second, (bytes) => flip(bytes, bytes.length - 1)),
    problem: 'does not match its checksum',
  },
  {
    name: 'a flipped bit in the head',
    spoil: (all) => spoiled(all, second, (bytes) => flip(bytes, 9)),
    problem: 'does not match its checksum',
  },
  {
    name: 'a record cut short',
    spoil: (all) => spoiled(all, second, (bytes) => bytes.subarray(0, 20)),
    problem: 'has 20 bytes, less than its head',
  },
  {
    name: 'another version',
    spoil: (all) => spoiled(all, second, (bytes) => Uint8Array.of(9, ...bytes.subarray(1))),
    problem: 'has version 9, not 1',
  },
  {
    name: 'a time that goes back',
    spoil: (all) => all.map((one) => (one.position.seq === 1 ? { ...one, bytes: sealed(99_999_999_999_999) } : one)),
    problem: 'older than the one before it',
  },
])('AUD-3 $name is found', async ({ spoil, problem }) => {
  const { report } = await audit(spoil(chain(plainJournal())))
  expect(report.problemCount).toBeGreaterThan(0)
  expect(report.problems[0]?.problem).toContain(problem)
})

test('AUD-3 a time that goes back is named with its record', async () => {
  const records = chain([sealed(2_000), sealed(1_990)])
  const { report } = await audit(records)
  expect(report.problems).toEqual([{ shard: 'inv.0', at: '7-2', sku: '', promise: 'G5', problem: 'is 10 ms older than the one before it' }])
})

test.each<{ readonly name: string; readonly events: readonly Forge[]; readonly problem: string }>([
  {
    name: 'a unit sold twice',
    events: [hold(1, 'a'), hold(2, 'b'), hold(3, 'c')],
    problem: '1 units are given out that were never put in',
  },
  {
    name: 'a grant of more than is free',
    events: [hold(1, 'a', 2), ticket(2, 'b'), grant(1)],
    problem: '1 units are given out that were never put in',
  },
  { name: 'two live claims of a user', events: [hold(1, 'a'), hold(2, 'a')], problem: "claim 2 is a's, who has claim 1 already" },
  { name: 'a claim past the limit', events: [hold(1, 'a', 3)], problem: 'claim 1 gives a 3 units; the limit is 2' },
  {
    name: 'a purchase past the limit',
    events: [hold(1, 'a', 2), order(1), settle(1, paid), ticket(2, 'a')],
    problem: 'claim 2 gives a 3 units; the limit is 2',
  },
  {
    name: 'a hold past the line',
    events: [hold(1, 'a', 2), ticket(2, 'b'), numbered('left', 1), hold(3, 'c')],
    problem: 'claim 3 got a hold past 1 people in line',
  },
  { name: 'a ticket out of order', events: [hold(1, 'a', 2), ticket(3, 'b')], problem: 'claim 3 follows claim 1' },
  {
    name: 'a line that is shorter than what is served',
    events: [hold(1, 'a'), ticket(2, 'b'), grant(2)],
    problem: '2 people were served, but only 1 stood in line',
  },
  {
    name: 'a line that is shorter than what is told sold out',
    events: [phase(3), numbered('lineSoldOut', 1)],
    problem: '1 people were told that it is sold out, but only 0 stood in line',
  },
  {
    name: 'sold out while units can come free',
    events: [hold(1, 'a', 2), ticket(2, 'b'), numbered('lineSoldOut', 1)],
    problem: 'claim 2 was told that it is sold out while 2 units were free or could come free',
  },
  { name: 'a claim while the sale is paused', events: [phase(2), hold(1, 'a')], problem: 'claim 1 began while the sale was paused' },
  {
    name: 'a grant while the sale is paused',
    events: [hold(1, 'a', 2), ticket(2, 'b'), numbered('left', 1), phase(2), grant(1)],
    problem: 'the line was served while the sale was paused',
  },
  {
    name: 'a hold that ends twice',
    events: [hold(1, 'a'), numbered('left', 1), numbered('left', 1)],
    problem: 'claim 1 ended as left although it was left',
  },
  {
    name: 'a ticket that expires',
    events: [hold(1, 'a', 2), ticket(2, 'b'), numbered('expired', 2)],
    problem: 'claim 2 ended as expired although it was queued',
  },
  {
    name: 'a hold that ends too early',
    events: [holdUntil(1, 'a', 1_000_500), numbered('expired', 1)],
    problem: 'claim 1 ran out 500 ms too early',
  },
  {
    name: 'an order without a hold',
    events: [hold(1, 'a', 2), ticket(2, 'b'), order(2)],
    problem: 'claim 2 was ordered although it was queued',
  },
  { name: 'an order that nobody made', events: [order(1)], problem: 'claim 1 was ordered, but never began' },
  {
    name: 'a payment that counts twice',
    events: [hold(1, 'a'), order(1), settle(1, paid), settle(1, paid)],
    problem: 'claim 1 became paid although it was paid',
  },
  {
    name: 'money back that was never taken',
    events: [hold(1, 'a'), order(1), settle(1, refunded)],
    problem: 'order 1 became refunded although it was pending',
  },
  {
    name: 'units and money for one order',
    events: [hold(1, 'a'), order(1), settle(1, overdue), settle(1, refunding), settle(1, paid)],
    problem: 'order 1 became paid although it was refunding',
  },
  {
    name: 'units for money that came too late, past the line',
    events: [hold(1, 'a'), order(1), settle(1, overdue), hold(2, 'b', 2), ticket(3, 'c', 2), numbered('left', 2), settle(1, paid)],
    problem: 'order 1 took 1 of 2 units too late, past 1 people in line',
  },
  {
    name: 'money back for what could have been given',
    events: [hold(1, 'a'), order(1), settle(1, overdue), settle(1, refunding)],
    problem: 'order 1 was not given units that were free and nobody waited for',
  },
  {
    name: 'a hold that ends although nobody owned the shard meanwhile',
    events: [holdUntil(1, 'a', 999_500), (record) => void writeResumedBy(record, 0, 600), numbered('expired', 1)],
    problem: 'claim 1 ran out 100 ms too early',
  },
  {
    name: 'a place that ends by absence sooner than anyone can have been away',
    events: [hold(1, 'a', 2), ticket(2, 'b'), numbered('absent', 2)],
    problem: 'claim 2 ended by absence after 0 ms in a sale that is open and allows 300000 ms',
  },
  {
    name: 'a hold that ends by absence',
    events: [hold(1, 'a'), numbered('absent', 1)],
    problem: 'claim 1 ended as absent although it was held',
  },
  {
    name: 'an open order that is put away',
    events: [hold(1, 'a'), order(1), numbered('delivered', 1)],
    problem: 'claim 1 was delivered as ended although it was pending',
  },
  {
    name: 'more put away than ended',
    events: [hold(1, 'a'), numbered('left', 1), numbered('forgotten', 2)],
    problem: '2 claims are put away, more than have ended',
  },
  { name: 'an unknown kind of event', events: [(record) => void record.event(12, 99)], problem: 'has an event of the unknown kind 99' },
  {
    name: 'an event that is too short',
    events: [(record) => void record.event(6, eventKind.left)],
    problem: 'has an event of kind 5 that cannot be read',
  },
  {
    name: 'a SKU that was never configured',
    events: [(record) => void writePhaseSet(record, 1, 1)],
    problem: 'speaks of SKU number 1, which was never configured',
  },
  {
    name: 'an order for another price than its hold was promised',
    events: [hold(1, 'a'), edit({ priceMinor: 1_500 }), order(1, 1_500)],
    problem: 'order 1 is for 1500, and its hold was promised for 1999',
  },
  {
    name: 'an order for less than its hold was promised',
    events: [hold(1, 'a'), order(1, 1_000)],
    problem: 'order 1 is for 1000, and its hold was promised for 1999',
  },
  {
    name: 'a limit that was lowered and passed',
    events: [edit({ perUserMax: 1 }), hold(1, 'a', 2)],
    problem: 'claim 1 gives a 2 units; the limit is 1',
  },
])('AUD-4 $name is found', async ({ events, problem }) => {
  const { report } = await audit(chain([forged([open, ...events])]))
  expect(report.problems.map((found) => found.problem)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]))
})

test.each<{ readonly name: string; readonly records: readonly Uint8Array[]; readonly problems: readonly string[] }>([
  {
    name: 'time without an owner that no deadline gets',
    records: [sealed(2_000)],
    problems: ['takes 1000 ms without an owner from all deadlines'],
  },
  {
    name: 'deadlines that move too far',
    records: [forged([(record) => void writeResumedBy(record, 8, 2_000_000)])],
    problems: ['moves all deadlines by 2000000 ms, and there was no owner for 999000 ms'],
  },
  {
    name: 'an epoch that is not its own',
    records: [forged([(record) => void writeResumedBy(record, 9, 999_000)])],
    problems: ['says that it is of epoch 9'],
  },
  { name: 'as far as nobody owned the shard', records: [forged([(record) => void writeResumedBy(record, 8, 999_000)])], problems: [] },
])('AUD-4 a new owner and $name', async ({ records, problems }) => {
  const before = chain([sealed(1_000)])
  const after = chain(records).map((record) => ({ ...record, position: { epoch: 8, seq: record.position.seq } }))
  const { report } = await audit([...before, ...after])
  expect(report.problems.map(({ problem }) => problem)).toEqual(problems)
})

test('AUD-4 the same events in their right order are no problem', async () => {
  const events = [
    ...[
      hold(1, 'a', 2),
      ticket(2, 'b'),
      ticket(3, 'c'),
      edit({ priceMinor: 1_500 }),
      order(1, 3_998),
      settle(1, declined),
      grant(2),
      order(2, 1_500),
      settle(2, paid),
      numbered('left', 3),
    ],
    ...[
      numbered('delivered', 1),
      numbered('forgotten', 1),
      hold(4, 'a'),
      order(4, 1_500),
      settle(4, overdue),
      hold(5, 'e'),
      settle(4, refunding),
      settle(4, refunded),
    ],
    restock(3),
    (record: RecordWriter) => void writeResumedBy(record, 0, 100),
    ...[ticket(6, 'd'), phase(3), numbered('lineSoldOut', 1)],
  ]
  const { report } = await audit(chain([forged([open, ...events])]))
  expect(report.problems).toEqual([])
  expect(report.skus).toMatchObject([
    { units: forgedUnits + 3, available: 3, held: 1, ordered: 0, sold: 1, waiting: 0, claims: 6, users: 5 },
  ])
})

test('AUD-5 a journal whose oldest records are past the archive’s time is followed from what is kept, and said to be partial', async () => {
  const records = chain(plainJournal()).filter(({ position }) => position.seq >= second.seq)
  const { report } = await audit(records, true)
  expect(report).toMatchObject({ partial: ['inv.0'], skus: [], problemCount: 0, records: 2 })
  expect(
    (
      await audit(
        spoiled(records, second, (bytes) => flip(bytes, 30)),
        true,
      )
    ).report.problemCount,
  ).toBe(1)
})

test('AUD-6 problems are counted all and kept a bounded number', async () => {
  const { report } = await audit(chain([forged([open, ...Array.from({ length: 500 }, () => numbered('left', 1))])]))
  expect(report.problemCount).toBe(500)
  expect(report.problems).toHaveLength(100)
})

function plainJournal(): readonly Uint8Array[] {
  const rig = new InventoryRig()
  rig.configure()
  rig.buy('ann')
  rig.buy('bob')
  return rig.journal
}

function moved(record: ArchiveRecord, seq: number, position: ArchiveRecord['position']): ArchiveRecord {
  return record.position.seq === seq ? { ...record, position } : record
}

function spoiled(
  records: readonly ArchiveRecord[],
  at: ArchiveRecord['position'],
  spoil: (bytes: Uint8Array) => Uint8Array,
): ArchiveRecord[] {
  return records.map((one) => (one.position.seq === at.seq ? { ...one, bytes: spoil(one.bytes) } : one))
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice()
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}

async function audit(
  records: readonly ArchiveRecord[],
  hasSnapshot = false,
): Promise<{ readonly report: JournalReport; readonly claims: readonly LedgerClaim[] }> {
  const claims: LedgerClaim[] = []
  const source = {
    shards: ['inv.0'] as const,
    async *readArchive() {
      yield* records
    },
    readSnapshot: async () => (hasSnapshot ? {} : undefined),
  }
  return { report: await auditJournal(source, (claim) => claims.push(claim)), claims }
}
