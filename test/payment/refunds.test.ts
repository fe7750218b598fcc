import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { runProgram } from '../../ops/cli/program.ts'
import { RecordingTerminal } from '../../ops/cli/recording-terminal.ts'
import { connectSocket } from '../../protocol/client/index.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import type { Order } from '../../protocol/results.ts'
import { RunningNode } from '../running-node.ts'
import { ProviderServer } from './provider-server.ts'

const secret = 'between-the-two-of-us-and-nobody-else'
const withinMs = { timeout: 60_000 }

vi.setConfig({ testTimeout: 90_000 })

let provider: ProviderServer
let node: RunningNode
let operator: RpcClient

beforeEach(async () => {
  provider = await ProviderServer.start({ secret })
  node = await RunningNode.start({
    settings: { shards: 2, paymentProvider: 'http', paymentDeadlineMs: 2_000 },
    environment: { SLUICE_PAYMENT_URL: provider.url, SLUICE_PAYMENT_SECRET: secret },
  })
  operator = node.operator()
  await node.createSku('lamp', { stock: 10, perUserMax: 10, priceMinor: 9_900 })
})

afterEach(async () => {
  operator.close()
  await node.stop()
  await provider.stop()
})

/** The order of one lamp, paid. */
async function bought(user: string): Promise<string> {
  const shopper = operator.as(user)
  await shopper.buy('lamp')
  const { order } = await shopper.checkout('lamp', 'tok_visa')
  await expect.poll(async () => (await shopper.order(order)).state, withinMs).toBe('paid')
  return order
}

async function sluice(...words: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const terminal = new RecordingTerminal(node.dataFolder, false, { SLUICE_KEY: node.secrets.operatorKey })
  const address = ['--rpc', `127.0.0.1:${node.ports.rpc}`]
  const code = await runProgram([...words, ...address], terminal, () => Promise.reject(new Error('no node is started here')))
  return { code, out: terminal.printed, err: terminal.complained }
}

test('PAY-70 an order is given back in parts and as a whole, also when its buyer has bought again, and the buyer is told each time', async () => {
  const order = await bought('ann')
  await bought('ann')
  const phone = connectSocket({ url: node.socketUrl, token: node.tokenOf('ann'), WebSocket })
  const told: Order[] = []
  phone.on('order', (event) => told.push(event))
  await phone.claim('lamp')
  const part = await operator.orderRefund(order, { amountMinor: 2_000, requestId: 'r1' })
  expect(part).toMatchObject({ order, user: 'ann', state: 'paid', refund: { amountMinor: 2_000 } })
  await expect.poll(async () => (await operator.orderFind(order)).refundedMinor, withinMs).toBe(2_000)
  expect(await operator.orderRefund(order, { amountMinor: 2_000, requestId: 'r1' })).toMatchObject({ refund: { state: 'done' } })
  await expect(operator.orderRefund(order, { amountMinor: 7_901 })).rejects.toMatchObject({ code: 'NOT_REFUNDABLE' })

  expect(await sluice('orders', 'refund', order)).toMatchObject({ code: 0, err: '' })
  await expect.poll(async () => (await sluice('orders', 'find', order)).out, withinMs).toMatch(/refunded .*EUR 99.00 +EUR 99.00/)
  await expect
    .poll(() => told.filter((event) => event.order === order).map(({ state, refundedMinor }) => [state, refundedMinor]), withinMs)
    .toEqual([
      ['paid', 2_000],
      ['refunded', 9_900],
    ])
  expect(provider.books.all().map(({ kind, amountMinor }) => [kind, amountMinor])).toEqual([
    ['charge', 9_900],
    ['charge', 9_900],
    ['refund', 2_000],
    ['refund', 7_900],
  ])
  expect(await operator.skuStatus('lamp'), 'units stay sold').toMatchObject({ available: 8, sold: 2 })
  expect((await operator.as('ann').orders()).find((one) => one.order === order)).toMatchObject({ state: 'refunded', refundedMinor: 9_900 })
  phone.close()
})

test('PAY-71 an order that is given up before it is charged never is, and only operators find and refund', async () => {
  provider.climate = { fails: 1 }
  const shopper = operator.as('ann')
  await shopper.buy('lamp')
  const { order } = await shopper.checkout('lamp', 'tok_visa')
  expect(await shopper.cancelOrder(order)).toMatchObject({ order, state: 'refunding' })
  expect(await operator.skuStatus('lamp')).toMatchObject({ available: 10 })
  provider.climate = {}
  await expect.poll(async () => (await shopper.order(order)).state, withinMs).toBe('cancelled')
  expect(provider.books.balanceMinor).toBe(0)
  const backend = connectRpc({ url: node.rpcUrl, key: node.secrets.backendKey })
  await expect(backend.orderFind(order)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(backend.orderRefund(order)).rejects.toMatchObject({ code: 'FORBIDDEN' })
  await expect(operator.orderRefund(order)).rejects.toMatchObject({ code: 'NOT_REFUNDABLE' })
  backend.close()
  expect((await sluice('orders', 'refund', order, '--amount', '0')).code).toBe(2)
})
