import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { z } from 'zod'
import type { RpcClient } from '../protocol/client/rpc-client.ts'
import { connectSocket } from '../protocol/client/socket-client.ts'
import { RunningNode } from './running-node.ts'
import { runSluice, SluiceProcess } from './sluice-process.ts'

// A rush of 2,000 people on a real node, and what `sluice user journey` says of each of them against what each was told.

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 })
const patience = { timeout: 120_000, interval: 100 }
const shoppers = 1_800
const away = 80
const limited = 80
const limitedInSale = 40
const screenLines = 24

let folder = ''
let node: RunningNode
let client: RpcClient

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-journey-'))
  node = await RunningNode.start({ settings: { shards: 4, simulatedDelayMs: 20 } })
  client = node.operator()
  await node.createSku('drop', { stock: 150, holdTtlMs: 4_000 })
  await node.createSku('lamp', { stock: 1, holdTtlMs: 3_600_000, absenceMs: 3_000 })
  await node.createSku('bulb', { stock: limited })
  const sku = { title: 'Thing', priceMinor: 100, stock: limitedInSale }
  await client.saleCreate({
    sale: 'desk',
    title: 'Desk',
    opensAt: 0,
    saleLimitPerUser: 1,
    skus: ['pen', 'ink'].map((one) => ({ ...sku, sku: one })),
  })
})

afterAll(async () => {
  client.close()
  await node.stop()
  await rm(folder, { recursive: true, force: true })
})

test('JNY-1 of 2,000 people in a rush every journey explains the outcome that its user was told, each on one screen', async () => {
  for (const sku of ['drop', 'lamp', 'bulb', 'pen', 'ink'])
    await expect.poll(() => client.skuStatus(sku), patience).toMatchObject({ state: 'open' })
  const [crowd, absentees, atLimit, atSaleLimit] = await Promise.all([rush(), stayAway(), reachLimit(), reachSaleLimit()])
  const told = new Map([...crowd, ...absentees, ...atLimit, ...atSaleLimit])
  expect(told.size).toBe(shoppers + away + limited + limitedInSale)
  const kinds = new Set([...told.values()].map(({ outcome }) => outcome))
  expect([...kinds].toSorted()).toEqual(['absent', 'bought', 'declined', 'expired', 'left', 'limit', 'saleLimit', 'soldout'])

  const { code, out, err } = await runSluice(['user', 'journey', ...told.keys(), '--data-folder', node.dataFolder, '--json'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const journeys = out
    .trimEnd()
    .split('\n')
    .map((line) => journeySchema.parse(JSON.parse(line)))
  expect(journeys.length).toBe(told.size)
  const unexplained = journeys.filter(({ user, skus }) => {
    const one = told.get(user)
    return one === undefined || !explains(one, skus)
  })
  expect(unexplained.slice(0, 3)).toEqual([])

  // What a person sees of it who asks about what somebody wanted.
  for (const kind of kinds) {
    const [user, { sku }] = [...told].find(([, { outcome }]) => outcome === kind) ?? ['', { sku: '' }]
    const screen = await runSluice(['user', 'journey', user, '--sku', sku, '--data-folder', node.dataFolder])
    expect(screen).toMatchObject({ code: 0, err: '' })
    expect(screen.out.split('\n').length, screen.out).toBeLessThanOrEqual(screenLines)
  }
})

interface Told {
  readonly sku: string
  readonly outcome: string
}

const journeySchema = z.object({
  user: z.string(),
  visits: z.array(z.object({ kind: z.string() })),
  skus: z.array(
    z.object({
      sku: z.string(),
      outcome: z.string(),
      why: z.array(z.string()).min(1),
      refused: z.array(z.object({ code: z.string() })),
      steps: z.array(z.object({ kind: z.string(), at: z.number() })),
    }),
  ),
})

function explains({ sku, outcome }: Told, skus: z.output<typeof journeySchema>['skus']): boolean {
  const found = skus.find((one) => one.sku === sku)
  if (found === undefined) return false
  const isRefused = (code: string): boolean =>
    found.refused.some((one) => one.code === code) && found.why.some((text) => text.includes(code))
  switch (outcome) {
    case 'limit':
      return found.outcome === 'bought' && isRefused('LIMIT_REACHED')
    case 'saleLimit':
      return found.outcome === 'none' && isRefused('LIMIT_REACHED')
    case 'soldout':
      // In line until nothing could come free, or too late to get into it.
      return found.outcome === 'soldout' || (found.outcome === 'none' && isRefused('SOLD_OUT'))
    default:
      return found.outcome === outcome && found.steps.length > 0
  }
}

/** Shoppers with connections of their own, each of whom remembers what became of them. */
async function rush(): Promise<readonly (readonly [string, Told])[]> {
  const file = join(folder, 'told')
  const where = ['--url', node.socketUrl, '--rpc', `127.0.0.1:${node.ports.rpc}`, '--data-folder', node.dataFolder]
  const shares = ['--leave-share', '0.1', '--lapse-share', '0.1', '--decline-share', '0.1', '--think-ms', '400']
  const words = ['rush', ...where, '--users', String(shoppers), '--sku', 'drop', '--told', file, '--json', ...shares]
  const { code, err } = await new SluiceProcess(words, { workingFolder: folder }).finished
  expect({ code, err }).toEqual({ code: 0, err: '' })
  const visit = z.object({ user: z.string(), sku: z.string(), outcome: z.string() })
  return (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => visit.parse(JSON.parse(line)))
    .map(({ user, sku, outcome }) => [user, { sku, outcome: outcome === 'lapsed' ? 'expired' : outcome }])
}

/** People in line for a lamp that nobody gives up, whose pages close. */
async function stayAway(): Promise<readonly (readonly [string, Told])[]> {
  await client.as('keeper').buy('lamp')
  const users = Array.from({ length: away }, (_, i) => `away-${i}`)
  for (const user of users) {
    const page = connectSocket({ url: node.socketUrl, token: node.tokenOf(user), WebSocket })
    expect(await page.buy('lamp')).toMatchObject({ state: 'queued' })
    page.close()
  }
  for (const user of users) await expect.poll(() => client.as(user).claim('lamp'), patience).toEqual({ state: 'expired', reason: 'absent' })
  return users.map((user) => [user, { sku: 'lamp', outcome: 'absent' }])
}

/** People who have one and want another. */
async function reachLimit(): Promise<readonly (readonly [string, Told])[]> {
  const users = Array.from({ length: limited }, (_, i) => `more-${i}`)
  for (const user of users) {
    const one = client.as(user)
    await one.buy('bulb')
    await one.checkout('bulb', 'tok_ok')
    await expect.poll(() => one.claim('bulb'), patience).toMatchObject({ state: 'paid' })
    await expect(one.buy('bulb')).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
  }
  return users.map((user) => [user, { sku: 'bulb', outcome: 'limit' }])
}

/** People who have a pen and want ink as well, in a sale that gives one thing to each. */
async function reachSaleLimit(): Promise<readonly (readonly [string, Told])[]> {
  const users = Array.from({ length: limitedInSale }, (_, i) => `both-${i}`)
  for (const user of users) {
    const one = client.as(user)
    expect(await one.buy('pen')).toMatchObject({ state: 'held' })
    await expect(one.buy('ink')).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
  }
  return users.map((user) => [user, { sku: 'ink', outcome: 'saleLimit' }])
}
