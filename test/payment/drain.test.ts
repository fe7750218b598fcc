import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connectSocket, type SocketClient } from '../../protocol/client/index.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import type { OrderState } from '../../protocol/results.ts'
import { RunningNode } from '../running-node.ts'
import { ProviderServer } from './provider-server.ts'

/** The long form: SLUICE_TEST_CHARGE_MS=2000, which takes seven minutes. */
const chargeMs = Number(process.env['SLUICE_TEST_CHARGE_MS'] ?? 20)
const placesMax = 50
const orders = 10_000
/** One order in so many is declined. */
const declinedEvery = 10
/** One buyer in so many has the page open; the others come by a service of the shop. */
const pageEvery = 10
const atOnce = 500
const few = 20
const drainMs = (orders / placesMax) * chargeMs
const priceMinor = 9_900
const secret = 'between-the-two-of-us-and-nobody-else'
const within = { timeout: 10 * drainMs + 120_000, interval: 50 }
const roomy = { connectionsPerAddressMax: 100_000, addressRatePerSecond: 1_000_000, addressBurst: 1_000_000 }
const everyone = Array.from({ length: orders }, (_, index) => `user-${index}`)

let provider: ProviderServer
let node: RunningNode
let operator: RpcClient
let service: RpcClient
let pages: Map<string, Page>

/** What the page of one buyer has heard, without ever asking. */
interface Page {
  readonly socket: SocketClient
  readonly heard: string[]
}

beforeEach(async () => {
  pages = new Map()
  provider = await ProviderServer.start({ secret, lateMs: chargeMs })
  provider.climate = { late: 1 }
  node = await RunningNode.start({
    settings: { shards: 2, paymentProvider: 'http', paymentConcurrency: placesMax, paymentDeadlineMs: 60_000, ...roomy },
    environment: { SLUICE_PAYMENT_URL: provider.url, SLUICE_PAYMENT_SECRET: secret },
  })
  operator = node.operator()
  service = connectRpc({ url: node.rpcUrl, key: node.secrets.backendKey })
})

afterEach(async () => {
  for (const { socket } of pages.values()) socket.close()
  service.close()
  operator.close()
  await node.stop()
  await provider.stop()
})

test('PAY-66 while orders wait, every place at the provider is taken', async () => {
  await node.createSku('lamp', { stock: atOnce })
  const users = everyone.slice(0, atOnce)
  provider.turnstile.shut()
  await buy('lamp', users)
  await checkOut('lamp', users)
  for (let done = 0; done < atOnce; done += placesMax) {
    await expect.poll(() => provider.turnstile.held, within).toBe(placesMax)
    provider.turnstile.open()
    provider.turnstile.shut()
  }
  await expect.poll(async () => (await operator.skuStatus('lamp')).ordered, within).toBe(0)
  expect(provider.places.most).toBe(placesMax)
})

