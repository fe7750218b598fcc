import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { readProof } from '../actors/draw/read-proof.ts'
import { positionOf } from '../actors/draw/verify-proof.ts'
import { runProgram } from '../ops/cli/program.ts'
import { RecordingTerminal } from '../ops/cli/recording-terminal.ts'
import { connectSocket, type SocketClient } from '../protocol/client/socket-client.ts'
import { RunningNode } from './running-node.ts'

const people = Array.from({ length: 12 }, (_, i) => `user-${i}`)
const patience = { timeout: 60_000, interval: 20 }
const farAway = Date.UTC(2100, 0)

let node: RunningNode
let folder = ''
const closers: (() => void)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-draw-'))
  node = await RunningNode.start({ settings: { shards: 2 } })
})

afterEach(async () => {
  for (const close of closers.splice(0)) close()
  await node.stop()
  await rm(folder, { recursive: true, force: true })
})

test('DRAW-30 on a real node a lobby is drawn with a beacon, everyone hears of their place, and the proof that it hands out verifies', async () => {
  await node.createSku('lamp', { stock: 2, draw: { beacon: { source: 'drand:quicknet', round: 9 } } }, farAway)
  const operator = node.operator()
  closers.push(() => operator.close())
  const heard = new Map<string, string>()
  const seer = watcher('user-5', heard)
  await expect.poll(() => heard.get('user-5'), patience).toBe('nothing')
  await Promise.all(people.filter((user) => user !== 'user-5').map((user) => operator.as(user).buy('lamp')))
  expect(await seer.buy('lamp')).toMatchObject({ state: 'lobby', opensAt: farAway })
  await expect.poll(() => operator.sku('lamp'), patience).toMatchObject({ draw: { stage: 'lobby', people: 12, rosterHash: null } })
  const { draw: announced } = await operator.sku('lamp')

  await operator.saleOpen('lamp')
  await expect.poll(() => operator.sku('lamp'), patience).toMatchObject({ draw: { stage: 'beacon' } })
  const { draw: closed } = await operator.sku('lamp')
  expect(await operator.as('late').buy('lamp')).toMatchObject({ state: 'lobby' })
  const early = await sluice('draw', 'proof', 'lamp', '--out', 'proof.json', ...here())
  expect([early.code, early.err]).toEqual([1, expect.stringContaining('NOT_OPEN')])
  await node.kill()
  const beforeBeacon = await journalBytes()
  heard.clear()
  await node.restart()
  const again = node.operator()
  closers.push(() => again.close())
  // Back, and told again that it is in the lobby.
  await expect.poll(() => heard.get('user-5'), patience).toBe('lobby')
  expect(await sluice('draw', 'beacon', 'lamp', '9', 'c0ffee', ...here())).toMatchObject({ code: 0, err: '' })
  await expect.poll(() => again.sku('lamp'), patience).toMatchObject({ state: 'open', held: 2, waiting: 11 })

  expect(await sluice('draw', 'proof', 'lamp', '--out', 'proof.json', ...here())).toMatchObject({ code: 0, err: '' })
  const verified = await sluice('draw', 'verify', '--file', 'proof.json', '--json')
  expect(verified.code).toBe(0)
  const read = readProof(JSON.parse(await readFile(join(folder, 'proof.json'), 'utf8')))
  if (read.kind === 'problem') throw new Error(read.problem)
  const { proof } = read
  // Whoever had the journal before the beacon, and not the key, did not know the seed.
  expect(beforeBeacon.includes(Buffer.from(proof.commitment, 'hex'))).toBe(true)
  expect(beforeBeacon.includes(Buffer.from(proof.seed, 'hex'))).toBe(false)
  expect((await journalBytes()).includes(Buffer.from(proof.seed, 'hex'))).toBe(true)
  expect(proof).toMatchObject({ commitment: announced?.commitment, rosterHash: closed?.rosterHash, beacon: { value: 'c0ffee' } })
  const drawn = people.toSorted((a, b) => (positionOf(proof, a) ?? 0) - (positionOf(proof, b) ?? 0))
  const line = await again.lineList('lamp')
  expect(line.map(({ user }) => user)).toEqual([...drawn.slice(2), 'late'])
  for (const user of drawn.slice(0, 2)) expect(await again.as(user).claim('lamp')).toMatchObject({ state: 'held' })
  await expect.poll(() => heard.get('user-5'), patience).toBe(drawn.indexOf('user-5') < 2 ? 'held' : 'line')
  expect(await sluice('journal', 'verify', '--data', node.dataFolder)).toMatchObject({ code: 0, err: '' })
})

/** A shopper with a WebSocket, and the last that it heard of its place. */
function watcher(user: string, heard: Map<string, string>): SocketClient {
  const client = connectSocket({ url: node.socketUrl, token: () => node.tokenOf(user), WebSocket })
  closers.push(() => client.close())
  client.on('resumed', ({ claims }) => void heard.set(user, claims[0]?.state ?? 'nothing'))
  client.on('held', () => void heard.set(user, 'held'))
  client.on('line', () => void heard.set(user, 'line'))
  return client
}

async function journalBytes(): Promise<Buffer> {
  const names = await readdir(node.dataFolder, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile() && entry.name !== 'secrets.json')
  return Buffer.concat(await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name)))))
}

function here(): readonly string[] {
  return ['--rpc', `127.0.0.1:${node.ports.rpc}`]
}

async function sluice(...words: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const terminal = new RecordingTerminal(folder)
  const code = await runProgram(words, terminal, () => Promise.reject(new Error('no node is started here')))
  return { code, out: terminal.printed, err: terminal.complained }
}
