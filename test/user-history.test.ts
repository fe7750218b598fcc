import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { connectSocket, type SocketClient } from '../protocol/client/socket-client.ts'
import { RunningNode } from './running-node.ts'

let node: RunningNode
const open: SocketClient[] = []

afterEach(async () => {
  for (const client of open.splice(0)) client.close()
  await node.stop()
})

const patience = { timeout: 60_000, interval: 100 }

function come(users: readonly string[]): void {
  for (const user of users) open.push(connectSocket({ url: node.socketUrl, token: node.tokenOf(user), WebSocket }))
}

/** By user, what the history tells. */
async function histories(users: readonly string[]): Promise<Map<string, readonly unknown[]>> {
  const operator = node.operator()
  try {
    return new Map(await Promise.all(users.map(async (user) => [user, (await operator.as(user).history()).entries] as const)))
  } finally {
    operator.close()
  }
}

test('USR-8 a kill takes no visit, order or name that anyone was told of, and of visits only those that had just begun', async () => {
  node = await RunningNode.start({ settings: { shards: 2, simulatedDelayMs: 0 } })
  await node.createSku('lamp', { stock: 100, perUserMax: 1 })
  const early = Array.from({ length: 40 }, (_, i) => `early-${i}`)
  const late = Array.from({ length: 40 }, (_, i) => `late-${i}`)
  come(early)
  const operator = node.operator()
  await Promise.all(
    early.slice(0, 20).map(async (user) => {
      await operator.as(user).buy('lamp')
      await operator.as(user).checkout('lamp', 'tok_ok')
      await operator.setUser(user, { displayName: `The ${user}` })
    }),
  )
  const wanted = early.map((_, index) => (index < 20 ? 2 : 1))
  await expect.poll(async () => Array.from((await histories(early)).values(), (entries) => entries.length), patience).toEqual(wanted)
  const toldEarly = await histories(early)
  come(late)
  const toldLate = await histories(late)
  operator.close()
  await node.kill()
  for (const client of open.splice(0)) client.close()
  await node.restart()
  expect(await histories(early)).toEqual(toldEarly)
  const keptLate = await histories(late)
  for (const [user, entries] of toldLate)
    expect(keptLate.get(user)?.slice(-entries.length), user).toEqual(entries.length === 0 ? keptLate.get(user) : entries)
  const again = node.operator()
  expect((await again.as('early-3').info()).displayName).toBe('The early-3')
  again.close()
})