test(
  'PAY-63 ten thousand orders are worked off as fast as the provider takes them, never more at a time, and each page hears of its own',
  { timeout: within.timeout + 120_000 },
  async () => {
    await node.createSku('lamp', { stock: orders, holdTtlMs: 3_600_000, paymentTtlMs: 3_600_000 })
    await node.createSku('mug', { stock: few, holdTtlMs: 3_600_000, paymentTtlMs: 1_000 })
    await node.createSku('print', { stock: few, holdTtlMs: 1_000 })
    const [hasty, patient, slow, next] = [0, 1, 2, 3].map((group) => everyone.map((user) => `${group}-${user}`).slice(0, few))
    await open([...everyone.filter((_, index) => index % pageEvery === 0), ...[hasty, patient, slow, next].flatMap((users) => users ?? [])])
    await buy('lamp', everyone)
    provider.turnstile.shut()
    await checkOut('lamp', everyone)

    // Deadlines do not wait for a provider that has its hands full.
    await buy('mug', hasty)
    await checkOut('mug', hasty)
    await until('mug', hasty, 'overdue')
    await buy('mug', patient)
    await buy('print', slow)
    await buy('print', next)
    await until('print', slow, 'expired')
    await until('print', next, 'held')
    for (const user of everyone.slice(0, few)) expect((await service.as(user).claim('lamp')).state).toBe('pending')

    const openedAt = Date.now()
    provider.turnstile.open()
    await expect.poll(async () => (await operator.skuStatus('lamp')).ordered, within).toBe(0)
    const seconds = ((Date.now() - openedAt) / 1_000).toFixed(1)
    const declined = orders / declinedEvery
    expect(await operator.skuStatus('lamp')).toMatchObject({ sold: orders - declined, available: declined })
    // Too late, and the units are with others: what had been paid goes back.
    await until('mug', hasty, 'refunded')
    expect(await operator.skuStatus('mug')).toMatchObject({ held: few, sold: 0 })
    for (const [index, user] of everyone.entries()) if (index % pageEvery === 0) await untilHeard(user, 'lamp', endOf(user))
    expect(provider.books.balanceMinor).toBe((orders - declined) * priceMinor)
    expect(provider.books.all().filter(({ kind }) => kind !== 'refund')).toHaveLength(orders + few)
    expect(provider.count('POST', '/charges'), 'hardly a charge was asked for twice').toBeLessThan(1.1 * orders)
    expect(provider.places.most).toBe(placesMax)
    const taken = `${provider.places.mean.toFixed(1)} of ${placesMax} places were taken on average`
    process.stdout.write(
      `${orders} orders in ${seconds} s with ${chargeMs} ms a charge (${drainMs / 1_000} s if nothing else took time): ${taken}\n`,
    )
    // A machine that has more to do than to wait cannot keep short charges under way.
    if (chargeMs >= 1_000) expect(provider.places.mean).toBeGreaterThan(0.9 * placesMax)
  },
)

/** Opens the page for each, and listens. */
async function open(users: readonly string[]): Promise<void> {
  await inPortions(users, async (user) => {
    const socket = connectSocket({ url: node.socketUrl, token: node.tokenOf(user), WebSocket })
    const heard: string[] = []
    pages.set(user, { socket, heard })
    const ready = new Promise((resolve) => socket.on('resumed', resolve))
    socket.on('held', ({ sku }) => heard.push(`${sku} held`))
    socket.on('expired', ({ sku }) => heard.push(`${sku} expired`))
    socket.on('order', ({ sku, state }) => heard.push(`${sku} ${state}`))
    await ready
  })
}

function buy(sku: string, users: readonly string[] = []): Promise<void> {
  return inPortions(users, (user) => callsOf(user).buy(sku))
}

function checkOut(sku: string, users: readonly string[] = []): Promise<void> {
  return inPortions(users, (user) => callsOf(user).checkout(sku, tokenOf(user)))
}

/** Those with a page use it; both have the same calls. */
function callsOf(user: string): Pick<SocketClient, 'buy' | 'checkout'> {
  return pages.get(user)?.socket ?? service.as(user)
}

async function inPortions(users: readonly string[], run: (user: string) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < users.length; from += atOnce) await Promise.all(users.slice(from, from + atOnce).map(run))
}

async function until(sku: string, users: readonly string[] | undefined, state: string): Promise<void> {
  for (const user of users ?? []) await untilHeard(user, sku, state)
}

async function untilHeard(user: string, sku: string, state: string): Promise<void> {
  await expect
    .poll(
      () =>
        pages
          .get(user)
          ?.heard.filter((word) => word.startsWith(sku))
          .at(-1),
      { ...within, message: user },
    )
    .toBe(`${sku} ${state}`)
}

function isDeclined(user: string): boolean {
  return /^user-\d+$/.test(user) && Number(user.slice('user-'.length)) % declinedEvery === 0
}

function tokenOf(user: string): string {
  return isDeclined(user) ? 'tok_declined' : `tok_of_${user}`
}

function endOf(user: string): OrderState {
  return isDeclined(user) ? 'declined' : 'paid'
}
