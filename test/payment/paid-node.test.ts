import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { RunningNode } from '../running-node.ts'
import { runSluice } from '../sluice-process.ts'
import { ProviderServer } from './provider-server.ts'
import { sendWebhook } from './webhook-sender.ts'

const secret = 'between-the-two-of-us-and-nobody-else'
const priceMinor = 9_900
const withinMs = { timeout: 60_000 }

vi.setConfig({ testTimeout: 90_000 })

let provider: ProviderServer
let node: RunningNode
let operator: RpcClient
let webhooks: Promise<number>[]

beforeEach(async () => {
  webhooks = []
  provider = await ProviderServer.start({
    secret,
    lateMs: 20,
    pendingMs: 200,
    onDecided: (charge, money) => webhooks.push(tell(charge, money)),
  })
  node = await RunningNode.start({
    settings: { shards: 2, paymentProvider: 'http', paymentConcurrency: 50, paymentDeadlineMs: 2_000 },
    environment: { SLUICE_PAYMENT_URL: provider.url, SLUICE_PAYMENT_SECRET: secret },
  })
  operator = node.operator()
  await node.createSku('lamp', { stock: 1_000, perUserMax: 10, paymentTtlMs: 600_000 })
})

afterEach(async () => {
  operator.close()
  await node.stop()
  await provider.stop()
})

function tell(charge: string, money: object): Promise<number> {
  return sendWebhook({ url: `${node.opsUrl}/payment/webhook`, secret, body: webhookBody(charge, money) })
}

function webhookBody(charge: string, money: object): string {
  return JSON.stringify({ id: `evt ${charge}`, charge, ...money })
}

async function order(user: string, token: string): Promise<void> {
  const shopper = operator.as(user)
  await shopper.buy('lamp')
  await shopper.checkout('lamp', token)
}

async function stateOf(user: string): Promise<string> {
  return (await operator.as(user).claim('lamp')).state
}

test('PAY-60 a node charges over HTTP what the sale costs; what is declined goes back on sale, and the token reaches no log', async () => {
  await order('ann', 'tok_of_ann')
  await order('bob', 'tok_declined')
  await expect.poll(() => stateOf('ann'), withinMs).toBe('paid')
  await expect.poll(() => stateOf('bob'), withinMs).toBe('declined')
  expect(provider.books.all()).toMatchObject([{ kind: 'charge', amountMinor: priceMinor, currency: 'EUR' }, { kind: 'declined' }])
  expect(await operator.skuStatus('lamp')).toMatchObject({ available: 999, sold: 1 })
  const metrics = await (await fetch(`${node.opsUrl}/metrics`)).text()
  expect(metrics).toContain('sluice_payments_total{outcome="paid"} 1')
  expect(metrics).toContain('sluice_payment_provider_seconds_count{question="charge"} 2')
  expect(node.log).not.toContain('tok_')
})

test('PAY-61 an outcome that comes later is settled as soon as the webhook tells of it', async () => {
  provider.script = ['pending']
  await order('ann', 'tok_of_ann')
  await expect.poll(() => webhooks.length, withinMs).toBe(1)
  expect(await webhooks[0]).toBe(200)
  expect(await stateOf('ann')).toBe('paid')
})

test('PAY-67 a node believes no webhook that is forged, old or a replay, and asks the provider for each that it believes', async () => {
  await order('ann', 'tok_of_ann')
  await expect.poll(() => stateOf('ann'), withinMs).toBe('paid')
  const [charged] = provider.books.all()
  if (charged === undefined) throw new Error('nothing was charged')
  const { charge, amountMinor, currency } = charged
  const wish = { url: `${node.opsUrl}/payment/webhook`, secret, at: Date.now(), body: webhookBody(charge, { amountMinor, currency }) }
  const sixMinutesMs = 6 * 60_000

  expect(await sendWebhook({ ...wish, secret: 'x'.repeat(32) })).toBe(401)
  expect(await sendWebhook({ ...wish, signature: `v1=${'0'.repeat(64)}` })).toBe(401)
  expect(await sendWebhook({ ...wish, at: Date.now() - sixMinutesMs })).toBe(401)
  expect(await sendWebhook({ ...wish, at: Date.now() + sixMinutesMs })).toBe(401)
  expect(provider.count('GET')).toBe(0)

  expect(await sendWebhook(wish)).toBe(200)
  expect(await sendWebhook(wish), 'the same bytes again').toBe(409)
  expect(await sendWebhook({ ...wish, at: Date.now() + 1 }), 'signed anew').toBe(409)
  expect(provider.count('GET')).toBe(1)
  expect(await stateOf('ann')).toBe('paid')
})

test('PAY-62 a node that is killed before it has heard the outcome asks after it: the order is charged once', async () => {
  provider.script = ['hangs']
  await order('ann', 'tok_of_ann')
  await expect.poll(() => provider.books.balanceMinor, withinMs).toBe(priceMinor)
  operator.close()
  await node.kill()
  await node.restart()
  operator = node.operator()
  await expect.poll(() => stateOf('ann'), withinMs).toBe('paid')
  expect(provider.books.all()).toHaveLength(1)
})

test('PAY-64 through all that a provider may do wrong every order ends, and its books agree with the sale', async () => {
  const users = Array.from({ length: 100 }, (_, index) => `user-${index}`)
  provider.climate = {
    fails: 0.1,
    hangs: 0.03,
    'loses-request': 0.03,
    'loses-answer': 0.1,
    twice: 0.1,
    babbles: 0.1,
    floods: 0.03,
    pending: 0.1,
  }
  await Promise.all(users.map((user, index) => order(user, index % 5 === 0 ? 'tok_declined' : `tok_of_${user}`)))
  await expect.poll(async () => (await operator.skuStatus('lamp')).ordered, withinMs).toBe(0)
  const { sold } = await operator.skuStatus('lamp')
  expect(sold).toBe(80)
  expect(provider.books.balanceMinor).toBe(sold * priceMinor)
  const moved = provider.books.all().filter(({ kind }) => kind !== 'declined')
  expect(moved).toHaveLength(80)
  const ledger = join(node.dataFolder, 'ledger')
  await writeFile(ledger, moved.map((movement) => JSON.stringify(movement)).join('\n'))
  const { code, out } = await runSluice(['orders', 'reconcile', '--data', node.dataFolder, '--ledger', ledger])
  expect({ code, out }).toEqual({ code: 0, out: '100 orders: 100 agree, 0 open, 0 differences\n' })
})
