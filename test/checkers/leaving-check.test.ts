import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { answersOf, type Ask } from '../../actors/testing/asks.ts'
import type { ShardBroadcast, ShardView } from '../../protocol/broadcast.ts'
import { codeTable } from '../../protocol/codes.ts'
import { answerHeadBytes, answerOffset, answersHeadBytes, frameKind, kindOfFrame, readCommandsHead } from '../../protocol/frame.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import { encodePlain, type Plain } from '../../protocol/msgpack-writer.ts'
import { Findings, type Problem } from './findings.ts'
import { LeavingCheck } from './leaving-check.ts'
import { LiveBooks } from './live-books.ts'
import { type Happening, recordsOf, RecordedShop } from './recorded-shop.ts'

interface Found {
  readonly problems: readonly Problem[]
  readonly checked: number
  readonly excused: number
}

/** What the check finds when all this happens. */
function check(happenings: readonly Happening[]): Found {
  let now = 0
  const { complain, problems } = new Findings(() => now)
  const books = new LiveBooks({ now: () => now, complain })
  const leaving = new LeavingCheck(books, complain)
  for (const one of happenings) {
    now = one.atMs
    if (one.kind === 'applied') books.applied(one.shard, one.position, one.bytes)
    else if (one.kind === 'stands') leaving.stands('node', one.shard)
    else if (one.kind === 'lost') books.lost(one.shard, one.from)
    else if (one.kind === 'put') leaving.queuePut('node', one.id, one.order)
    else leaving.sent('node', one.subject, one.frame)
  }
  return { problems, checked: leaving.checked, excused: leaving.excused }
}

/** A sale in which everything comes up that a shard can say. */
async function busyDay(): Promise<readonly Happening[]> {
  const shop = await RecordedShop.open({ stock: 3, perUserMax: 2, lineMax: 3 })
  await shop.ask({ op: 'attach', user: 'ann', payload: { gateway: 'gw' } })
  await shop.buy('ann', { qty: 2, request: 'a1' })
  await shop.ask(
    { op: 'buy', sku: 'shoe', user: 'bob', qty: 2 },
    { op: 'buy', sku: 'shoe', user: 'cat' },
    { op: 'buy', sku: 'shoe', user: 'dan' },
  )
  await shop.buy('eve')
  await shop.buy('ann', { qty: 2, request: 'a1' })
  await shop.ask(
    { op: 'claim', sku: 'shoe', user: 'cat' },
    { op: 'claim', sku: 'shoe', user: 'nobody' },
    { op: 'checkout', sku: 'shoe', user: 'bob' },
  )
  await shop.ask({ op: 'view' }, { op: 'claimsByNumber', payload: [['shoe', [1, 2, 3]]] }, { op: 'claimsOfUser', user: 'bob' })
  await shop.ask(
    { op: 'status', sku: 'shoe' },
    { op: 'lineList', sku: 'shoe', payload: { after: 0, limit: 10 } },
    { op: 'status', sku: 'hat' },
  )
  await shop.checkout('ann')
  await shop.pass(1_000)
  await shop.settle(1, 'paid')
  await shop.pass(1_500)
  await shop.buy('ann')
  await shop.takeOver(7_000)
  await shop.ask({ op: 'leave', sku: 'shoe', user: 'cat' }, { op: 'claim', sku: 'shoe', user: 'dan' })
  await shop.setPhase('paused')
  await shop.buy('fay')
  await shop.pass(3_000)
  await shop.setPhase('open')
  await shop.ask({ op: 'restock', sku: 'shoe', payload: { units: 1 }, request: 'r1' })
  await shop.ask({ op: 'claim', sku: 'shoe', user: 'bob' })
  await shop.pass(11_000)
  await shop.checkout('bob')
  await shop.buy('bob', { request: 'b2' })
  await shop.checkout('bob')
  await shop.pass(60_000)
  await shop.settle(5, 'paid')
  await shop.settle(99, 'paid')
  await shop.ask({ op: 'orderList', user: 'ann' }, { op: 'orderNews', user: 'ann', payload: newsOf('ann') })
  await shop.ask({ op: 'claimed', user: 'ann', payload: { sku: 'shoe', claim: 1, from: 'other' } })
  await shop.setPhase('closed')
  await shop.buy('gus', { request: 'g1' })
  await shop.pass(125_000)
  await shop.ask({ op: 'claim', sku: 'shoe', user: 'cat' })
  await shop.ask({ op: 'claimsOfUser', user: 'cat' })
  return shop.story
}

function newsOf(user: string): Plain {
  return { sku: 'shoe', claim: 1, user, order: 'shoe:inc1:1', qty: 2, amountMinor: 3_998, currency: 'EUR', state: 'paid', updatedAt: 1 }
}

