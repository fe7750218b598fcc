import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Code } from '../codes.ts'
import { jsonSubprotocol, msgpackSubprotocol } from '../envelope.ts'
import type { ClaimState } from '../results.ts'
import type { Cancel } from './client-world.ts'
import type { ClientEventName, ClientEvents } from './events.ts'
import type { PublicCalls } from './public-calls.ts'
import { connectRpc, type RpcClient } from './rpc-client.ts'
import { SluiceError } from './sluice-error.ts'
import { connectSocket } from './socket-client.ts'
import type { UserCalls } from './user-calls.ts'

/** A running server that the suite may fill with sales of its own. Its limits let one user make 500 calls at once. */
export interface ServerUnderTest {
  /** `tcp://host:port`, and a key with the operator's role unless the server runs without. */
  readonly rpcUrl: string
  readonly operatorKey?: string
  /** `ws://host:port/v1/ws` */
  readonly socketUrl: string
  tokenOf(user: string): Promise<string>
  stop(): Promise<void>
}

interface Shopper extends PublicCalls, UserCalls {
  readonly user: string
  on<N extends ClientEventName>(name: N, handler: (event: ClientEvents[N]) => void): Cancel
  close(): void
}

interface SkuWish {
  readonly stock?: number
  readonly perUserMax?: number
  readonly opensAt?: number
}

const kinds = ['rpc', msgpackSubprotocol, jsonSubprotocol] as const
type Kind = (typeof kinds)[number]

const farAway = Date.UTC(2100, 0)
/** Everything that is waited for comes within this time on the slowest machine, or never. */
const patience = { timeout: 15_000, interval: 20 }

