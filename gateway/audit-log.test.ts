import { beforeEach, expect, test } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import type { AuditEntry } from '../protocol/audit.ts'
import { AuditLog } from './audit-log.ts'
import { ScriptedTable } from './catalogue/scripted-table.ts'

let world: ManualWorld
let table: ScriptedTable
let audit: AuditLog

beforeEach(() => {
  world = new ManualWorld()
  table = new ScriptedTable()
  audit = new AuditLog({ table, clock: world.clock, log: world.log, limits: { auditEntriesMax: 6, auditDays: 2 } })
})

function entry(method: string, outcome = 'done'): AuditEntry {
  const at = world.clock.now()
  return {
    at,
    endedAt: outcome === 'unknown' ? null : at,
    who: 'k',
    address: 'a',
    method,
    params: null,
    outcome,
    message: null,
    before: null,
    after: null,
  }
}

async function deed(name: string): Promise<void> {
  await audit.begin(name, entry(name, 'unknown'))
  await audit.end(name, entry(name))
}

async function names(after: number | null, limit: number): Promise<readonly [readonly string[], number | null]> {
  const { entries, next } = await audit.list(after, limit)
  return [entries.map(({ method, outcome }) => (outcome === 'done' ? method : `${method} ${outcome}`)), next]
}

test('ADT-6 entries come newest first, in pages that end', async () => {
  for (const name of ['a', 'b', 'c', 'd']) await deed(name)
  await audit.begin('e', entry('e', 'unknown'))
  const [first, next] = await names(null, 2)
  expect(first).toEqual(['e unknown', 'd'])
  await deed('f')
  const [second, rest] = await names(next, 2)
  expect(second).toEqual(['c', 'b'])
  const [third, none] = await names(rest, 2)
  expect([third, none]).toEqual([['a'], null])
  expect(await names(null, 200)).toEqual([['f', 'e unknown', 'd', 'c', 'b', 'a'], null])
})

test('ADT-6 the oldest go when there are too many, and when their time is over', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await deed(name)
  await expect.poll(() => names(null, 20)).toEqual([['g', 'f', 'e', 'd', 'c', 'b'], null])
  await world.pass(3 * 86_400_000)
  await deed('h')
  await expect.poll(() => names(null, 20)).toEqual([['h'], null])
})
