import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { SluiceError } from '../protocol/client/index.ts'
import { connectRpc, type RpcClient } from '../protocol/client/rpc-client.ts'
import { connectSocket, type SocketClient } from '../protocol/client/socket-client.ts'
import type { SaleInfo } from '../protocol/results.ts'
import type { SaleChangeInput } from '../protocol/sale-change.ts'
import { readBooks } from './checkers/journal-books.ts'
import { RunningNode } from './running-node.ts'

const patience = { timeout: 30_000, interval: 50 }
const hour = 3_600_000

let node: RunningNode
let operator: RpcClient
const open: SocketClient[] = []

afterEach(async () => {
  operator.close()
  for (const client of open.splice(0)) client.close()
  await node.stop()
})

async function start(): Promise<void> {
  node = await RunningNode.start({ settings: { shards: 4, simulatedDelayMs: 0, tickMs: 20 } })
  operator = node.operator()
  const skus = ['lamp', 'mug'].map((sku) => ({ sku, title: sku, priceMinor: 4_900, stock: 3, holdTtlMs: hour }))
  await operator.saleCreate({ sale: 'desk', title: 'Desk', opensAt: 0, skus })
  await expect.poll(() => operator.skuStatus('mug'), patience).toMatchObject({ state: 'open' })
}

function come(user: string): SocketClient {
  const client = connectSocket({ url: node.socketUrl, token: node.tokenOf(user), WebSocket })
  open.push(client)
  return client
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'done'
  } catch (error) {
    if (error instanceof SluiceError) return `${error.code}: ${error.message}`
    throw error
  }
}

test('EDT-10 a running sale gets another price; who holds something pays what was promised, through a crash, and hears of it', async () => {
  await start()
  const anna = come('anna')
  const told: SaleInfo[] = []
  const holds: unknown[] = []
  anna.on('sale', (sale) => told.push(sale))
  anna.on('held', (hold) => holds.push(hold))
  await anna.watch('lamp')
  await anna.buy('lamp')
  const change = { sale: 'desk', skus: [{ sku: 'lamp', priceMinor: 3_900 }] }
  const would = await operator.saleUpdate(change, { preview: true })
  expect(would).toMatchObject({ preview: true, changes: [{ sku: 'lamp', setting: 'priceMinor', before: 4_900, after: 3_900 }] })
  expect(would.changes[0]?.effect).toContain('1 open hold keeps EUR 49.00')
  expect(await operator.saleUpdate(change)).toEqual({ ...would, preview: false })
  expect(await operator.call('sku.get', ['lamp'])).toMatchObject({ priceMinor: 3_900 })
  await expect.poll(() => told.at(-1)?.skus.find(({ sku }) => sku === 'lamp')?.priceMinor, patience).toBe(3_900)
  await expect.poll(() => holds.at(-1), patience).toMatchObject({ sku: 'lamp', priceMinor: 4_900 })
  await node.kill()
  await node.restart()
  expect(await anna.claim('lamp')).toMatchObject({ state: 'held', priceMinor: 4_900 })
  expect(await anna.checkout('lamp', 'tok_ok')).toMatchObject({ amountMinor: 4_900 })
  await operator.as('bob').buy('lamp')
  expect(await operator.as('bob').checkout('lamp', 'tok_ok')).toMatchObject({ amountMinor: 3_900 })
  await expect.poll(() => operator.skuStatus('lamp'), patience).toMatchObject({ sold: 2 })
  await node.terminate()
  expect((await readBooks(node.dataFolder)).problems).toEqual([])
})

test('EDT-11 what is said of the sale is of all its SKUs, and a repeat changes nothing', async () => {
  await start()
  const closesAt = Date.now() + hour
  const change: SaleChangeInput = { sale: 'desk', title: 'Desks', closesAt, skus: [{ sku: 'mug', perUserMax: 3 }] }
  const { changes } = await operator.saleUpdate(change, { requestId: 'r1' })
  expect(changes.map(({ sku, setting }) => `${sku} ${setting}`).toSorted()).toEqual(
    ['lamp closesAt', 'lamp saleTitle', 'mug closesAt', 'mug perUserMax', 'mug saleTitle'].toSorted(),
  )
  expect(await operator.call('sale.get', ['desk'])).toMatchObject({ title: 'Desks', skus: [{ closesAt }, { closesAt }] })
  expect((await operator.saleUpdate(change, { requestId: 'r1' })).changes).toEqual([])
  await operator.saleUpdate({ sale: 'desk', closesAt: Date.now() + 500 })
  await expect.poll(() => operator.skuStatus('mug'), patience).toMatchObject({ state: 'closed' })
})

test('EDT-12 what cannot be changed is refused with the setting and the reason, and then nothing is', async () => {
  await start()
  for (const [change, said] of [
    [{ sale: 'other', title: 'T' }, 'UNKNOWN_SALE'],
    [{ sale: 'desk', skus: [{ sku: 'pen', title: 'T' }] }, 'UNKNOWN_SKU: SKU pen is not in sale desk'],
    [{ sale: 'desk', title: 'T', skus: [{ sku: 'mug', currency: 'USD' }] }, 'skus[0].currency: cannot be changed'],
    [{ sale: 'desk', skus: [{ sku: 'mug', priceMinor: -1 }] }, 'skus[0].priceMinor: must be at least 0'],
    [{ sale: 'desk', skus: [{ sku: 'mug', colour: 'red' }] }, 'has a field that is not known: colour'],
    [{ sale: 'desk' }, 'names nothing'],
    ['desk', 'the change: must be an object'],
    [{ sale: 'desk', title: 'T', opensAt: Date.now() + hour }, 'opensAt cannot be changed, for the sale is open'],
    [{ sale: 'desk', title: 'T', closesAt: 1 }, 'closesAt is over already'],
  ] as const)
    expect(await codeOf(operator.call('sale.update', [change]))).toContain(said)
  expect(await operator.call('sale.get', ['desk'])).toMatchObject({ title: 'Desk' })
  const service = connectRpc({ url: node.rpcUrl, key: node.secrets.backendKey })
  expect(await codeOf(service.call('sale.update', [{ sale: 'desk', title: 'T' }]))).toContain('FORBIDDEN')
  service.close()
})
