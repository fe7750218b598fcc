import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { readProof } from '../../actors/draw/read-proof.ts'
import { positionOf } from '../../actors/draw/verify-proof.ts'
import { connectRpc } from '../../protocol/client/rpc-client.ts'
import { loadConfig } from '../config.ts'
import { realWorld } from '../world.ts'
import { opensInMs } from './demo-shop.ts'
import { type RunningDemo, startDemo } from './start-demo.ts'

const errors: string[] = []
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (_fields: object, text: string) => errors.push(text) }
const waitMs = 60_000

let folder = ''
let running: RunningDemo[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-demo-'))
  running = []
  errors.length = 0
})

afterEach(async () => {
  for (const demo of running) await demo.stop()
  await rm(folder, { recursive: true, force: true })
})

test('DEMO-1 a sale opens soon after the first start, and a later start goes on with it', async () => {
  const before = Date.now()
  const first = await open()
  expect(first.sale).toBe('giusto')
  expect(first.opensAt).toBeGreaterThanOrEqual(before + opensInMs)
  expect(first.opensAt).toBeLessThanOrEqual(Date.now() + opensInMs)
  await first.stop()
  const second = await open()
  expect(second).toMatchObject({ sale: 'giusto', opensAt: first.opensAt })
})

test('CON-12 the start says where the console is and which key it asks for, and without a console says nothing', async () => {
  const { console, ports } = await open()
  expect(console).toEqual({ url: `http://127.0.0.1:${ports.ops}/console`, key: `operatorKey in ${folder}/secrets.json` })
  expect((await fetch(console?.url ?? '')).status).toBe(200)
  const flags = {
    console: 'no',
    dataFolder: join(folder, 'without'),
    webPort: '0',
    rpcPort: '0',
    opsPort: '0',
    shards: '4',
    drainSeconds: '0',
  }
  const without = await startDemo(loadConfig(flags, {}, folder).config, realWorld(log))
  running.push(without)
  expect(without.console).toBeUndefined()
  expect((await fetch(`http://127.0.0.1:${without.ports.ops}/console`)).status).toBe(404)
})

test('DEMO-2 when the last sale is over, a later start and the page make a fresh one with names of its own', async () => {
  const first = await open()
  await closeSale(first, 'giusto')
  await first.stop()
  const second = await open()
  expect(second.sale).toBe('giusto-2')
  expect(await get(second, '/demo/info')).toMatchObject({ status: 200, body: { sale: 'giusto-2' } })
  expect(await post(second, '/demo/restart', {})).toMatchObject({ status: 409, body: { error: { code: 'FORBIDDEN' } } })

  await closeSale(second, 'giusto-2')
  const both = await Promise.all([post(second, '/demo/restart', {}), post(second, '/demo/restart', {})])
  expect(both).toMatchObject([
    { status: 200, body: { sale: 'giusto-3' } },
    { status: 200, body: { sale: 'giusto-3' } },
  ])
  const sales = await operate(second, (rpc) => rpc.sales())
  expect(sales.map(({ sale }) => sale).toSorted()).toEqual(['giusto', 'giusto-2', 'giusto-3'])
  expect(sales.find(({ sale }) => sale === 'giusto-3')?.skus.map(({ sku }) => sku)).toContain('turntable-3')
})

test('DEMO-3 the page is told of the sale, the time and where pictures are, and gets a guest whom the shop knows', async () => {
  const demo = await open()
  const { body } = await get(demo, '/demo/info')
  const skus = ['turntable', 'lamp', 'chair', 'mugs', 'print']
  expect(body).toMatchObject({ demo: true, sale: 'giusto', skus, assetBase: '/' })
  const guests = await Promise.all([post(demo, '/demo/guest', {}), post(demo, '/demo/guest', {})])
  const [one, two] = guests.map((guest) => guestSchema.parse(guest.body))
  expect(one?.user).not.toBe(two?.user)
  expect(await post(demo, '/v1/call/resume', [], one?.token)).toEqual({ status: 200, body: { result: { claims: [] } } })
  expect(await post(demo, '/v1/call/resume', [], `${one?.token}x`)).toMatchObject({ status: 401 })
})

test('DEMO-4 what is no request gets a code, not a crowd', async () => {
  const demo = await open()
  for (const users of [0, -1, 1.5, 20_001, '5', null]) {
    expect(await post(demo, '/demo/rush', { users })).toMatchObject({ status: 400, body: { error: { code: 'MALFORMED' } } })
  }
  for (const body of [[], 7, { users: 1, more: 2 }]) expect(await post(demo, '/demo/rush', body)).toMatchObject({ status: 400 })
  expect(await post(demo, '/demo/guest', { user: 'me' })).toMatchObject({ status: 400 })
  expect(await post(demo, '/demo/restart', { sale: 'x' })).toMatchObject({ status: 400 })
  expect(await get(demo, '/demo/guest')).toMatchObject({ status: 405 })
  expect(await post(demo, '/demo/info', {})).toMatchObject({ status: 405 })
  expect(await get(demo, '/demo/rush')).toMatchObject({ body: { running: false, users: 0, done: 0 } })
})

