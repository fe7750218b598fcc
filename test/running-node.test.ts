import { access } from 'node:fs/promises'
import { afterEach, expect, test } from 'vitest'
import { RunningNode } from './running-node.ts'

let node: RunningNode

afterEach(() => node.stop())

test('SYS-1 a killed node comes back on the same data with what it had promised', async () => {
  node = await RunningNode.start({ settings: { shards: 2 } })
  await node.createSku('lamp', { stock: 1 })
  const before = node.operator()
  const held = await before.as('anna').buy('lamp')
  const queued = await before.as('ben').buy('lamp')
  before.close()
  expect([held.state, queued.state]).toEqual(['held', 'queued'])
  await node.kill()
  await node.restart()
  const after = node.operator()
  expect(await after.as('anna').claim('lamp')).toMatchObject({ state: 'held' })
  expect(await after.as('ben').claim('lamp')).toMatchObject({ state: 'queued', ahead: 0 })
  after.close()
})

test('SYS-2 a node that is asked to stop ends well and by itself', async () => {
  node = await RunningNode.start({ settings: { shards: 2 } })
  expect(await node.terminate()).toMatchObject({ code: 0, signal: null, err: '' })
  await node.stop()
  await expect(access(node.dataFolder)).rejects.toThrow('ENOENT')
})
