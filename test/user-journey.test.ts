import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DrawRig, names } from '../actors/testing/draw-rig.ts'
import { InventoryRig, settingsOf } from '../actors/testing/inventory-rig.ts'
import { runProgram } from '../ops/cli/program.ts'
import { RecordingTerminal } from '../ops/cli/recording-terminal.ts'
import { wrapped } from '../ops/cli/wrapped.ts'
import { readJourneys } from '../ops/journey/journey-reader.ts'
import type { JourneyOutcome, UserJourney } from '../ops/journey/user-journey.ts'
import { decodeRefundedOrder } from '../protocol/client/result-decoders.ts'
import { keepJournal } from './kept-journal.ts'

let data = ''

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sluice-journey-'))
})

afterEach(async () => {
  await rm(data, { recursive: true, force: true })
})

interface End {
  readonly outcome: JourneyOutcome
  readonly why: RegExp
  /** What ann and the world do, after she has bought. */
  readonly run: (rig: InventoryRig) => void
  readonly stock?: number
}

/** Of Ann, who comes first, or third where there is one unit. */
const ends: readonly End[] = [
  { outcome: 'holding', why: /^Holds 1 unit since /, run: () => {} },
  { outcome: 'waiting', stock: 1, why: /^Waits in line since .*, with 1 person ahead now\.$/, run: () => {} },
  { outcome: 'left', why: /^Gave the hold up at /, run: (rig) => rig.leave('ann') },
  { outcome: 'left', stock: 1, why: /^Gave the place in line up at /, run: (rig) => rig.leave('ann') },
  { outcome: 'expired', why: /^Held 1 unit from .* and did not check out in time\.$/, run: (rig) => rig.pass(10_100) },
  { outcome: 'paying', why: /^Order shoe:inc1:1 over EUR 19\.99 is being paid, by /, run: (rig) => rig.checkout('ann') },
  { outcome: 'paying', why: /was not settled in time; at .* its units went on/, run: (rig) => (rig.checkout('ann'), rig.pass(30_100)) },
  {
    outcome: 'bought',
    why: /^Bought 1 unit at .*: order shoe:inc1:1 over EUR 19\.99\. Has 1 of at most 1 of shoe: .*LIMIT_REACHED/,
    run: pay,
  },
  { outcome: 'declined', why: /was declined by the payment provider at /, run: (rig) => (rig.checkout('ann'), rig.settle(1, 'declined')) },
  { outcome: 'refunding', why: /is given back since /, run: (rig) => (rig.checkout('ann'), rig.cancel('ann', 1)) },
  {
    outcome: 'cancelled',
    why: /ended at .* without a payment: nothing was taken\.$/,
    run: (rig) => (rig.checkout('ann'), rig.cancel('ann', 1), rig.settle(1, 'absent')),
  },
  {
    outcome: 'unrefunded',
    why: /somebody has to see to it\.$/,
    run: (rig) => (rig.checkout('ann'), rig.cancel('ann', 1), rig.settle(1, 'refused')),
  },
  {
    outcome: 'refunded',
    why: /was paid, and all of its money has gone back at /,
    run: (rig) => (pay(rig), giveBack(rig, 'refunded')),
  },
  {
    outcome: 'bought',
    why: /over EUR 19\.99, of which EUR 5\.00 has gone back\./,
    run: (rig) => (pay(rig), giveBack(rig, 'refunded', 500)),
  },
  { outcome: 'bought', why: /^Bought 1 unit/, run: (rig) => (pay(rig), rig.refund(1, 'part', 500)) },
  { outcome: 'bought', why: /^Bought 1 unit/, run: (rig) => (pay(rig), giveBack(rig, 'refused', 500)) },
]

test.each(ends)(
  'JNY-2 every end that a claim can come to is told with its reason: $outcome, $why',
  async ({ outcome, why, run, stock }) => {
    const rig = new InventoryRig()
    rig.configure(settingsOf({ stock: stock ?? 9, perUserMax: 1 }))
    if (stock === 1) for (const user of ['first', 'second']) rig.buy(user)
    rig.buy('ann')
    rig.pass(1_000)
    run(rig)
    const journeys = await journeysOf(rig, ['ann'])
    const [shoe] = journeys.get('ann')?.skus ?? []
    expect(shoe?.outcome).toBe(outcome)
    expect(shoe?.why.join(' ')).toMatch(why)
    const records = new Set(rig.archive().map(({ position: { epoch, seq } }) => `${epoch}-${seq}`))
    expect(shoe?.steps.filter(({ record, shard }) => shard !== 'inv.0' || !records.has(record))).toEqual([])
  },
)

