import { afterEach, expect, test } from 'vitest'
import { SluiceError } from '../protocol/client/index.ts'
import type { RpcClient } from '../protocol/client/rpc-client.ts'
import { RunningNode } from './running-node.ts'

const patience = { timeout: 30_000, interval: 50 }
const sku = { title: 'Thing', priceMinor: 100, stock: 50, perUserMax: 2 }
const skus = ['pen', 'ink', 'pad']

let node: RunningNode
let client: RpcClient

afterEach(async () => {
  client.close()
  await node.stop()
})

test('LIM-16 a limit over SKUs in several shards holds on a real node, through calls at once and a crash', async () => {
  node = await RunningNode.start({ settings: { shards: 8, tickMs: 20 } })
  client = node.operator()
  await client.saleCreate({ sale: 'desk', title: 'Desk', opensAt: 0, saleLimitPerUser: 2, skus: skus.map((one) => ({ ...sku, sku: one })) })
  await expect.poll(() => client.skuStatus('pad'), patience).toMatchObject({ state: 'open' })
  const anna = client.as('anna')
  const outcomes = await Promise.all(skus.map((one) => outcomeOf(anna.buy(one))))
  expect(outcomes.toSorted()).toEqual(['LIMIT_REACHED', 'held', 'held'])
  await node.kill()
  await node.restart()
  client.close()
  client = node.operator()
  const [refused = ''] = skus.filter((_, i) => outcomes[i] === 'LIMIT_REACHED')
  const [other = ''] = skus.filter((_, i) => outcomes[i] === 'held')
  const again = client.as('anna')
  expect(await outcomeOf(again.buy(refused))).toBe('LIMIT_REACHED')
  expect(await outcomeOf(again.buy(other))).toBe('held')
  await again.leave(other)
  await expect.poll(() => outcomeOf(again.buy(refused)), patience).toBe('held')
})

/** The state that a `buy` came to, or the code with which it was refused. */
async function outcomeOf(bought: Promise<{ readonly state: string }>): Promise<string> {
  try {
    return (await bought).state
  } catch (error) {
    if (error instanceof SluiceError) return error.code
    throw error
  }
}
