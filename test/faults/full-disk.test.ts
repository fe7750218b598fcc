import { join } from 'node:path'
import { afterEach, expect, test, type TestContext } from 'vitest'
import { SluiceError } from '../../protocol/client/index.ts'
import type { RpcClient } from '../../protocol/client/rpc-client.ts'
import { Chance } from '../checkers/chance.ts'
import { readBooks } from '../checkers/journal-books.ts'
import { RunningNode } from '../running-node.ts'
import { runSluice } from '../sluice-process.ts'
import { SmallDisk } from '../small-disk.ts'
import { Rush } from './rush.ts'

const mebi = 1024 * 1024
/** Larger than what a node keeps free for itself, which `leave` is well below. */
const diskBytes = 128 * mebi
const leave = 16 * mebi
const callDeadlineMs = 1_000
const crowd = { leaveShare: 0.3, declineShare: 0.1, impatientShare: 0.05, againShare: 0.5, thinkMsMax: 1_500, lookMs: 300 }

const cleanups: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})

/** A node whose data lie on a disk that the test can fill. */
async function nodeOnSmallDisk(context: TestContext): Promise<{ node: RunningNode; disk: SmallDisk }> {
  const disk = SmallDisk.mount(diskBytes)
  if (typeof disk === 'string') return context.skip(disk)
  cleanups.push(() => disk.unmount())
  const settings = { shards: 2, callDeadlineMs, simulatedDelayMs: 50 }
  const node = await RunningNode.start({ settings, dataFolder: join(disk.folder, 'data') })
  cleanups.push(async () => {
    if (node.isRunning) await node.kill()
  })
  return { node, disk }
}

/** Resolves when the node has met the full disk since the log was so long. */
async function untilFull(node: RunningNode, from: number): Promise<void> {
  await expect.poll(() => node.log.slice(from), { timeout: 20_000, interval: 20 }).toContain('is full')
}

async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    return `no refusal but ${JSON.stringify(await call)}`
  } catch (error) {
    if (error instanceof SluiceError) return error.code
    throw error
  }
}

function clientOf(node: RunningNode): RpcClient {
  const client = node.operator()
  cleanups.push(() => client.close())
  return client
}

test('KILL-13 while the disk is full nobody gets an answer that is not stored, and once there is room everything goes on where it stopped', async (context) => {
  const { node, disk } = await nodeOnSmallDisk(context)
  await node.createSku('lamp', { stock: 2 })
  const client = clientOf(node)
  expect(await client.as('anna').buy('lamp')).toMatchObject({ state: 'held', hold: 1 })
  disk.fill(leave)
  const asked = ['ben', 'cleo', 'dora'].map((user) => codeOf(client.as(user).buy('lamp', { requestId: `of-${user}`, deadlineMs: 2_500 })))
  expect(await Promise.all(asked)).toEqual(['TIMEOUT', 'TIMEOUT', 'TIMEOUT'])
  // What is said of all stays what was stored: the units of those who got no answer are not taken in the eyes of anybody.
  expect(await client.sku('lamp')).toMatchObject({ available: 1, held: 1, state: 'open' })
  expect((await fetch(`${node.opsUrl}/healthz`)).status).toBe(200)
  expect(node.isRunning).toBe(true)

  disk.empty()
  await expect
    .poll(
      () =>
        client
          .as('anna')
          .claim('lamp')
          .then((claim) => claim.state),
      { timeout: 20_000 },
    )
    .toBe('held')
  // The calls that had no answer are repeated and have one outcome, whether their first try was stored or not.
  const outcomes = ['ben', 'cleo', 'dora'].map((user) => client.as(user).buy('lamp', { requestId: `of-${user}` }))
  const states = (await Promise.all(outcomes)).map((claim) => claim.state)
  expect(states.toSorted()).toEqual(['held', 'queued', 'queued'])
  expect(await client.skuStatus('lamp')).toMatchObject({ available: 0, held: 2, waiting: 2 })
})

test('KILL-14 a rush lives through a disk that fills up, a kill on the full disk, and a start that has to wait for room', async (context) => {
  const chance = new Chance()
  chance.announce('a rush on a full disk')
  const { node, disk } = await nodeOnSmallDisk(context)
  const rush = new Rush(node, chance, [{ sku: 'lamp', stock: 60, holdTtlMs: 600_000, shoppers: 150, arrivedAfter: 4, habits: crowd }])
  cleanups.push(() => rush.close())
  await rush.prepare(0.1)
  const filledUp = async (): Promise<void> => {
    await pause(chance.next() * 800)
    const from = node.log.length
    disk.fill(leave)
    await untilFull(node, from)
    await pause(chance.next() * 2 * callDeadlineMs)
  }
  for (let round = 0; round < 2; round++) {
    rush.arrive(round + 1)
    await filledUp()
    disk.empty()
    await rush.audit()
  }
  rush.arrive(3)
  await filledUp()
  await node.kill()
  const { code, err } = await runSluice([
    'start',
    '--data-folder',
    node.dataFolder,
    '--shards',
    '2',
    '--web-port',
    '0',
    '--rpc-port',
    '0',
    '--ops-port',
    '0',
  ])
  expect(code).not.toBe(0)
  expect(err).toBe(`sluice: the disk under the data folder ${node.dataFolder} is full\n`)
  disk.empty()
  await node.restart()
  await rush.audit()
  rush.arrive(Infinity)
  await rush.finish(40_000)
  await rush.audit()
  expect(rush.problems).toEqual([])
  expect(await node.terminate()).toMatchObject({ code: 0 })
  const books = await readBooks(node.dataFolder)
  expect(books.problems).toEqual([])
  expect(books.skus).toMatchObject([{ units: 60, available: 0, held: 0, ordered: 0, sold: 60, waiting: 0 }])
}, 120_000)

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
