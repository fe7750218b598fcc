import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { RunningNode } from '../running-node.ts'
import { runSluice } from '../sluice-process.ts'
import { OfficeServer } from './office-server.ts'

const secret = 'of-the-back-office-and-nobody-else-here'
const withinMs = { timeout: 60_000 }

vi.setConfig({ testTimeout: 90_000 })

let office: OfficeServer
let node: RunningNode

beforeEach(async () => {
  office = await OfficeServer.start(secret)
  node = await RunningNode.start({
    settings: { shards: 2, simulatedDelayMs: 0, officeDeadlineMs: 500, officeLateMs: 1_000 },
    environment: { SLUICE_OFFICE_URL: office.url, SLUICE_OFFICE_SECRET: secret },
  })
  const operator = node.operator()
  await node.createSku('lamp', { stock: 1_000, perUserMax: 10 })
  operator.close()
})

afterEach(async () => {
  await node.stop()
  await office.stop()
})

async function buy(...users: readonly string[]): Promise<void> {
  const operator = node.operator()
  try {
    for (const user of users) {
      const shopper = operator.as(user)
      await shopper.buy('lamp')
      await shopper.checkout('lamp', user === 'bob' ? 'tok_declined' : `tok_of_${user}`)
    }
    for (const user of users) await expect.poll(async () => (await operator.as(user).claim('lamp')).state, withinMs).not.toBe('pending')
  } finally {
    operator.close()
  }
}

async function metric(name: string): Promise<string | undefined> {
  const metrics = await (await fetch(`${node.opsUrl}/metrics`)).text()
  return metrics.split('\n').find((line) => line.startsWith(`${name} `))
}

async function deadOrders(): Promise<readonly string[]> {
  const { out } = await runSluice(['orders', 'dead', '--ops', new URL(node.opsUrl).host, '--json'])
  const listed = z.array(z.object({ user: z.string(), kind: z.string(), state: z.string() })).parse(JSON.parse(out))
  return listed.map(({ user, kind, state }) => `${user} ${kind} ${state}`).toSorted()
}

test('OFF-9 the back office is told of every order that ends, signed, once, and without the token', async () => {
  await buy('ann', 'bob')
  await expect.poll(() => office.ends, withinMs).toEqual(['ann paid', 'bob declined'])
  expect([...office.taken.values()][0]).toMatchObject({ sku: 'lamp', qty: 1, amountMinor: 9_900, currency: 'EUR' })
  expect([office.asked, office.wrong]).toEqual([2, 0])
  expect(JSON.stringify([...office.taken.values()])).not.toContain('tok_')
})

test.each(['fails', 'hangs', 'redirects'] as const)(
  'OFF-10 a back office that %s keeps nobody waiting, and has every order told to it after all, though the node is killed in between',
  async (mood) => {
    office.mood = mood
    await buy('ann', 'bob', 'cat')
    await expect.poll(() => office.asked, withinMs).toBeGreaterThanOrEqual(3)
    expect((await fetch(`${node.opsUrl}/readyz`)).status).toBe(200)
    expect(office.ends).toEqual([])
    await node.kill()
    office.mood = 'takes'
    await node.restart()
    await expect.poll(() => office.ends, withinMs).toEqual(['ann paid', 'bob declined', 'cat paid'])
  },
)

test('OFF-11 an answer that got lost brings the same end again, under the same id', async () => {
  office.mood = 'loses-answer'
  await buy('ann')
  await expect.poll(() => office.ends, withinMs).toEqual(['ann paid'])
  await node.kill()
  office.mood = 'takes'
  await node.restart()
  await expect.poll(() => office.asked, withinMs).toBe(2)
  expect(office.ends).toEqual(['ann paid'])
})

test('OFF-12 operators see what the back office should have by now, and have it sent at once', async () => {
  office.mood = 'fails'
  await buy('ann', 'cat')
  await expect.poll(deadOrders, withinMs).toEqual(['ann deliver paid', 'cat deliver paid'])
  expect(await metric('sluice_office_owed')).toBe('sluice_office_owed 2')
  expect(await metric('sluice_office_late')).toBe('sluice_office_late 2')
  office.mood = 'takes'
  const { out } = await runSluice(['orders', 'retry', '--all', '--ops', new URL(node.opsUrl).host])
  expect(out).toBe('2 orders will be tried again\n')
  await expect.poll(() => office.ends, withinMs).toEqual(['ann paid', 'cat paid'])
  await expect.poll(deadOrders, withinMs).toEqual([])
})
