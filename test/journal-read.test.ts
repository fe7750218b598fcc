import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { RecordWriter } from '../actors/record.ts'
import { writeAttached, writeDetached, writeOrdered, writeReported, writeReserved, writeResumed } from '../actors/session/session-events.ts'
import { saleId, skuId } from '../actors/testing/ids.ts'
import { InventoryRig, settingsOf, start } from '../actors/testing/inventory-rig.ts'
import { runProgram } from '../ops/cli/program.ts'
import { RecordingTerminal } from '../ops/cli/recording-terminal.ts'
import { ShardLines } from '../ops/journal/journal-lines.ts'
import { lineText } from '../ops/journal/line-text.ts'
import { ShardAudit } from '../ops/journal/shard-audit.ts'
import { formatOrderId } from '../protocol/ids.ts'
import { keepJournal } from './kept-journal.ts'

let data = ''

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'sluice-read-'))
})

afterEach(async () => {
  await rm(data, { recursive: true, force: true })
})

test('AUD-30 the journal is told event by event, and whose a claim is though the event only counts it', async () => {
  await keepJournal(data, queuedJournal().journal)
  const { code, out, err } = await read()
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^inv\.0 1-0\n {2}opened {8}a new owner, a new epoch$/m)
  expect(out).toMatch(/^ {2}configured {4}shoe {2}sale sale, 1 unit, at most 2 a user$/m)
  expect(out).toMatch(/^inv\.0 1-\d+ {2}2023-11-14T22:13:20\.050Z\n {2}held {10}shoe {2}ann {2}claim 1, 1 unit, until /m)
  expect(out).toMatch(/^ {2}ordered {7}shoe {2}bob {2}claim 2, EUR 19\.99 to pay by /m)
  expect(out).toMatch(
    /^ {2}left {10}shoe {2}ann {2}claim 1\n {2}answered {6}shoe {2}ann {2}request .*\n {2}granted {7}shoe {2}bob {2}1 hold until .*, claim 2$/m,
  )
  expect(out).toMatch(/^ {2}lineSoldOut {3}shoe {2}cyd {2}1 ticket of the line, claim 3$/m)
})

test('AUD-31 it can be narrowed to a user, a SKU, a shard, records and times', async () => {
  const rig = queuedJournal()
  await keepJournal(data, rig.journal)
  const kinds = async (...words: readonly string[]) => lines(await read('--json', ...words)).map(({ kind }) => kind)
  expect(await kinds('--user', 'bob')).toEqual(['queued', 'granted', 'ordered', 'settled'])
  expect(await kinds('--user', 'nobody')).toEqual([])
  expect(await kinds('--sku', 'hat')).toEqual([])
  expect(await kinds('--shard', 'ses.0')).toEqual([])
  const all = lines(await read('--json', '--shard', 'inv.0'))
  const left = all.find(({ kind }) => kind === 'left')
  if (left === undefined) throw new Error('nobody left')
  expect(await kinds('--sku', 'shoe', '--from', left.at, '--to', left.at)).toEqual(['left', 'answered', 'granted'])
  expect(await kinds('--from', new Date(left.now).toISOString(), '--user', 'ann')).toEqual(['left', 'answered'])
  expect(await kinds('--to', new Date(left.now - 1).toISOString(), '--user', 'bob')).toEqual(['queued'])
})

test('AUD-32 a line of JSON says where it stands, whom it concerns, and how claims moved', async () => {
  await keepJournal(data, queuedJournal().journal)
  const granted = lines(await read('--json')).find(({ kind }) => kind === 'granted')
  if (granted === undefined) throw new Error('nobody was granted a hold')
  const { at, now, until } = granted
  expect(at).toMatch(/^1-\d+$/)
  expect(until).toBe(now + 10_025)
  expect(granted).toEqual({
    shard: 'inv.0',
    at,
    now,
    kind: 'granted',
    sku: 'shoe',
    users: ['bob'],
    count: 1,
    until,
    claims: [{ user: 'bob', claim: 2, from: 'queued', to: 'held' }],
  })
})

test('AUD-33 what cannot be read is told in its place and fails the command, and what is asked for wrongly is one line', async () => {
  const { journal } = queuedJournal()
  await keepJournal(data, [...journal, new Uint8Array(5)])
  const damaged = await read()
  expect(damaged.code).toBe(1)
  expect(damaged.out).toMatch(/^ {2}unreadable {4}has 5 bytes, less than its head$/m)
  expect(damaged.err).toBe('sluice: 1 event or record cannot be read; sluice journal verify says more\n')
  const said = async (...words: readonly string[]) => {
    const { code, out, err } = await read(...words)
    return { code, out, err }
  }
  expect(await said('--shard', 'inv.7')).toEqual({
    code: 2,
    out: '',
    err: 'sluice: there is no shard "inv.7": the journal has inv.0 to inv.0 and ses.0 to ses.0\n',
  })
  expect((await said('--from', '1-1')).err).toMatch(/need --shard or --sku, or take a time\n$/)
  expect((await said('--from', 'noon')).err).toMatch(/^sluice: --from: "noon" must be a record, such as 1-17, or an ISO 8601 time/)
  expect((await said('--sku', 'a b')).err).toMatch(/^sluice: "a b" can be no SKU/)
  expect((await said('--user', '')).err).toMatch(/^sluice: "" can be no user/)
})

