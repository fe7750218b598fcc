import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { openLmdbReader } from '../cluster/lmdb-reader.ts'
import { realClock } from '../ops/world.ts'
import { connectSocket } from '../protocol/client/socket-client.ts'
import { RunningNode } from './running-node.ts'
import { SluiceProcess } from './sluice-process.ts'

let node: RunningNode

afterEach(() => node.stop())

const ann = 'ann.who.wants.to.go@shop.example'

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await holds()); await wait(100)) {
    if (Date.now() > deadline) throw new Error(`in a minute there was no moment at which ${what}`)
  }
}

/** Where the data has the text, as a reader sees it that knows the formats. */
async function readable(folder: string, text: string): Promise<string[]> {
  const reader = openLmdbReader(folder, realClock)
  const found: string[] = []
  const look = (bytes: Uint8Array | undefined, what: string): void => {
    if (bytes !== undefined && Buffer.from(bytes).includes(text)) found.push(what)
  }
  try {
    for (const shard of reader.shards) {
      for await (const { position, bytes } of reader.readArchive(shard)) look(bytes, `${shard} record ${position.epoch}-${position.seq}`)
      for (const chunk of (await reader.readSnapshot(shard))?.chunks ?? []) look(chunk, `${shard} snapshot`)
    }
    return found
  } finally {
    await reader.close()
  }
}

/** Files of the folder that have the text anywhere, in use or not. */
async function files(folder: string, text: string): Promise<string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile() && (await readFile(join(entry.parentPath, entry.name))).includes(text)) found.push(entry.name)
  return found
}

async function sluice(...words: readonly string[]): Promise<{ readonly code: number | null; readonly out: string }> {
  const { code, out, err } = await new SluiceProcess(words).finished
  return { code, out: out + err }
}

test('ERA-8 an erased user is in no record, snapshot, archive and log of a node, nor in its file once that is written anew; units add up, and limits hold', async () => {
  node = await RunningNode.start({ settings: { shards: 2, simulatedDelayMs: 0, logLevel: 'debug' } })
  await node.createSku('lamp', { stock: 5, perUserMax: 1 })
  await node.createSku('vase', { stock: 1 })
  const operator = node.operator()
  await operator.setUser(ann, { displayName: 'Ann Who Goes', tier: 'gold' })
  const shop = connectSocket({ url: node.socketUrl, token: node.tokenOf(ann), WebSocket })
  const { order } = await shop.buy('lamp').then(() => shop.checkout('lamp', 'tok_of_ann_4711'))
  await operator.as('bob').buy('vase')
  await shop.buy('vase')
  await until('the order is in the history', async () => (await shop.history()).entries.some(({ kind }) => kind === 'order'))
  expect((await shop.history()).entries.map(({ kind }) => kind).toSorted()).toEqual(['order', 'visit'])

  const rpc = ['--rpc', node.rpcUrl, '--key', node.secrets.operatorKey]
  const refused = await sluice('user', 'erase', ann, ...rpc)
  expect([refused.code, refused.out]).toEqual([1, expect.stringContaining('SKU vase')])
  expect((await operator.orderFind(order)).user).toBe(ann)
  await shop.leave('vase')
  shop.close()
  await until('the session knows that nobody is connected', async () =>
    JSON.stringify(await operator.user(ann)).includes('"attachedTo":[]'),
  )
  const erased = await sluice('user', 'erase', ann, '--json', ...rpc)
  expect(erased.code).toBe(0)
  const { user: pseudonym } = await operator.orderFind(order)
  expect(JSON.parse(erased.out)).toEqual({ pseudonym, connected: false })
  expect(await operator.as(ann).history()).toEqual({ entries: [], next: null })
  expect(await operator.user(ann)).toMatchObject({ displayName: null, tier: null, firstSeenAt: null, orders: [] })

  await until('it is struck out of what is kept', async () => (await readable(node.dataFolder, ann)).length === 0)
  for (const text of ['Ann Who Goes', 'tok_of_ann_4711']) expect(await readable(node.dataFolder, text)).toEqual([])
  expect((await readable(node.dataFolder, pseudonym)).length).toBeGreaterThan(0)
  await expect(operator.as(ann).buy('lamp')).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
  expect(await operator.skuStatus('lamp')).toMatchObject({ available: 4, sold: 1 })
  operator.close()
  await node.terminate()
  expect(node.log).not.toContain(ann)

  const verified = await sluice('journal', 'verify', '--data', node.dataFolder)
  expect([verified.code, verified.out]).toEqual([0, expect.stringContaining('No gap')])
  const exported = await sluice('orders', 'export', '--csv', '--data', node.dataFolder)
  expect(exported.out).toContain(`${order},`)
  expect(exported.out).toContain(pseudonym)
  expect(exported.out).not.toContain(ann)
  expect((await sluice('data', 'compact', '--data', node.dataFolder)).code).toBe(0)
  expect(await files(node.dataFolder, ann)).toEqual([])
  expect(await files(node.dataFolder, 'Ann Who Goes')).toEqual([])

  await node.restart()
  const again = node.operator()
  await expect(again.as(ann).buy('lamp')).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
  expect(await again.skuStatus('lamp')).toMatchObject({ available: 4, sold: 1 })
  const busy = await sluice('data', 'compact', '--data', node.dataFolder)
  expect([busy.code, busy.out]).toEqual([1, expect.stringContaining('in use')])
  again.close()
})
