import { afterEach, expect, test } from 'vitest'
import { openLmdbReader } from '../../cluster/lmdb-reader.ts'
import { comparePositions, journalStart, type Position, type ShardName } from '../../cluster/store.ts'
import { realClock } from '../../ops/world.ts'
import { globalWorld } from '../../protocol/client/global-world.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import { Chance } from '../checkers/chance.ts'
import { readBooks } from '../checkers/journal-books.ts'
import { ToldStory } from '../checkers/told-story.ts'
import { unitProblems } from '../checkers/units.ts'
import { RunningNode } from '../running-node.ts'
import { runSluice } from '../sluice-process.ts'

const shard: ShardName = 'inv.0'
const users = 120
const stock = 40
const lives = 4
const snapshotsPerLife = 2
const deadlineMs = 60_000
const settings = {
  shards: 1,
  snapshotEveryBytes: 64 * 1024,
  addressRatePerSecond: 1_000_000,
  addressBurst: 1_000_000,
  userRatePerSecond: 1_000_000,
  userBurst: 1_000_000,
}

let node: RunningNode
let client: RpcClient

afterEach(async () => {
  client.close()
  await node.stop()
})

/** People who come and go without rest, and hold every word against the one before. */
class Churn {
  readonly problems: string[] = []
  private isOver = false
  private readonly visits: Promise<unknown>

  constructor(rpc: RpcClient) {
    this.visits = Promise.all(Array.from({ length: users }, (_, i) => this.visit(rpc, `a-restless-person-${i}`)))
  }

  async end(): Promise<void> {
    this.isOver = true
    await this.visits
  }

  private async visit(rpc: RpcClient, user: string): Promise<void> {
    try {
      await this.comeAndGo(rpc, user)
    } catch (error) {
      this.problems.push(`${user} ${String(error)}`)
    }
  }

  private async comeAndGo(rpc: RpcClient, user: string): Promise<void> {
    const calls = rpc.as(user)
    const story = new ToldStory(user, deadlineMs, (promise, problem) => this.problems.push(`${promise} ${problem}`))
    while (!this.isOver) {
      story.asks('buy')
      story.told(await calls.buy('lamp', { deadlineMs }), Date.now())
      story.told(await calls.claim('lamp', { deadlineMs }), Date.now())
      story.asks('leave')
      story.told(await calls.leave('lamp', { deadlineMs }), Date.now())
    }
  }
}

/** Where the newest snapshot stands, and how many records come after it and before it, as a reader beside the node sees it. */
async function journalNow(folder: string): Promise<{ snapshot: Position; trimmed: number; tail: number }> {
  const reader = openLmdbReader(folder, realClock)
  try {
    const snapshot = (await reader.readSnapshot(shard))?.position ?? journalStart
    let trimmed = 0
    let tail = 0
    for await (const record of reader.readArchive(shard)) if (record.trimmed) trimmed++
    for await (const record of reader.readTail(shard, snapshot)) if (comparePositions(record.position, snapshot) > 0) tail++
    return { snapshot, trimmed, tail }
  } finally {
    await reader.close()
  }
}

function snapshotsIn(log: string): number {
  return log.split('\n').filter((line) => line.includes('"text":"a snapshot was stored"') && line.includes(`"shard":"${shard}"`)).length
}

test('KILL-15 under load snapshots follow each other, journals stay short, and kills in between lose nothing of either', async () => {
  const chance = new Chance()
  chance.announce('a long run with snapshots')
  node = await RunningNode.start({ settings })
  await node.createSku('lamp', { stock, holdTtlMs: 600_000 })
  const world = { ...globalWorld(), random: () => chance.next() * 0.05 }
  client = connectRpc({ url: node.rpcUrl, key: node.secrets.operatorKey, world })
  const churn = new Churn(client)
  let before = journalStart
  for (let life = 0; life < lives; life++) {
    await expect.poll(() => snapshotsIn(node.log), { timeout: 40_000, interval: 50 }).toBeGreaterThanOrEqual(snapshotsPerLife)
    await new Promise((resolve) => setTimeout(resolve, chance.next() * 1_500))
    await node.kill()
    // A digest that does not agree is a snapshot that failed.
    expect(node.log).not.toContain('a snapshot failed')
    const { snapshot, trimmed, tail } = await journalNow(node.dataFolder)
    expect(comparePositions(snapshot, before)).toBeGreaterThan(0)
    expect(trimmed).toBeGreaterThan(0)
    // What a start reads is what was written since the last snapshot, however long the node has lived.
    if (life === lives - 1) expect(tail).toBeLessThan(trimmed)
    before = snapshot
    await node.restart()
  }
  await client.as('a-restless-person-0').claim('lamp', { deadlineMs })
  await churn.end()
  expect(churn.problems).toEqual([])
  const status = await client.skuStatus('lamp')
  expect(unitProblems(status, stock)).toEqual([])
  expect(status).toMatchObject({ available: stock, held: 0, waiting: 0 })

  const books = await readBooks(node.dataFolder)
  expect(books.problems).toEqual([])
  expect(books.partial).toEqual([])
  expect(books.skus).toMatchObject([{ units: stock, available: stock, held: 0, waiting: 0, users }])
  const verified = await runSluice(['journal', 'verify', '--data-folder', node.dataFolder])
  expect({ code: verified.code, err: verified.err }).toEqual({ code: 0, err: '' })
}, 180_000)