let story: readonly Happening[]

beforeAll(async () => {
  story = await busyDay()
})

test('CHK-4 what a real shard says in a busy day is all explained by its journal', () => {
  const { problems, checked, excused } = check(story)
  expect(problems).toEqual([])
  expect(excused).toBe(0)
  expect(checked).toBeGreaterThan(300)
})

test('CHK-4 a late copy of a checkout finds no hold, although the user has another one', async () => {
  const shop = await RecordedShop.open({ stock: 3 })
  await shop.buy('ann', { request: 'r1' })
  await shop.checkout('ann', { request: 'r2' })
  await shop.settle(1, 'declined')
  await shop.buy('ann', { request: 'r3' })
  await shop.checkout('ann', { request: 'r2' })
  expect(shop.story.filter(says('NO_HOLD'))).toHaveLength(1)
  expect(check(shop.story).problems).toEqual([])
})

const user = fc.constantFrom('ann', 'bob', 'cat', 'dan', 'eve')
const ask: fc.Arbitrary<Ask> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ op: fc.constant('buy' as const), sku: fc.constant('shoe'), user, qty: fc.constantFrom(1, 1, 2, 3) }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constantFrom('leave' as const, 'claim' as const), sku: fc.constant('shoe'), user }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('checkout' as const), sku: fc.constant('shoe'), user }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constantFrom('view' as const, 'claimsOfUser' as const), user }) },
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('settle' as const),
      sku: fc.constant('shoe'),
      payload: fc.record({
        incarnation: fc.constant('inc1'),
        claim: fc.integer({ min: 1, max: 8 }),
        outcome: fc.constantFrom('paid', 'declined'),
      }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant('setPhase' as const),
      sku: fc.constant('shoe'),
      payload: fc.record({ phase: fc.constantFrom('open', 'open', 'paused') }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant('restock' as const), sku: fc.constant('shoe'), payload: fc.constant({ units: 1 }) }),
  },
)
const round = fc.record({
  asks: fc.array(ask, { minLength: 1, maxLength: 6 }),
  ms: fc.constantFrom(0, 50, 300, 3_000, 11_000),
  takesOver: fc.boolean(),
})

test('CHK-4 whatever is asked of it, and whoever takes it over', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 4 }), fc.array(round, { maxLength: 8 }), async (stock, rounds) => {
      const shop = await RecordedShop.open({ stock, lineMax: 3 })
      for (const { asks, ms, takesOver } of rounds) {
        await shop.ask(...asks)
        await shop.pass(ms)
        if (takesOver) await shop.takeOver(ms)
      }
      expect(check(shop.story).problems).toEqual([])
    }),
    { numRuns: 30 },
  )
})

/** A story in which the first answer that says so says something else. */
function retold(all: readonly Happening[], says: string, other: (said: Plain) => Plain): Happening[] {
  let isDone = false
  return all.map((one) => {
    if (one.kind !== 'sent' || answersIn(one).length === 0 || isDone) return one
    const answers = answersOf(one.frame)
    const index = answers.findIndex((answer) => JSON.stringify(answer.error ?? answer.result).includes(says))
    const answer = answers[index]
    if (answer === undefined) return one
    isDone = true
    const body = answer.error === null ? [1, answer.msgid, null, other(answer.result)] : [1, answer.msgid, null, other(null)]
    return { ...one, frame: answerFrame(answer.slot, encodePlain(body)) }
  })
}

function answerFrame(slot: number, body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(answersHeadBytes + answerHeadBytes + body.length)
  const view = new DataView(frame.buffer)
  frame.set([1, frameKind.answers, 1, 0])
  view.setUint32(answersHeadBytes + answerOffset.slot, slot, true)
  view.setUint32(answersHeadBytes + answerOffset.turn, 1, true)
  view.setUint32(answersHeadBytes + answerOffset.bytes, body.length, true)
  frame.set(body, answersHeadBytes + answerHeadBytes)
  return frame
}

function withPlace(change: { readonly [key: string]: Plain }): (said: Plain) => Plain {
  return (said) => (isMap(said) ? { ...said, ...change } : said)
}

