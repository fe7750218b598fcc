import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { InventoryRig, settingsOf } from '../../actors/testing/inventory-rig.ts'
import { openLmdbStore } from '../../cluster/lmdb-store.ts'
import type { Store } from '../../cluster/store.ts'
import { runProgram } from '../../ops/cli/program.ts'
import { RecordingTerminal } from '../../ops/cli/recording-terminal.ts'
import { RedisBench } from '../redis-bench.ts'
import { LoggedWorld } from '../servers/logged-world.ts'
import { RedisServer } from '../servers/redis-server.ts'

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
}

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-orders-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function sluice(words: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Run> {
  const terminal = new RecordingTerminal(folder, false, environment)
  const code = await runProgram(words, terminal, () => Promise.reject(new Error('no node is started here')))
  return { code, out: terminal.printed, err: terminal.complained }
}

/** Ann has paid, Bob's payment was declined, Cat has not paid yet. */
function shoppedJournal(): readonly Uint8Array[] {
  const rig = new InventoryRig()
  rig.configure(settingsOf({ stock: 3, priceMinor: 1_999 }))
  for (const user of ['ann', 'bob', 'cat']) rig.buy(user)
  for (const user of ['ann', 'bob', 'cat']) rig.checkout(user)
  rig.settle(1, 'paid')
  rig.settle(2, 'declined')
  return rig.journal
}

async function keep(store: Store, records: readonly Uint8Array[]): Promise<void> {
  const lease = await store.claim('inv.0', 'test')
  if (lease === 'taken') throw new Error('the shard is taken')
  await store.open('inv.0', lease.epoch)
  for (const [index, bytes] of records.entries())
    expect(await store.append('inv.0', { epoch: lease.epoch, seq: index + 1 }, bytes)).toBe('stored')
}

describe('orders in a data folder', () => {
  beforeEach(async () => {
    const store = await openLmdbStore({
      folder: join(folder, 'sluice-data'),
      durability: 'fsync',
      archiveDays: 30,
      shards: { inv: 1, ses: 1 },
      world: new LoggedWorld(),
      reserveBytes: 0,
    })
    try {
      await keep(store, shoppedJournal())
    } finally {
      await store.close()
    }
  })

  test('EXP-7 are exported as JSON lines, without a node', async () => {
    const { code, out, err } = await sluice(['orders', 'export'])
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const lines = out.trimEnd().split('\n')
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([
      { order: 'shoe:inc1:1', sku: 'shoe', user: 'ann', qty: 1, amountMinor: 1_999, currency: 'EUR', state: 'paid' },
      { order: 'shoe:inc1:2', user: 'bob', state: 'declined' },
      { order: 'shoe:inc1:3', user: 'cat', state: 'pending' },
    ])
    expect(out).not.toContain('tok_')
  })

  test('EXP-8 or as CSV, and only those in the states that are asked for', async () => {
    const { code, out } = await sluice(['orders', 'export', '--csv', '--state', 'paid, pending'])
    expect(code).toBe(0)
    expect(out.replaceAll(/\d{13}/g, 'T')).toBe(
      'order,sku,user,qty,amountMinor,currency,state,orderedAt,updatedAt,refundedMinor\n' +
        'shoe:inc1:1,shoe,ann,1,1999,EUR,paid,T,T,0\n' +
        'shoe:inc1:3,shoe,cat,1,1999,EUR,pending,T,T,0\n',
    )
    expect(await sluice(['orders', 'export', '--csv', '--jsonl'])).toMatchObject({ code: 2, out: '' })
    expect((await sluice(['orders', 'export', '--state', 'lost'])).err).toContain('"lost" is no state of an order')
    expect(await sluice(['orders', 'export', '--data', 'elsewhere'])).toMatchObject({ code: 1, out: '' })
  })

  test('REC-5 agree with a ledger that has the same, and an order that is still open agrees with anything', async () => {
    await writeFile(
      join(folder, 'ledger.csv'),
      'kind,charge,amountMinor,currency\ncharge,shoe:inc1:1,1999,EUR\ncharge,shoe:inc1:3,1999,EUR\n',
    )
    const { code, out, err } = await sluice(['orders', 'reconcile', '--ledger', 'ledger.csv'])
    expect({ code, out, err }).toEqual({ code: 0, out: '3 orders: 2 agree, 1 open, 0 differences\n', err: '' })
  })

  test('REC-6 every difference is listed, and makes the command fail', async () => {
    await writeFile(
      join(folder, 'ledger.jsonl'),
      [
        { kind: 'charge', charge: 'shoe:inc1:2', amountMinor: 1_999, currency: 'EUR' },
        { kind: 'charge', charge: 'shoe:inc1:9', amountMinor: 500, currency: 'EUR' },
      ]
        .map((line) => JSON.stringify(line))
        .join('\n'),
    )
    const told = await sluice(['orders', 'reconcile', '--ledger', 'ledger.jsonl'])
    expect(told).toEqual({
      code: 1,
      out: [
        'shoe:inc1:1  not charged: paid here, which makes EUR 19.99; the provider has kept EUR 0.00',
        'shoe:inc1:2  kept: declined here, which makes EUR 0.00; the provider has kept EUR 19.99',
        'shoe:inc1:9  unknown order: not in the journal, which makes EUR 0.00; the provider has kept EUR 5.00',
        '3 orders: 0 agree, 1 open, 3 differences\n',
      ].join('\n'),
      err: 'sluice: journal and ledger disagree in 3 cases\n',
    })
    const asJson = await sluice(['orders', 'reconcile', '--ledger', 'ledger.jsonl', '--json'])
    expect(asJson.out.trimEnd().split('\n')).toHaveLength(3)
    expect(JSON.parse(asJson.out.split('\n')[0] ?? '')).toEqual({
      ...{ order: 'shoe:inc1:1', kind: 'not charged', state: 'paid', currency: 'EUR', expectedMinor: 1_999, keptMinor: 0 },
    })
    expect((await sluice(['orders', 'reconcile'])).code).toBe(2)
    expect((await sluice(['orders', 'reconcile', '--ledger', 'none'])).err).toMatch(/^sluice: .*none cannot be read: ENOENT.*\n$/)
  })
})

test('EXP-9 the orders of a cluster are read from its Redis, and verified there', async () => {
  const server = await RedisServer.start()
  const bench = await RedisBench.fresh(server)
  try {
    await keep(await bench.open(), shoppedJournal())
    const environment = { SLUICE_REDIS_URL: server.url }
    const { code, out, err } = await sluice(['orders', 'export', '--csv'], environment)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out.match(/^shoe:inc1:\d,/gm)).toHaveLength(3)
    const verified = await sluice(['journal', 'verify'], environment)
    expect(verified).toMatchObject({ code: 0, err: '' })
    expect(verified.out).toContain('No gap, every checksum right')
    const misspelt = await sluice(['orders', 'export'], { SLUICE_REDIS_URL: '127.0.0.1:6379' })
    expect(misspelt).toMatchObject({ code: 2, err: 'sluice: SLUICE_REDIS_URL is no address of Redis\n' })
  } finally {
    await bench.close()
    await server.remove()
  }
})
