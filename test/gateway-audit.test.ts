import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { pseudonymOf } from '../actors/pseudonym.ts'
import type { SharedTable } from '../cluster/shared-table.ts'
import { StoreFault } from '../cluster/store.ts'
import { op } from '../protocol/entry.ts'
import { GatewayGroup } from './gateway-group.ts'
import type { GatewayRig, RigOptions } from './gateway-rig.ts'
import type { RawTcp } from './raw-connections.ts'

let group: GatewayGroup

beforeEach(async () => {
  group = await GatewayGroup.open()
})
afterEach(() => group.close())

const status = { sku: 'lamp', available: 5, held: 0, ordered: 0, sold: 0, waiting: 0, state: 'paused' }
const listSchema = z.object({ error: z.null(), result: z.object({ entries: z.array(z.looseObject({})), next: z.number().nullable() }) })

async function start(options: RigOptions = {}): Promise<GatewayRig> {
  const script: RigOptions['script'] = ({ op: asks }) => ({ kind: 'result', result: asks === op.edit ? [] : status })
  return group.start({ bans: group.store.record('bans'), audit: group.store.table('audit'), script, ...options })
}

async function listed(connection: RawTcp): Promise<readonly Record<string, unknown>[]> {
  return listSchema.parse(await connection.call('audit.list', [])).result.entries
}

/** A table that does not take writes after so many. */
function failing(after: number): SharedTable {
  const table = group.store.table('audit')
  let writes = 0
  return {
    get: (key) => table.get(key),
    write: (changes) => (writes++ < after ? table.write(changes) : Promise.reject(new StoreFault('STORE_FAILED', 'away'))),
    walk: (revision, most) => table.walk(revision, most),
    walkBack: (revision, most) => table.walkBack(revision, most),
    changesAfter: (revision, most) => table.changesAfter(revision, most),
    last: () => table.last(),
    size: () => table.size(),
  }
}

test('ADT-1 a deed is kept with who, when, what, before and after, over RPC and HTTP, and is there when its answer comes', async () => {
  const rig = await start({ settings: { rpcOpen: false } })
  const operator = await rig.rpc()
  await operator.call('auth', [rig.keys.operator])
  const began = Date.now()
  await operator.call('sale.pause', ['sale-of-lamp', 'r1'])
  expect(await listed(operator)).toMatchObject([
    {
      ...{ who: 'operator', address: '127.0.0.1', method: 'sale.pause', params: { sale: 'sale-of-lamp' }, outcome: 'done', message: null },
      ...{ before: { lamp: 'open' }, after: { lamp: 'paused' } },
    },
  ])
  const [entry] = await listed(operator)
  expect(Number(entry?.['at'])).toBeGreaterThanOrEqual(began)
  expect(Number(entry?.['endedAt'])).toBeGreaterThanOrEqual(Number(entry?.['at']))
  await rig.http(rig.keys.operator, 'sku.restock', ['lamp', 3])
  expect(await listed(operator)).toMatchObject([
    { method: 'sku.restock', params: { sku: 'lamp', units: 3 }, before: { sku: 'lamp' }, after: status },
    { method: 'sale.pause' },
  ])
})

test('ADT-2 what is refused is kept with the code and the reason, also what makes no sense', async () => {
  const operator = await (await start({ script: () => ({ kind: 'refuse', code: 'CLOSED' }) })).rpc()
  await operator.call('sku.restock', ['lamp', 3])
  await operator.call('sku.restock', ['lamp', 'many'])
  await operator.call('sale.close', ['no-such-sale'])
  expect(await listed(operator)).toMatchObject([
    { who: 'loopback', method: 'sale.close', outcome: 'UNKNOWN_SALE' },
    { params: { units: 'many' }, outcome: 'MALFORMED', message: 'param 2 (units) must be an integer from 1 to 1000000000' },
    { params: { units: 3 }, outcome: 'CLOSED' },
  ])
})