function isMap(value: Plain): value is { readonly [key: string]: Plain | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A story in which the first broadcast that fits is another one. */
function rebroadcast(all: readonly Happening[], change: (said: ShardBroadcast) => ShardBroadcast | undefined): Happening[] {
  const at = all.findIndex((one) => isBroadcast(one) && change(broadcastIn(one)) !== undefined)
  return all.map((one, index) => {
    if (index !== at || one.kind !== 'sent') return one
    const body = packInner(change(broadcastIn(one)))
    return { ...one, frame: Uint8Array.of(1, frameKind.broadcast, ...body) }
  })
}

function isBroadcast(one: Happening): boolean {
  return one.kind === 'sent' && kindOfFrame(one.frame) === frameKind.broadcast
}

function broadcastIn(one: Happening): ShardBroadcast {
  if (one.kind !== 'sent') throw new Error('not a frame')
  return unpackInner<ShardBroadcast>(one.frame.slice(2))
}

function withSku(said: ShardBroadcast, change: (sku: ShardBroadcast['skus'][number]) => object | undefined): ShardBroadcast | undefined {
  const [sku] = said.skus
  const changed = sku === undefined ? undefined : change(sku)
  return sku === undefined || changed === undefined ? undefined : { ...said, skus: [{ ...sku, ...changed }] }
}

/** The same happenings, with the first that fits one place earlier than the record before it. */
function early(all: readonly Happening[], fits: (one: Happening) => boolean): Happening[] {
  const at = all.findIndex((one) => fits(one))
  const record = all.findLastIndex((one, index) => index < at && one.kind === 'applied')
  const moved = all[at]
  if (moved === undefined || record < 0) throw new Error('nothing to move')
  return [...all.slice(0, record), moved, ...all.slice(record, at), ...all.slice(at + 1)]
}

/** The same happenings, without the store's words between the last that fits and what fits before it. */
function ungated(all: readonly Happening[], fits: (one: Happening) => boolean): Happening[] {
  const at = all.findLastIndex((one) => fits(one))
  const before = all.findLastIndex((one, index) => index < at && fits(one))
  return all.filter((one, index) => one.kind !== 'stands' || index < before || index > at)
}

/** The first answer that fits, again, after everything else and to the last question: it was right once. */
function late(all: readonly Happening[], fits: string): Happening[] {
  const sent = all.filter((one) => one.kind === 'sent')
  const answer = sent.find((one) => says(fits)(one))
  const question = sent.findLast(({ frame }) => readCommandsHead(frame)?.replyTo === 'gw')
  if (answer === undefined || question === undefined) throw new Error('nothing to repeat')
  const said = answersOf(answer.frame).find((one) => JSON.stringify(one.result).includes(fits))
  const frame = answerFrame(lastSlot(question.frame), encodePlain([1, 1, null, said?.result ?? null]))
  return [...all, { ...answer, frame }]
}

function lastSlot(commands: Uint8Array): number {
  return new DataView(commands.buffer, commands.byteOffset).getUint32(5 + (commands[4] ?? 0) + 4, true)
}

function answersIn(one: Happening): string[] {
  if (one.kind !== 'sent' || kindOfFrame(one.frame) !== frameKind.answers || one.subject !== 'gw') return []
  return answersOf(one.frame).map((answer) => JSON.stringify(answer.error ?? answer.result))
}

function isSentTo(subject: string, one: Happening): boolean {
  return one.kind === 'sent' && one.subject === subject
}

const says = (text: string) => (one: Happening) => answersIn(one).some((said) => said.includes(text))

test.each<readonly [string, (story: readonly Happening[]) => readonly Happening[], string]>([
  ['a hold before it is stored', (all) => early(all, says('"state":"held"')), 'the durable books never were'],
  ['an order before it is stored', (all) => early(all, says('"state":"pending"')), 'the durable books never were'],
  [
    'a broadcast before its record is stored',
    (all) => early(all, (one) => isBroadcast(one) && broadcastIn(one).toSeq > 2),
    'is not durable',
  ],
  ['an answer that the store did not let out', (all) => ungated(all, (one) => isSentTo('gw', one)), 'without a word from the store'],
  ['a broadcast that the store did not let out', (all) => ungated(all, isBroadcast), 'without a word from the store'],
  ['an order in the queue before it is stored', (all) => early(all, (one) => one.kind === 'put'), 'is no durable order'],
  ['the hold of somebody else', (all) => retold(all, '"state":"held"', withPlace({ hold: 2 })), 'the durable books never were'],
  ['more units than the hold has', (all) => retold(all, '"state":"held"', withPlace({ qty: 1 })), 'the durable books never were'],
  ['another deadline', (all) => retold(all, '"state":"held"', withPlace({ expiresAt: 1 })), 'the durable books never were'],
  ['one person ahead too many', (all) => retold(all, '"ahead":1', withPlace({ ahead: 2 })), 'the durable books never were'],
  ['one person ahead too few', (all) => retold(all, '"ahead":1', withPlace({ ahead: 0 })), 'the durable books never were'],
  ['a price of its own', (all) => retold(all, '"state":"pending"', withPlace({ amountMinor: 1 })), 'the durable books never were'],
  ['paid, which is pending', (all) => retold(all, '"state":"pending"', withPlace({ state: 'paid' })), 'the durable books never were'],
  ['other numbers of units', (all) => retold(all, '"waiting":', withPlace({ available: 5 })), 'the durable books never were'],
  ['nothing to one who has something', (all) => retold(all, '"state":"queued"', () => ({ state: 'none' })), 'the durable books never were'],
  [
    'a hold instead of a refusal',
    (all) => retold(all, 'LINE_FULL', () => ({ state: 'held', hold: 5, qty: 1, expiresAt: 1 })),
    'never were',
  ],
  ['what was right long before the question', (all) => late(all, '"ticket":3'), 'the durable books never were'],
  [
    'an answer that nobody asked for',
    (all) => [...all, { kind: 'sent', atMs: 0, subject: 'gw', frame: answerFrame(77, encodePlain([1, 1, null, null])) }],
    'nobody asked for',
  ],
  ['a broadcast with other units', (all) => rebroadcast(all, (said) => withSku(said, () => ({ sold: 9 }))), 'by record'],
  [
    'a broadcast that leaves out who joined',
    (all) => rebroadcast(all, (said) => withSku(said, ({ joined }) => (joined.length > 0 ? { joined: [] } : undefined))),
    'leaves out claim',
  ],
  [
    'a broadcast that lets somebody leave',
    (all) => rebroadcast(all, (said) => withSku(said, ({ left }) => ({ left: [...left, 99, 1] }))),
    'names claim 99',
  ],
  [
    'a broadcast that leaves out a change',
    (all) => rebroadcast(all, (said) => withSku(said, ({ changed }) => (changed.length > 0 ? { changed: [] } : undefined))),
    'leaves out claim',
  ],
  [
    'a broadcast that leaves out a SKU',
    (all) => rebroadcast(all, (said) => (said.skus.length > 0 ? { ...said, skus: [] } : undefined)),
    'says nothing of shoe',
  ],
  ['an order in the queue that has ended', (all) => [...all, ...all.filter((one) => one.kind === 'put').slice(0, 1)], 'its order is'],
])('CHK-5 the check finds %s', (_, damage, what) => {
  const { problems } = check(damage(story))
  expect(problems[0]).toMatchObject({ promise: 'G3' })
  expect(problems[0]?.what).toContain(what)
})

test.each(['SOLD_OUT', 'LIMIT_REACHED', 'NOT_OPEN', 'PAUSED', 'CLOSED', 'LINE_FULL', 'UNKNOWN_SKU'] as const)(
  'CHK-5 the check finds %s without a reason',
  async (code) => {
    const shop = await RecordedShop.open({ stock: 3 })
    await shop.buy('ann')
    const refused = shop.story.map((one): Happening => {
      if (one.kind !== 'sent' || !says('"state":"held"')(one)) return one
      const [answer] = answersOf(one.frame)
      const error = { code, message: codeTable[code].text }
      return { ...one, frame: answerFrame(answer?.slot ?? 0, encodePlain([1, 1, error, null])) }
    })
    const { problems } = check(refused)
    expect(problems).toMatchObject([{ promise: 'G3' }])
    expect(problems[0]?.what).toContain(code)
  },
)

test('CHK-5 the check finds a view with another line', () => {
  let isDone = false
  const damaged = story.map((one): Happening => {
    const bytes = one.kind === 'sent' && one.subject === 'gw.packed' ? one.frame : undefined
    if (one.kind !== 'sent' || bytes === undefined || isDone) return one
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const slot = view.getUint32(answersHeadBytes, true)
    const length = view.getUint32(answersHeadBytes + answerOffset.bytes, true)
    const bodyAt = answersHeadBytes + answerHeadBytes
    const [, , , said] = unpackInner<[number, number, null, ShardView | undefined]>(bytes.slice(bodyAt, bodyAt + length))
    if (said?.seq === undefined) return one
    isDone = true
    const skus = said.skus.map((sku) => ({ ...sku, line: Uint8Array.of(0xff) }))
    return { ...one, frame: answerFrame(slot, packInner([1, 1, null, { ...said, skus }])) }
  })
  expect(isDone).toBe(true)
  expect(check(damaged).problems.map(({ what }) => what)).toEqual([expect.stringContaining('or another line')])
})

test('CHK-6 what was said of records that the store has lost since is excused, for a time', () => {
  const at = story.findIndex(says('"state":"held"'))
  const told = story[at]
  const record = recordsOf(story.slice(0, at)).at(-1)
  if (told === undefined || record === undefined) throw new Error('nobody was told of a hold')
  const lost: Happening = { kind: 'lost', atMs: told.atMs, shard: 'inv.0', from: record }
  const before = story.slice(0, at)
  expect(check([...before, lost, told])).toMatchObject({ problems: [], excused: 1 })
  expect(check([...before, lost, { ...told, atMs: told.atMs + 60_000 }]).problems).toHaveLength(1)
})