test('AUD-34 where the oldest records are past the archive, only those are named whom the rest names', () => {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 1 }))
  for (const user of ['ann', 'bob']) rig.buy(user)
  const before = rig.journal.length
  rig.buy('cyd')
  rig.leave('ann')
  rig.checkout('cyd')
  const late = rig.archive().slice(before + 1)
  const shard = new ShardLines('inv.0')
  shard.names = ['shoe']
  const told = late.flatMap((record) => [...shard.take(record)])
  expect(told.map(({ event, sku, users }) => [event.kind, sku, ...users])).toEqual([
    ['queued', 'shoe', 'cyd'],
    ['left', 'shoe'],
    ['granted', 'shoe'],
  ])
})

test('AUD-35 sessions tell when devices came and went and what counts against a sale; an event of theirs that cannot be read is a problem', () => {
  const writer = new RecordWriter()
  const position = { epoch: 1, seq: 1 }
  const [sku, sale] = [skuId('shoe'), saleId('sale')]
  const order = {
    order: formatOrderId({ sku, incarnation: 'inc1', claim: 1 }),
    sku,
    state: 'paid',
    qty: 1,
    amountMinor: 5,
    currency: 'EUR',
    updatedAt: 0,
  } as const
  writer.begin(start)
  writeResumed(writer, position, 700)
  writeAttached(writer, position, 'ann', 'sluice.gw.one')
  writeReserved(writer, position, 'ann', { sku, sale, number: 3, qty: 2 })
  writeReported(writer, position, 'ann', {
    user: 'ann',
    sku,
    sale,
    number: 3,
    live: 0,
    bought: 2,
    at: position,
  })
  writeOrdered(writer, position, 'ann', order)
  writeDetached(writer, position, 'ann', 'sluice.gw.one')
  const whole = writer.seal(0).slice()
  writer.event(20, 99)
  const strange = writer.seal(0).slice()

  const told = [...new ShardLines('ses.0').take({ position, bytes: whole })]
  expect(told.map((line) => [line.event.kind, line.users.join(), line.sku])).toEqual([
    ['resumed', '', ''],
    ['attached', 'ann', ''],
    ['setAside', 'ann', 'shoe'],
    ['unitsCounted', 'ann', 'shoe'],
    ['orderNews', 'ann', 'shoe'],
    ['detached', 'ann', ''],
  ])
  expect(told.map((line) => lineText(line).details)).toEqual([
    '700 ms without an owner',
    'sluice.gw.one',
    'reservation 3: 2 units of sale sale',
    'up to reservation 3: 0 live, 2 bought of sale sale',
    'order shoe:inc1:1 is paid',
    'sluice.gw.one',
  ])
  const problems: string[] = []
  const audit = new ShardAudit('ses.0', false, ({ problem }) => problems.push(problem))
  audit.take({ position: { epoch: 1, seq: 0 }, bytes: new Uint8Array(0) })
  audit.take({ position, bytes: whole })
  expect(problems).toEqual([])
  audit.take({ position: { epoch: 1, seq: 2 }, bytes: strange })
  expect(problems).toEqual(['has an event of the unknown kind 99'])
})

test('AUD-36 a data folder of which much was cut off is one line, and not the end of the process', async () => {
  await keepJournal(data, queuedJournal().journal)
  const path = join(data, 'data.mdb')
  const bytes = await readFile(path)
  // As a file of 8 MB would say of itself of which this is the beginning.
  const pageBytes = bytes.readUInt32LE(48)
  for (const meta of [0, pageBytes]) bytes.writeBigUInt64LE(2_000n, meta + 144)
  await writeFile(path, bytes)
  const said = `sluice: cannot use the data folder ${data}: data.mdb has ${bytes.length} bytes of ${2_001 * pageBytes}, the rest was cut off\n`
  expect(await read()).toEqual({ code: 1, out: '', err: said })
})

/** Ann leaves her hold to Bob, who buys; for Cyd nothing is left. */
function queuedJournal(): InventoryRig {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 1 }))
  for (const user of ['ann', 'bob', 'cyd']) rig.buy(user)
  rig.pass(50)
  rig.leave('ann', 'leaving')
  rig.checkout('bob')
  rig.settle(2, 'paid')
  return rig
}

const lineSchema = z.looseObject({ at: z.string(), now: z.number(), kind: z.string() })

function lines({ out }: { readonly out: string }) {
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => lineSchema.parse(JSON.parse(line)))
}

async function read(...words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const terminal = new RecordingTerminal(data)
  const code = await runProgram(['journal', 'read', '--data', data, ...words], terminal, () =>
    Promise.reject(new Error('no node is started here')),
  )
  return { code, out: terminal.printed, err: terminal.complained }
}