test('JNY-3 of whoever stood in line in vain it says since when and behind how many, and of whoever came later what there was to be had', async () => {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 1, perUserMax: 1 }))
  for (const user of ['first', 'second', 'third']) rig.buy(user)
  rig.pass(1_000)
  rig.checkout('first')
  rig.settle(1, 'paid')
  const journeys = await journeysOf(rig, ['third', 'stranger'])
  const [third] = journeys.get('third')?.skus ?? []
  expect(third).toMatchObject({ outcome: 'soldout', steps: [{ kind: 'queued', ahead: 1 }, { kind: 'soldout' }] })
  expect(third?.why.join()).toMatch(/^Stood in line from .*, with 1 person ahead at the beginning; at .* no unit could come free/)
  const [stranger] = journeys.get('stranger')?.skus ?? []
  expect(stranger).toMatchObject({ outcome: 'none', refused: [{ code: 'SOLD_OUT' }] })
  expect(stranger?.answers.map(({ answer }) => answer)).toEqual(['open', 'SOLD_OUT'])
})

test('JNY-4 a place that was drawn is told with the lobby before it', async () => {
  const rig = new DrawRig({ stock: 1 })
  const people = names(3)
  for (const user of people) rig.buy(user)
  rig.open()
  const order = rig.drawn(people)
  const journeys = await journeysOf(rig, order)
  expect(
    order.map((user) => journeys.get(user)?.skus[0]?.steps.map(({ kind, ahead }) => (ahead === undefined ? kind : `${kind} ${ahead}`))),
  ).toEqual([
    ['lobby', 'drawn 0', 'turn'],
    ['lobby', 'drawn 1'],
    ['lobby', 'drawn 2'],
  ])
  expect((await journeysOf(rig, ['stranger'])).get('stranger')?.skus[0]?.answers.map(({ answer }) => answer)).toEqual(['lobby', 'open'])
})

test('JNY-5 the command tells several users, one SKU or all, within the width of the terminal', async () => {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ perUserMax: 1 }))
  rig.buy('ann')
  pay(rig)
  await keepJournal(data, rig.journal)
  const { code, out, err } = await journey(80, 'ann', 'never', '--sku', 'shoe')
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^ann\n\n {2}shoe \(sale sale\): bought\n/)
  expect(out).toMatch(/^never\n\n {2}shoe \(sale sale\): nothing\n/m)
  expect(Math.max(...out.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
  const none = await journey(120, 'ann', '--sku', 'hat')
  expect(none.out).toBe('ann\n  Nothing in the journal.\n\n')
  expect(await journey(120, 'a\u0000b')).toMatchObject({
    code: 2,
    err: 'sluice: "a\\u0000b" can be no user: 1 to 64 bytes without control characters\n',
  })
  expect(wrapped('  one two three', 9, ' ')).toBe('   one\n   two\n   three\n')
})

test('JNY-6 where the oldest records are past the archive it says so, and tells what is left', async () => {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 2 }))
  for (const user of ['ann', 'bob', 'cyd']) rig.buy(user)
  const trimmed = rig.archive().length
  const chunks = rig.actor.save()
  const position = { epoch: 1, seq: rig.journal.length }
  rig.leave('ann')
  rig.buy('dee')
  rig.leave('dee')
  const source = {
    shards: ['inv.0'] as const,
    readArchive: () => each(rig.archive().slice(trimmed)),
    readSnapshot: () => Promise.resolve({ position, now: rig.now, chunks }),
  }
  const [ann, dee] = await readJourneys(source, ['ann', 'dee'], source.shards)
  expect(ann).toMatchObject({
    partial: ['inv.0'],
    skus: [{ sku: 'shoe', outcome: 'none', why: [expect.stringContaining('past the archive')] }],
  })
  expect(dee).toMatchObject({ partial: ['inv.0'], skus: [{ sku: 'shoe', outcome: 'left', steps: [{ kind: 'queued' }, { kind: 'left' }] }] })
})

function pay(rig: InventoryRig): void {
  rig.checkout('ann')
  rig.settle(1, 'paid')
}

function giveBack(rig: InventoryRig, outcome: string, amountMinor?: number): void {
  rig.settleRefund(decodeRefundedOrder(rig.refund(1, 'back', amountMinor)).refund.refund, outcome)
}

async function journeysOf(rig: InventoryRig, users: readonly string[]): Promise<ReadonlyMap<string, UserJourney>> {
  const source = { shards: ['inv.0'] as const, readArchive: () => each(rig.archive()), readSnapshot: () => Promise.resolve(undefined) }
  const journeys = await readJourneys(source, users, source.shards)
  return new Map(journeys.map((one) => [one.user, one]))
}

async function* each<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values
}

async function journey(columns: number, ...words: readonly string[]) {
  const terminal = Object.assign(new RecordingTerminal(data), { columns })
  const code = await runProgram(['user', 'journey', '--data', data, ...words], terminal, () =>
    Promise.reject(new Error('no node is started here')),
  )
  return { code, out: terminal.printed, err: terminal.complained }
}