test('DEMO-5 a crowd shops in a process of its own, one crowd at a time, and the page learns how it ended', async () => {
  const demo = await open([], ['--lapse-share', '0', '--leave-share', '0', '--decline-share', '0', '--think-ms', '10'])
  await operate(demo, (rpc) => rpc.saleOpen('giusto'))
  expect(await post(demo, '/demo/rush', { users: 40 })).toMatchObject({ status: 202, body: { running: true, users: 40 } })
  expect(await post(demo, '/demo/rush', { users: 1 })).toMatchObject({ status: 409, body: { error: { code: 'BUSY' } } })
  const report = await vi.waitUntil(async () => ended((await get(demo, '/demo/rush')).body), { timeout: waitMs })
  expect(report).toMatchObject({ users: 40, done: 40, held: 0, queued: 0, declined: 0, left: 0, errors: 0, problems: 0 })
  const { skus } = await operate(demo, (rpc) => rpc.sale('giusto'))
  expect(report.bought).toBe(skus.reduce((sum, { sold }) => sum + sold, 0))
  expect(report.bought + report.soldout).toBe(40)
})

test('DEMO-9 one product is drawn, and its proof is there for everyone when the draw is over', async () => {
  const demo = await open()
  expect(await get(demo, '/demo/proof')).toMatchObject({ status: 409, body: { error: { code: 'NOT_OPEN' } } })
  for (const user of ['ann', 'bob']) await operate(demo, (rpc) => rpc.as(user).buy('print'))
  await operate(demo, (rpc) => rpc.saleOpen('giusto'))
  await vi.waitUntil(async () => (await get(demo, '/demo/proof')).status === 200, { timeout: waitMs })
  const read = readProof((await get(demo, '/demo/proof')).body)
  expect(read).toMatchObject({ kind: 'proof', proof: { sku: 'print', beacon: null } })
  expect(read.kind === 'proof' ? positionOf(read.proof, 'ann') : undefined).toBeGreaterThan(0)
  expect(await post(demo, '/demo/proof', {})).toMatchObject({ status: 405 })
})

test('DEMO-6 a demo that stops sends its crowd home first', async () => {
  const demo = await open()
  expect(await post(demo, '/demo/rush', { users: 20 })).toMatchObject({ status: 202 })
  await vi.waitUntil(async () => outsideOf((await get(demo, '/demo/rush')).body) === 20, { timeout: waitMs })
  await demo.stop()
  // Not one of them had to be thrown out.
  expect(errors).toEqual([])
  await expect(get(demo, '/demo/rush')).rejects.toThrow('fetch failed')
})

test('DEMO-7 on all addresses only the web port is open to others', async () => {
  const demo = await open(['--host', '0.0.0.0'])
  expect(demo.addresses[0]).toEqual({ url: `http://localhost:${demo.ports.web}/`, shared: false })
  // Not where the other ports listen, though it is this machine.
  const elsewhere = '127.0.0.2'
  expect(await canConnect(elsewhere, demo.ports.web)).toBe(true)
  expect(await canConnect(elsewhere, demo.ports.rpc)).toBe(false)
  expect(await canConnect(elsewhere, demo.ports.ops)).toBe(false)
})

const guestSchema = z.object({ user: z.string(), token: z.string() })
const reportSchema = z.object({ running: z.boolean(), outside: z.number(), bought: z.number(), soldout: z.number() }).loose()

function outsideOf(body: unknown): number {
  return reportSchema.parse(body).outside
}

function ended(body: unknown): z.output<typeof reportSchema> | undefined {
  const report = reportSchema.parse(body)
  return report.running ? undefined : report
}

async function open(words: readonly string[] = [], crowdWords: readonly string[] = []): Promise<RunningDemo> {
  const host = words[words.indexOf('--host') + 1] ?? '127.0.0.1'
  const flags = { dataFolder: folder, webPort: '0', rpcPort: '0', opsPort: '0', shards: '4', drainSeconds: '0' }
  const { config } = loadConfig(words.includes('--host') ? { ...flags, host } : flags, {}, folder)
  const demo = await startDemo(config, realWorld(log), crowdWords)
  running.push(demo)
  return demo
}

async function operate<T>(demo: RunningDemo, use: (rpc: ReturnType<typeof connectRpc>) => Promise<T>): Promise<T> {
  const rpc = connectRpc({ url: `tcp://127.0.0.1:${demo.ports.rpc}` })
  try {
    return await use(rpc)
  } finally {
    rpc.close()
  }
}

/** Ends a sale; the gateway's view of it is what counts, and follows within a tick. */
async function closeSale(demo: RunningDemo, sale: string): Promise<void> {
  await operate(demo, async (rpc) => {
    await rpc.saleClose(sale)
    await vi.waitUntil(async () => (await rpc.sale(sale)).state === 'over', { timeout: waitMs })
  })
}

function get(demo: RunningDemo, path: string) {
  return answerOf(fetch(urlOf(demo, path)))
}

function post(demo: RunningDemo, path: string, body: unknown, token?: string) {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  return answerOf(fetch(urlOf(demo, path), { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function answerOf(response: Promise<Response>): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await response
  return { status: answer.status, body: await answer.json() }
}

function urlOf(demo: RunningDemo, path: string): string {
  return `http://127.0.0.1:${demo.ports.web}${path}`
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