test('ADT-3 a repeat is the same deed; what was refused for the moment has its later outcome', async () => {
  let answers = 0
  const rig = await start({ script: () => (answers++ === 0 ? { kind: 'refuse', code: 'BUSY' } : { kind: 'result', result: status }) })
  const operator = await rig.rpc()
  for (let i = 0; i < 3; i++) await operator.call('sku.restock', ['lamp', 3, 'r1'])
  expect(await listed(operator)).toMatchObject([{ method: 'sku.restock', outcome: 'done' }])
  await operator.call('sku.restock', ['lamp', 4, 'r1'])
  expect(await listed(operator)).toMatchObject([{ params: { units: 4 } }, { params: { units: 3 } }])
})

test('ADT-4 users have pseudonyms in it, secrets and what the shop says of users are not in it, and long things are cut', async () => {
  const operator = await (await start()).rpc()
  await operator.call('ban.add', ['user', 'anna', null, 'why'])
  await operator.call('ban.remove', ['user', 'anna'])
  await operator.call('user.set', ['anna', { displayName: 'Anna B.' }])
  await operator.call('user.erase', ['anna'])
  await operator.call('sale.update', [{ sale: 'sale', note: 'x'.repeat(5_000), token: 'abc', skus: Array.from({ length: 400 }, () => 1) }])
  const entries = await listed(operator)
  const text = JSON.stringify(entries)
  for (const secret of ['anna', 'Anna', 'abc']) expect(text).not.toContain(secret)
  expect(text.length).toBeLessThan(10_000)
  const user = pseudonymOf('anna')
  expect(entries.slice(1)).toMatchObject([
    { method: 'user.erase', params: { user } },
    { method: 'user.set', params: { user, fields: ['displayName'] } },
    { method: 'ban.remove', params: { target: user }, before: { reason: 'why' }, after: null },
    { method: 'ban.add', params: { kind: 'user', target: user }, before: null, after: { reason: 'why' } },
  ])
})

test('ADT-5 nothing is done that cannot be kept, and an outcome that cannot be kept is not told', async () => {
  const rig = await start({ audit: failing(0) })
  const refused = { error: { code: 'UNAVAILABLE' } }
  expect(await (await rig.rpc()).call('sku.restock', ['lamp', 3])).toMatchObject(refused)
  expect(rig.inventory.heard.map(({ op: asks }) => asks)).not.toContain(op.restock)
  const other = await start({ audit: failing(1) })
  const operator = await other.rpc()
  expect(await operator.call('sku.restock', ['lamp', 3, 'r1'])).toMatchObject(refused)
  expect(other.inventory.heard.map(({ op: asks }) => asks)).toContain(op.restock)
  const later = await (await start()).rpc()
  expect(await listed(later)).toMatchObject([{ method: 'sku.restock', outcome: 'unknown', endedAt: null }])
  expect(await later.call('sku.restock', ['lamp', 3, 'r1'])).toMatchObject({ error: null })
  expect(await listed(later)).toMatchObject([{ method: 'sku.restock', outcome: 'done' }])
})

test('ADT-7 all gateways keep one log', async () => {
  await (await (await start()).rpc()).call('sku.restock', ['lamp', 1])
  const operator = await (await start()).rpc()
  await operator.call('sku.restock', ['lamp', 2])
  expect(await listed(operator)).toMatchObject([{ params: { units: 2 } }, { params: { units: 1 } }])
})

test('ADT-8 what only reads, previews, and what services and users do is not in it, and only operators read it', async () => {
  const rig = await start({ settings: { rpcOpen: false } })
  const service = await rig.rpc()
  await service.call('auth', [rig.keys.backend])
  expect(await service.call('user.set', ['anna', { tier: 'gold' }])).toMatchObject({ error: null })
  const forbidden = { error: { code: 'FORBIDDEN' } }
  expect(await service.call('sku.restock', ['lamp', 3])).toMatchObject(forbidden)
  expect(await service.call('audit.list', [])).toMatchObject(forbidden)
  const operator = await rig.rpc()
  await operator.call('auth', [rig.keys.operator])
  await operator.call('sku.status', ['lamp'])
  await operator.call('ban.list', [])
  await operator.call('buy', ['anna', 'lamp'])
  expect(await operator.call('sale.update', [{ sale: 'sale-of-lamp', title: 'T' }, true])).toMatchObject({ error: null })
  expect(await listed(operator)).toEqual([])
  expect(await operator.call('audit.list', [null, 1_000])).toMatchObject({ error: { code: 'MALFORMED' } })
})
