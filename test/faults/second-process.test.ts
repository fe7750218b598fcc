import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SluiceError } from '../../protocol/client/index.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import type { ClaimState } from '../../protocol/results.ts'
import { readBooks } from '../checkers/journal-books.ts'
import { RunningNode } from '../running-node.ts'
import { runSluice } from '../sluice-process.ts'

const stock = 20
/** The sleeper finds out at its first tick; the rest is for a slow machine. */
const endsWithinMs = 20_000
const settings = { shards: 2, tickMs: 50 }
let dataFolder: string
let first: RunningNode
const others: RunningNode[] = []
const clients: RpcClient[] = []

beforeEach(async () => {
  dataFolder = mkdtempSync(join(tmpdir(), 'sluice-two-'))
  first = await RunningNode.start({ settings, dataFolder })
  await first.createSku('lamp', { stock, holdTtlMs: 600_000 })
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  if (first.isRunning) await first.kill()
  for (const other of others.splice(0)) await other.stop()
  rmSync(dataFolder, { recursive: true })
})

function clientOf(node: RunningNode): RpcClient {
  const client = connectRpc({ url: node.rpcUrl, key: node.secrets.operatorKey })
  clients.push(client)
  return client
}

/** What each of the users is told, or the code with which they were left. */
async function buyAll(client: RpcClient, users: readonly string[], deadlineMs?: number): Promise<string[]> {
  const options = deadlineMs === undefined ? {} : { deadlineMs }
  return Promise.all(users.map((user) => client.as(user).buy('lamp', options).then(stateOf, codeOf)))
}

function stateOf(claim: ClaimState): string {
  return claim.state
}

function codeOf(error: unknown): string {
  if (error instanceof SluiceError) return error.code
  throw error
}

function usersOf(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${name}-${i}`)
}

/** Whoever tries to start on the folder now sees no sign of life of its owner. */
function hideOwner(): void {
  for (const name of readdirSync(dataFolder)) if (name.startsWith('owner-')) rmSync(join(dataFolder, name))
}

test('KILL-10 a second process on the data folder of a running one is refused in one line, and the first goes on', async () => {
  const client = clientOf(first)
  await buyAll(client, usersOf('early', 3))
  const words = ['start', '--data-folder', dataFolder, '--shards', '2', '--web-port', '0', '--rpc-port', '0', '--ops-port', '0']
  const second = await runSluice(words)
  expect(second.code).not.toBe(0)
  expect(second.err).toBe(`sluice: the data folder ${dataFolder} is in use by another process\n`)
  expect(await buyAll(client, usersOf('late', 3))).toEqual(['held', 'held', 'held'])
  expect(await client.skuStatus('lamp')).toMatchObject({ available: stock - 6, held: 6 })
})

test('KILL-11 a stopped process whose folder was taken can neither write nor answer when it wakes up, and ends with a clear line', async () => {
  const kept = usersOf('kept', 5)
  const before = clientOf(first)
  expect(await buyAll(before, kept)).toEqual(kept.map(() => 'held'))

  process.kill(first.pid, 'SIGSTOP')
  // These lie in the sleeper's socket, and it will decide them on what it knew.
  const doomed = buyAll(before, usersOf('doomed', stock), 8_000)
  hideOwner()
  const second = await RunningNode.start({ settings, dataFolder })
  others.push(second)
  const after = clientOf(second)
  const taken = await buyAll(after, usersOf('taken', stock))
  expect(taken.filter((state) => state === 'held')).toHaveLength(stock - kept.length)

  process.kill(first.pid, 'SIGCONT')
  const ended = await first.ended(endsWithinMs)
  expect(ended.signal).toBeNull()
  expect(ended.code).not.toBe(0)
  expect(ended.err).toMatch(/^sluice: another process has taken over the data: \S+ is no longer this one's\n$/)
  expect(await doomed).not.toContain('held')
  expect(await doomed).not.toContain('queued')

  for (const user of kept) expect(await after.as(user).claim('lamp')).toMatchObject({ state: 'held' })
  expect(await after.skuStatus('lamp')).toMatchObject({ available: 0, held: stock, waiting: kept.length })
  const books = await readBooks(dataFolder)
  expect(books.problems).toEqual([])
  expect(books.skus).toMatchObject([{ units: stock, available: 0, held: stock, waiting: kept.length }])
  expect([...(books.latest.get('lamp')?.keys() ?? [])].filter((user) => user.startsWith('doomed'))).toEqual([])
}, 60_000)

test('KILL-12 a stopped process that nobody asks anything finds out by itself', async () => {
  process.kill(first.pid, 'SIGSTOP')
  hideOwner()
  const second = await RunningNode.start({ settings, dataFolder })
  others.push(second)
  process.kill(first.pid, 'SIGCONT')
  const ended = await first.ended(endsWithinMs)
  expect(ended).toMatchObject({ signal: null })
  expect(ended.code).not.toBe(0)
  expect(await buyAll(clientOf(second), usersOf('late', 1))).toEqual(['held'])
}, 60_000)
