import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebhookReceiver, webhookWindowMs } from '../../actors/payment/http/webhook-receiver.ts'
import type { ChargedOrder } from '../../actors/payment/payment-worker.ts'
import { createMetrics } from '../../ops/metrics.ts'
import { startOpsServer, type OpsServer } from '../../ops/ops-server.ts'
import { Readiness } from '../../ops/readiness.ts'
import { webhookRoute } from '../../ops/webhook-route.ts'
import { realClock } from '../../ops/world.ts'
import { recordedWorld, type RecordedWorld } from '../recorded-world.ts'
import { sendWebhook, type WebhookWish } from './webhook-sender.ts'

const secret = 'between-the-two-of-us-and-nobody-else'
const newSecret = 'what-takes-its-place-when-it-is-changed'
const notice = { id: 'evt_1', charge: 'lamp:x1:1', amountMinor: 4_900, currency: 'EUR' }

/** A worker that settles what it is asked to look at, unless it is told otherwise. */
class Looking {
  readonly looked: ChargedOrder[] = []
  isKnown = true

  async look(order: ChargedOrder): Promise<void> {
    this.looked.push(order)
    if (!this.isKnown) throw new Error('whether it is paid is not known yet')
  }
}

describe('a webhook of the payment provider', () => {
  let world: RecordedWorld
  let ops: OpsServer
  let worker: Looking

  const send = (wish: Partial<WebhookWish> = {}): Promise<number> =>
    sendWebhook({ url: `http://127.0.0.1:${ops.port}/payment/webhook`, secret, body: JSON.stringify(notice), ...wish })

  beforeEach(async () => {
    world = recordedWorld()
    worker = new Looking()
    ops = await startOpsServer({
      host: '127.0.0.1',
      port: 0,
      metrics: createMetrics(),
      readiness: new Readiness(realClock),
      log: world.log,
    })
    const receiver = new WebhookReceiver({ secrets: { current: newSecret, accepted: [newSecret, secret] }, world, worker })
    ops.add('/payment/webhook', webhookRoute(receiver))
  })
  afterEach(() => ops.close())

  test('PAY-50 makes the worker ask about its order, and is taken once that is settled', async () => {
    expect(await send()).toBe(200)
    expect(worker.looked).toEqual([{ order: 'lamp:x1:1', amountMinor: 4_900, currency: 'EUR' }])
  })

  test('KEY-6 may be signed with any secret that counts', async () => {
    expect(await send({ secret: newSecret })).toBe(200)
  })

  test('PAY-51 with a wrong signature is refused', async () => {
    expect(await send({ secret: 'x'.repeat(32) })).toBe(401)
    expect(await send({ signature: '' })).toBe(401)
    expect(await send({ signature: `v1=${'0'.repeat(64)}` })).toBe(401)
    const elsewhere = `http://127.0.0.1:${ops.port}/payment/webhook?again`
    expect(await send({ url: elsewhere }), 'signed for another path').toBe(401)
    expect(worker.looked).toEqual([])
  })

  test('PAY-51 with an old timestamp, or one from the future, is refused however well it is signed', async () => {
    expect(await send({ at: Date.now() - webhookWindowMs - 1_000 })).toBe(401)
    expect(await send({ at: Date.now() + webhookWindowMs + 60_000 })).toBe(401)
    expect(await send({ at: Number.NaN })).toBe(401)
    expect(worker.looked).toEqual([])
    expect(await send({ at: Date.now() - webhookWindowMs + 60_000 })).toBe(200)
  })

  test('PAY-52 that was taken before is refused, signed anew or not', async () => {
    const at = Date.now()
    expect(await send({ at })).toBe(200)
    expect(await send({ at })).toBe(409)
    expect(await send()).toBe(409)
    expect(worker.looked).toHaveLength(1)
  })

  test('PAY-53 is asked for again while its order cannot be settled', async () => {
    worker.isKnown = false
    expect(await send()).toBe(503)
    worker.isKnown = true
    expect(await send()).toBe(200)
    expect(worker.looked).toHaveLength(2)
  })

  test.each([
    ['no JSON', '{'],
    ['no order', JSON.stringify({ ...notice, charge: 'LAMP' })],
    ['no id', JSON.stringify({ ...notice, id: '' })],
    ['half a cent', JSON.stringify({ ...notice, amountMinor: 0.5 })],
    ['nothing', ''],
  ])('PAY-54 with %s in it is refused', async (_, body) => {
    expect(await send({ body })).toBe(400)
    expect(worker.looked).toEqual([])
  })

  test('PAY-54 that is too large, or no POST, is refused', async () => {
    expect(await send({ body: JSON.stringify({ ...notice, more: 'x'.repeat(100_000) }) }).catch(() => 413)).toBe(413)
    expect((await fetch(`http://127.0.0.1:${ops.port}/payment/webhook`)).status).toBe(405)
    expect(worker.looked).toEqual([])
    expect(await send()).toBe(200)
  })
})