/** What every client of a Sluice server can rely on, checked with each kind of client. Users and SKUs are new in each test. */
export function describeClients(start: () => Promise<ServerUnderTest>): void {
  describe.each(kinds)('%s', (kind) => {
    let server: ServerUnderTest
    let operator: RpcClient
    let names = 0
    const shoppers: Shopper[] = []
    const started: (() => void | Promise<void>)[] = []

    beforeAll(async () => {
      server = await start()
      started.push(() => server.stop())
      operator = connectRpc({ url: server.rpcUrl, ...(server.operatorKey === undefined ? {} : { key: server.operatorKey }) })
      started.push(() => operator.close())
    })
    afterEach(() => {
      for (const one of shoppers.splice(0)) one.close()
    })
    afterAll(async () => {
      for (const end of started.toReversed()) await end()
    })

    async function shopper(user = `user-${kind}-${++names}`): Promise<Shopper> {
      const one = await connectShopper(server, kind, user)
      shoppers.push(one)
      return one
    }

    /** A SKU in a sale of its own, once shoppers can see it. */
    async function newSku(wish: SkuWish = {}): Promise<string> {
      const name = `sku-${kind}-${++names}`
      const { stock = 1, perUserMax = 1, opensAt = 0 } = wish
      await operator.saleCreate({
        sale: name,
        title: 'A sale',
        opensAt,
        skus: [{ sku: name, title: 'A thing', priceMinor: 9_900, stock, perUserMax }],
      })
      const anyone = await shopper()
      const state = opensAt === 0 ? 'open' : 'scheduled'
      await expect.poll(async () => (await anyone.sku(name)).state, patience).toBe(state)
      return name
    }

    test('SDK-60 a buyer of a free unit holds it until its deadline', async () => {
      const sku = await newSku({ stock: 2 })
      const anna = await shopper()
      const claim = await anna.buy(sku)
      expect(claim).toMatchObject({ state: 'held', qty: 1 })
      expect(await anna.claim(sku)).toEqual(claim)
      expect(await operator.skuStatus(sku)).toMatchObject({ available: 1, held: 1, ordered: 0, sold: 0, waiting: 0 })
    })

    test('SDK-61 the same request id has one outcome, and a user one live claim of a SKU', async () => {
      const sku = await newSku({ stock: 5, perUserMax: 2 })
      const anna = await shopper()
      const [first, again] = await Promise.all([anna.buy(sku, { requestId: 'r1' }), anna.buy(sku, { requestId: 'r1' })])
      expect(again).toEqual(first)
      expect(await anna.buy(sku, { requestId: 'r2' })).toEqual(first)
      expect(await (await shopper(anna.user)).buy(sku)).toEqual(first)
      expect(await operator.skuStatus(sku)).toMatchObject({ available: 4, held: 1 })
    })

    test('SDK-62 who comes too late waits behind the others, and what is let go goes to the next in line', async () => {
      const sku = await newSku()
      const [anna, ben, cleo] = [await shopper(), await shopper(), await shopper()]
      await anna.buy(sku)
      expect(await ben.buy(sku)).toMatchObject({ state: 'queued', ahead: 0 })
      expect(await cleo.buy(sku)).toMatchObject({ state: 'queued', ahead: 1 })
      expect(await anna.leave(sku)).toEqual({ state: 'none' })
      await expect.poll(() => stateOf(ben, sku), patience).toBe('held')
      expect(await cleo.claim(sku)).toMatchObject({ state: 'queued', ahead: 0 })
      await ben.leave(sku)
      await expect.poll(() => stateOf(cleo, sku), patience).toBe('held')
    })

    test('SDK-63 who leaves the line lets the others move up', async () => {
      const sku = await newSku()
      const [anna, ben, cleo] = [await shopper(), await shopper(), await shopper()]
      for (const one of [anna, ben, cleo]) await one.buy(sku)
      expect(await ben.leave(sku)).toEqual({ state: 'none' })
      expect(await ben.claim(sku)).toEqual({ state: 'none' })
      expect(await ben.leave(sku)).toEqual({ state: 'none' })
      expect(await cleo.claim(sku)).toMatchObject({ state: 'queued', ahead: 0 })
    })

    test('SDK-64 a checkout becomes an order, which is paid', async () => {
      const sku = await newSku({ stock: 4, perUserMax: 3 })
      const anna = await shopper()
      await anna.buy(sku, { qty: 3 })
      const order = await anna.checkout(sku, 'tok_ok')
      expect(order).toMatchObject({ qty: 3, amountMinor: 29_700, currency: 'EUR' })
      expect(order.order.startsWith(`${sku}:`)).toBe(true)
      expect(await anna.checkout(sku, 'tok_ok')).toMatchObject({ order: order.order })
      await expect.poll(() => stateOf(anna, sku), patience).toBe('paid')
      expect(await anna.order(order.order)).toMatchObject({ order: order.order, state: 'paid', qty: 3 })
      await expect.poll(() => anna.orders(), patience).toMatchObject([{ order: order.order, sku, state: 'paid' }])
      expect(await operator.skuStatus(sku)).toMatchObject({ available: 1, held: 0, ordered: 0, sold: 3 })
    })

    test('SDK-85 what the shop calls a user is told to them, and so is their history', async () => {
      const sku = await newSku()
      const anna = await shopper()
      expect(await anna.info()).toMatchObject({ displayName: null, tier: null })
      await operator.setUser(anna.user, { displayName: 'Anna', tier: 'gold' })
      expect(await operator.setUser(anna.user, { tier: null })).toMatchObject({ user: anna.user, displayName: 'Anna', tier: null })
      await expect.poll(() => anna.info(), patience).toEqual({ user: anna.user, displayName: 'Anna', tier: null })
      await anna.buy(sku)
      const { order } = await anna.checkout(sku, 'tok_ok')
      const orders = async () => (await anna.history({ limit: 5 })).entries.filter((entry) => entry.kind === 'order')
      await expect.poll(orders, patience).toMatchObject([{ order, sku, state: 'paid', qty: 1 }])
    })

    test('SDK-65 a payment that is declined gives the unit to the next in line', async () => {
      const sku = await newSku()
      const [anna, ben] = [await shopper(), await shopper()]
      await anna.buy(sku)
      await ben.buy(sku)
      await anna.checkout(sku, 'tok_declined')
      await expect.poll(() => stateOf(anna, sku), patience).toBe('declined')
      await expect.poll(() => stateOf(ben, sku), patience).toBe('held')
    })

    test('SDK-66 when all is sold the answer is SOLD_OUT, and units that are added can be bought', async () => {
      const sku = await newSku()
      const [anna, ben] = [await shopper(), await shopper()]
      await anna.buy(sku)
      await anna.checkout(sku, 'tok_ok')
      await expect.poll(() => stateOf(anna, sku), patience).toBe('paid')
      expect(await codeOf(ben.buy(sku))).toBe('SOLD_OUT')
      await operator.restock(sku, 2, { requestId: 'more' })
      expect(await operator.restock(sku, 2, { requestId: 'more' })).toMatchObject({ available: 2, sold: 1 })
      await expect.poll(() => ben.buy(sku), patience).toMatchObject({ state: 'held' })
    })

    test('SDK-67 what the state of a sale forbids is refused with its code', async () => {
      const later = await newSku({ opensAt: farAway })
      const sku = await newSku({ stock: 5 })
      const [anna, ben] = [await shopper(), await shopper()]
      expect(await codeOf(anna.buy(later))).toBe('NOT_OPEN')
      expect(await codeOf(anna.checkout(sku, 'tok_ok'))).toBe('NO_HOLD')
      await anna.buy(sku)
      await operator.salePause(sku)
      expect(await codeOf(ben.buy(sku))).toBe('PAUSED')
      expect(await anna.claim(sku)).toMatchObject({ state: 'held' })
      await operator.saleResume(sku)
      await expect.poll(() => ben.buy(sku), patience).toMatchObject({ state: 'held' })
      await operator.saleClose(sku)
      const cleo = await shopper()
      expect(await codeOf(cleo.buy(sku))).toBe('CLOSED')
    })

    test('SDK-68 more than one person may buy is refused, before and after', async () => {
      const sku = await newSku({ stock: 5, perUserMax: 2 })
      const anna = await shopper()
      expect(await codeOf(anna.buy(sku, { qty: 3 }))).toBe('LIMIT_REACHED')
      await anna.buy(sku, { qty: 2 })
      await anna.checkout(sku, 'tok_ok')
      await expect.poll(() => stateOf(anna, sku), patience).toBe('paid')
      expect(await codeOf(anna.buy(sku, { requestId: 'another' }))).toBe('LIMIT_REACHED')
    })

    test('SDK-69 what does not exist, and what is no call, is refused with its code', async () => {
      const anna = await shopper()
      expect(await codeOf(anna.buy('no-such-sku'))).toBe('UNKNOWN_SKU')
      expect(await codeOf(anna.sku('no-such-sku'))).toBe('UNKNOWN_SKU')
      expect(await codeOf(anna.sale('no-such-sale'))).toBe('UNKNOWN_SALE')
      expect(await codeOf(anna.order('no-such-sku:a1:z'))).toBe('UNKNOWN_ORDER')
      expect(await codeOf(anna.buy('no sku id'))).toBe('MALFORMED')
      expect(await codeOf(anna.buy('no-such-sku', { qty: 0 }))).toBe('MALFORMED')
      expect(await codeOf(anna.checkout('no-such-sku', ''))).toBe('MALFORMED')
      expect(await codeOf(operator.call('make.coffee', []))).toBe('UNKNOWN_METHOD')
    })

    test("SDK-70 another user's order is not there", async () => {
      const sku = await newSku()
      const [anna, ben] = [await shopper(), await shopper()]
      await anna.buy(sku)
      const { order } = await anna.checkout(sku, 'tok_ok')
      expect(await codeOf(ben.order(order))).toBe('UNKNOWN_ORDER')
    })

    test('SDK-71 resume tells all that the user has, on any device', async () => {
      const [held, waited] = [await newSku(), await newSku()]
      const [anna, ben] = [await shopper(), await shopper()]
      await ben.buy(waited)
      const hold = await anna.buy(held)
      await anna.buy(waited)
      const second = await shopper(anna.user)
      const claims = (await second.resume()).toSorted((a, b) => a.state.localeCompare(b.state))
      expect(claims).toEqual([{ ...hold, sku: held }, expect.objectContaining({ state: 'queued', ahead: 0, sku: waited })])
    })

    test('SDK-72 sales and SKUs can be read by anyone', async () => {
      const sku = await newSku({ stock: 7 })
      const anna = await shopper()
      expect(await anna.sku(sku)).toMatchObject({ sku, sale: sku, title: 'A thing', priceMinor: 9_900, available: 7, perUserMax: 1 })
      expect(await anna.sale(sku)).toMatchObject({ sale: sku, title: 'A sale', skus: [{ sku }] })
      expect((await anna.sales()).map((sale) => sale.sale)).toContain(sku)
      expect(await anna.watch(sku)).toMatchObject({ sku, available: 7, state: 'open' })
      expect(await anna.unwatch(sku)).toBeUndefined()
    })

    test('SDK-73 five hundred calls at once are all answered, each with its own answer', async () => {
      const skus = await Promise.all([1, 2, 3, 4, 5].map(() => newSku()))
      const anna = await shopper()
      for (const sku of skus.slice(0, 2)) await anna.buy(sku)
      const states = await Promise.all(Array.from({ length: 500 }, (_, n) => anna.claim(skus[n % 5] ?? '', { deadlineMs: 25_000 })))
      expect(states.map((claim) => claim.state)).toEqual(Array.from({ length: 500 }, (_, n) => (n % 5 < 2 ? 'held' : 'none')))
    })

    test('SDK-74 what became of a call that was given up early is learned by its request id', async () => {
      const sku = await newSku({ stock: 5 })
      const anna = await shopper()
      expect(['TIMEOUT', 'accepted']).toContain(await codeOf(anna.buy(sku, { requestId: 'r1', deadlineMs: 0 })))
      const claim = await anna.buy(sku, { requestId: 'r1' })
      expect(claim.state).toBe('held')
      expect(await anna.buy(sku, { requestId: 'r1' })).toEqual(claim)
      expect(await operator.skuStatus(sku)).toMatchObject({ available: 4, held: 1 })
    })

    // A service's connection acts for many users, so that only a user's own connection is told of what is theirs.
    test.skipIf(kind === 'rpc')('SDK-75 a waiting user is told of places, of their turn and of their order', async () => {
      const sku = await newSku()
      const [anna, ben, cleo] = [await shopper(), await shopper(), await shopper()]
      const seen: unknown[] = []
      cleo.on('line', (event) => seen.push(['line', event.sku, event.ahead]))
      cleo.on('held', (event) => seen.push(['held', event.sku, event.qty]))
      cleo.on('order', (event) => seen.push(['order', event.sku, event.state]))
      for (const one of [anna, ben, cleo]) await one.buy(sku)
      await ben.leave(sku)
      await expect.poll(() => seen, patience).toContainEqual(['line', sku, 0])
      await anna.leave(sku)
      await expect.poll(() => seen, patience).toContainEqual(['held', sku, 1])
      await cleo.checkout(sku, 'tok_ok')
      await expect.poll(() => seen, patience).toContainEqual(['order', sku, 'paid'])
    })

    test.skipIf(kind === 'rpc')('SDK-76 who waits in vain is told that all is sold', async () => {
      const sku = await newSku()
      const [anna, ben] = [await shopper(), await shopper()]
      const soldOut: string[] = []
      ben.on('soldout', (event) => soldOut.push(event.sku))
      await anna.buy(sku)
      await ben.buy(sku)
      await anna.checkout(sku, 'tok_ok')
      await expect.poll(() => soldOut, patience).toEqual([sku])
      expect(await ben.claim(sku)).toEqual({ state: 'soldout' })
    })

    test.skipIf(kind === 'rpc')('SDK-77 who watches a SKU is told how its stock changes', async () => {
      const sku = await newSku({ stock: 3 })
      const [anna, ben] = [await shopper(), await shopper()]
      const available: number[] = []
      anna.on('sku', (event) => available.push(event.available))
      await anna.watch(sku)
      await ben.buy(sku)
      await expect.poll(() => available.at(-1), patience).toBe(2)
    })
  })
}

/** Waits until the connection stands and, for a user's own, until the user's events flow. */
async function connectShopper(server: ServerUnderTest, kind: Kind, user: string): Promise<Shopper> {
  if (kind === 'rpc') {
    const client = connectRpc({ url: server.rpcUrl, ...(server.operatorKey === undefined ? {} : { key: server.operatorKey }) })
    return { ...client.as(user), user, on: (name, handler) => client.on(name, handler), close: () => client.close() }
  }
  const token = await server.tokenOf(user)
  const client = connectSocket({ url: server.socketUrl, token, WebSocket, subprotocol: kind })
  await new Promise<void>((resolve) => {
    client.on('resumed', () => resolve())
  })
  return { ...client, user }
}

async function stateOf(one: Shopper, sku: string): Promise<ClaimState['state']> {
  const claim = await one.claim(sku)
  return claim.state
}

/** The code that a call is refused with; `accepted` if it is not. */
async function codeOf(call: Promise<unknown>): Promise<Code | 'accepted'> {
  try {
    await call
    return 'accepted'
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error
    return error.code
  }
}
