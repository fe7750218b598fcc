import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { RpcClient } from '../protocol/client/rpc-client.ts'
import { connectSocket, type SocketClient } from '../protocol/client/socket-client.ts'
import { RunningNode } from './running-node.ts'

const absenceMs = 4_000
const patience = { timeout: 60_000, interval: 50 }
const gone = { state: 'expired', reason: 'absent' }

let node: RunningNode
const closers: (() => void)[] = []

beforeEach(async () => {
  node = await RunningNode.start({ settings: { shards: 2 } })
  await node.createSku('lamp', { stock: 1, holdTtlMs: 3_600_000, absenceMs })
})

afterEach(async () => {
  for (const close of closers.splice(0)) close()
  await node.stop()
})

test('ABS-11 a place whose page was closed is gone after the time and not before, and one whose user comes back is kept, also through kill -9', async () => {
  const service = operator()
  await service.as('holder').buy('lamp')
  const [anna, ben] = [page('anna'), page('ben')]
  expect(await anna.buy('lamp')).toMatchObject({ state: 'queued', ahead: 0 })
  expect(await ben.buy('lamp')).toMatchObject({ state: 'queued', ahead: 1 })
  expect(await service.as('carl').buy('lamp')).toMatchObject({ state: 'queued', ahead: 2 })
  expect(await service.sku('lamp')).toMatchObject({ absenceMs })

  ben.close()
  const closedAt = performance.now()
  await node.kill()
  await node.restart()
  const again = operator()
  const benAgain = page('ben')
  expect(await benAgain.claim('lamp')).toMatchObject({ state: 'queued', ahead: 1 })
  anna.close()
  const annaAgain = page('anna')
  expect(await annaAgain.claim('lamp')).toMatchObject({ state: 'queued', ahead: 0 })

  annaAgain.close()
  const leftAt = performance.now()
  await expect.poll(() => again.as('anna').claim('lamp'), patience).toEqual(gone)
  expect(performance.now() - leftAt).toBeGreaterThanOrEqual(absenceMs - 100)
  expect(performance.now() - closedAt).toBeGreaterThan(absenceMs)
  // Who is there, and who was never connected, keep their places and move up.
  await expect.poll(() => benAgain.claim('lamp'), patience).toMatchObject({ state: 'queued', ahead: 0 })
  expect(await again.as('carl').claim('lamp')).toMatchObject({ state: 'queued', ahead: 1 })

  const heard: unknown[] = []
  const back = page('anna', (claim) => heard.push(claim))
  await expect.poll(() => heard, patience).toEqual([gone])
  expect(await back.buy('lamp')).toMatchObject({ state: 'queued', ahead: 2 })
  const metrics = await (await fetch(`${node.opsUrl}/metrics`)).text()
  expect(metrics).toContain('sluice_tickets_absent_total 1')
})

function operator(): RpcClient {
  const client = node.operator()
  closers.push(() => client.close())
  return client
}

/** `onClaim` hears what the user has of the lamp whenever the page has connected. */
function page(user: string, onClaim?: (claim: unknown) => void): SocketClient {
  const client = connectSocket({ url: node.socketUrl, token: node.tokenOf(user), WebSocket })
  closers.push(() => client.close())
  client.on('resumed', ({ claims }) => {
    for (const { sku: _sku, ...claim } of claims) onClaim?.(claim)
  })
  return client
}
