import { afterEach, expect, test } from 'vitest'
import { RunningNode } from '../running-node.ts'

let node: RunningNode

afterEach(() => node.stop())

/** Long enough that a slow machine, once the node is back, asks before the hold ends. */
const holdTtlMs = 6_000

test('KILL-9 an outage that is longer than a hold does not end it: the hold gets the time that nobody could use', async () => {
  node = await RunningNode.start({ settings: { shards: 2 } })
  await node.createSku('lamp', { stock: 1, holdTtlMs })
  const before = node.operator()
  const held = await before.as('anna').buy('lamp')
  const queued = await before.as('ben').buy('lamp')
  before.close()
  if (held.state !== 'held') throw new Error(`anna has ${held.state}`)
  expect(queued.state).toBe('queued')
  await node.kill()
  const killedAt = Date.now()
  while (Date.now() <= held.expiresAt) await new Promise((resolve) => setTimeout(resolve, held.expiresAt - Date.now() + 1))
  const startedAt = Date.now()
  await node.restart()
  const after = node.operator()
  const still = await after.as('anna').claim('lamp')
  expect(still).toMatchObject({ state: 'held', hold: held.hold })
  expect(still.state === 'held' && still.expiresAt - held.expiresAt).toBeGreaterThanOrEqual(startedAt - killedAt)
  // It still ends, and then the unit goes to the next in line.
  await expect.poll(async () => (await after.as('ben').claim('lamp')).state, { timeout: 3 * holdTtlMs, interval: 100 }).toBe('held')
  expect(await after.as('anna').claim('lamp')).toEqual({ state: 'expired' })
  after.close()
})
