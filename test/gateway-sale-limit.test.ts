import { afterEach, expect, test } from 'vitest'
import type { Heard } from '../cluster/scripted-shard.ts'
import { skuChange, skuSettings } from '../gateway/view-fixtures.ts'
import { op } from '../protocol/entry.ts'
import { unpackInner } from '../protocol/inner-codec.ts'
import { GatewayRig, type RigOptions } from './gateway-rig.ts'

let rig: GatewayRig

afterEach(() => rig.close())

const limited = { lamp: { saleLimitPerUser: 3 } }
const reserved = { kind: 'result', result: { number: 5, qty: 2 } } as const
const buyOps: ReadonlySet<number> = new Set([op.buy, op.reservedBuy])

test('LIM-20 a buy in a sale with a limit of its own has units reserved first, and is answered by the SKU', async () => {
  await start({ ...limited, sessionScript: () => reserved })
  const service = await rig.rpc()
  expect(await service.call('buy', ['anna', 'lamp', 2, 'request-1'])).toMatchObject({ error: null, result: { state: 'none' } })
  const [asked] = heardOf(rig.sessions, op.reserve)
  expect(asked).toMatchObject({ user: 'anna' })
  expect(unpackInner(asked?.payload ?? new Uint8Array(0))).toEqual({ sku: 'lamp', sale: 'sale-of-lamp', qty: 2, limit: 3 })
  const [bought] = buys()
  expect(bought).toMatchObject({ op: op.reservedBuy, user: 'anna', sku: 'lamp', qty: 2 })
  expect(bought?.requestHi).not.toBe(0)
  expect(unpackInner(bought?.payload ?? new Uint8Array(0))).toEqual({ number: 5, qty: 2 })
})

test('LIM-20 by every transport', async () => {
  await start({ ...limited, sessionScript: () => reserved })
  const token = rig.tokenOf('ben')
  const [bought, socket] = await Promise.all([rig.http(token, 'buy', ['lamp']), rig.socket({ token })])
  expect(bought.status).toBe(200)
  expect(await socket.call('buy', ['lamp'])).toMatchObject({ error: null })
  expect(buys().map(({ op: asks, user }) => [asks, user])).toEqual([
    [op.reservedBuy, 'ben'],
    [op.reservedBuy, 'ben'],
  ])
})

test('LIM-21 without a word of the session nothing is bought', async () => {
  await start({ ...limited, sessionScript: () => ({ kind: 'refuse', code: 'BUSY', retryAfterMs: 700 }) })
  const service = await rig.rpc()
  expect(await service.call('buy', ['anna', 'lamp'])).toMatchObject({ error: { code: 'BUSY', retryAfterMs: 700 } })
  expect(buys()).toEqual([])
})

test('LIM-22 buys of other SKUs, and other calls, go straight to the shard; what all know to be sold out is refused at once', async () => {
  await start({ sessionScript: () => reserved })
  await (await rig.rpc()).call('buy', ['anna', 'lamp'])
  expect(buys().map((one) => one.op)).toEqual([op.buy])
  rig.close()
  await start({ ...limited, sessionScript: () => reserved })
  const service = await rig.rpc()
  await service.call('leave', ['anna', 'lamp'])
  await service.call('claim', ['anna', 'lamp'])
  rig.broadcast({ toSeq: 2, skus: [skuChange(skuSettings('lamp'), { available: 0, sold: 10, buyers: new Uint8Array(0) })] })
  expect(await service.call('buy', ['anna', 'lamp'])).toMatchObject({ error: { code: 'SOLD_OUT' } })
  expect(heardOf(rig.sessions, op.reserve)).toEqual([])
})

async function start(options: RigOptions): Promise<void> {
  rig = await GatewayRig.start(options)
}

function buys(): readonly Heard[] {
  return rig.inventory.heard.filter((one) => buyOps.has(one.op))
}

function heardOf(shard: { readonly heard: readonly Heard[] }, operation: number): readonly Heard[] {
  return shard.heard.filter((one) => one.op === operation)
}
