import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { skuId } from '../../actors/testing/ids.ts'
import { formatOrderId, type OrderId } from '../../protocol/ids.ts'
import type { JournaledOrder } from './journaled-order.ts'
import { readLedger } from './ledger-file.ts'
import { Reconciliation } from './reconciliation.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-ledger-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const first = idOf(1)

function idOf(claim: number): OrderId {
  return formatOrderId({ sku: skuId('lamp'), incarnation: 'x1', claim })
}

function orderOf(state: JournaledOrder['state'], claim = 1): JournaledOrder {
  const times = { orderedAt: 1, updatedAt: 2 }
  return { order: idOf(claim), sku: 'lamp', user: 'ann', qty: 1, amountMinor: 500, currency: 'EUR', state, refundedMinor: 0, ...times }
}

async function ledgerOf(text: string): ReturnType<typeof readLedger> {
  const path = join(folder, 'ledger')
  await writeFile(path, text)
  return readLedger(path)
}

const charge = `charge,${first},500,EUR`
const refund = `refund,${first},500,EUR`

test.each<[JournaledOrder['state'], readonly string[], string]>([
  ['paid', [charge], 'agrees'],
  ['declined', [], 'agrees'],
  ['cancelled', [charge, refund], 'agrees'],
  ['refunded', [refund, charge], 'agrees'],
  ['pending', [], 'open'],
  ['pending', [charge], 'open'],
  ['overdue', [charge], 'open'],
  ['refunding', [charge, refund], 'open'],
  ['paid', [], 'not charged 500 0'],
  ['paid', [`charge,${first},499,EUR`], 'other amount 500 499'],
  ['paid', [`charge,${first},500,USD`], 'not charged 500 0, other amount 0 500'],
  ['paid', [charge, refund], 'given back 500 0'],
  ['paid', [charge, `refund,${first},200,EUR`], 'given back 500 300'],
  ['paid', [charge, charge], 'charged twice 500 1000'],
  ['pending', [charge, charge], 'charged twice 0 1000'],
  ['declined', [charge], 'kept 0 500'],
  ['refunded', [charge], 'kept 0 500'],
  ['refunded', [], 'agrees'],
])('REC-1 %s against %j: %s', async (state, lines, expected) => {
  const reconciliation = new Reconciliation(await ledgerOf(['kind,charge,amountMinor,currency', ...lines].join('\n')))
  const differences = [...reconciliation.judge(orderOf(state)), ...reconciliation.rest()]
  const { agreeing, open } = reconciliation.counts
  const said = differences.map(({ kind, expectedMinor, keptMinor }) => `${kind} ${expectedMinor} ${keptMinor}`).join(', ')
  expect(said === '' ? (open === 1 ? 'open' : agreeing === 1 ? 'agrees' : 'nothing') : said).toBe(expected)
})

test.each<[number[], readonly string[], string]>([
  [[200], [charge, `refund,${first},200,EUR`], 'agrees'],
  [[200, 500], [charge, `refund,${first},200,EUR`, `refund,${first},300,EUR`], 'agrees'],
  [[200], [charge], 'kept 300 500'],
  [[200, 500], [charge, `refund,${first},200,EUR`], 'kept 0 300'],
  [[200], [charge, refund], 'given back 300 0'],
  [[500], [], 'agrees'],
])('REC-7 of what was paid %j has gone back by the journal, against %j: %s', async (givenBack, lines, expected) => {
  const reconciliation = new Reconciliation(await ledgerOf(['kind,charge,amountMinor,currency', ...lines].join('\n')))
  const paid = orderOf('paid')
  const { orderedAt: _orderedAt, ...ended } = paid
  const judged = [
    paid,
    ...givenBack.map((refundedMinor) => ({ ...ended, refundedMinor, state: refundedMinor === 500 ? 'refunded' : 'paid' }) as const),
  ]
  for (const line of judged) reconciliation.judge(line)
  const said = [...reconciliation.rest()].map(({ kind, expectedMinor, keptMinor }) => `${kind} ${expectedMinor} ${keptMinor}`).join(', ')
  expect(said === '' ? 'agrees' : said).toBe(expected)
  expect(reconciliation.counts).toEqual({ orders: 1, agreeing: said === '' ? 1 : 0, open: 0, differences: said === '' ? 0 : 1 })
})

test('REC-2 money for what is no order here is a difference, unless it has gone back', async () => {
  const other = idOf(2)
  const lines = [charge, `charge,${other},700,EUR`, `charge,gone,100,EUR`, `refund,gone,100,EUR`]
  const reconciliation = new Reconciliation(await ledgerOf(['kind,charge,amountMinor,currency', ...lines].join('\r\n')))
  expect(reconciliation.judge(orderOf('paid'))).toEqual([])
  expect([...reconciliation.rest()]).toEqual([{ order: other, kind: 'unknown order', currency: 'EUR', expectedMinor: 0, keptMinor: 700 }])
  expect(reconciliation.counts).toEqual({ orders: 1, agreeing: 1, open: 0, differences: 1 })
})

test('REC-3 a ledger is JSON lines or CSV with its columns in any order, and what else it says is overlooked', async () => {
  const sums = [{ currency: 'EUR', charges: 1, chargedMinor: 500, refundedMinor: 200 }]
  const json = [
    { kind: 'charge', charge: first, amountMinor: 500, currency: 'EUR', card: 'visa' },
    { kind: 'refund', charge: first, amountMinor: 200, currency: 'EUR' },
  ]
  expect(await ledgerOf(`\uFEFF${json.map((line) => JSON.stringify(line)).join('\n\n')}\n`)).toEqual(new Map([[first, sums]]))
  const csv = ['currency,"note, long",amountMinor,kind,charge', `EUR,"a ""b"", c",500,charge,${first}`, `EUR,,200,refund,"${first}"`]
  expect(await ledgerOf(csv.join('\n'))).toEqual(new Map([[first, sums]]))
  expect(await ledgerOf('')).toEqual(new Map())
})

test.each([
  ['{"kind":"charge"}', 'line 1 is no movement'],
  [`kind,charge,amountMinor,currency\n${charge}\ncharge,x,5.5,EUR`, 'line 3 is no movement'],
  [`kind,charge,amountMinor,currency\ncharge,x,"5,EUR`, 'line 2 is no movement'],
  [`kind,charge,amountMinor,currency\ncharge,x,-5,EUR`, 'line 2 is no movement'],
  ['charge,lamp:x1:1,500,EUR', 'it begins neither with an object nor with the names of columns'],
])('REC-4 a ledger that cannot be read is one line that says where', async (text, problem) => {
  await expect(ledgerOf(text)).rejects.toThrow(problem)
})

test('REC-4 nor can one that is not there', async () => {
  await expect(readLedger(join(folder, 'none'))).rejects.toThrow(/none cannot be read: ENOENT/)
})
