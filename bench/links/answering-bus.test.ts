import { expect, test } from 'vitest'
import { Calls } from '../../cluster/calls.ts'
import { LocalBus } from '../../cluster/local-bus.ts'
import { ScriptedShard } from '../../cluster/scripted-shard.ts'
import { realWorld } from '../../ops/world.ts'
import { op } from '../../protocol/entry.ts'
import { shardSubject } from '../../protocol/subject.ts'
import { answeringBus } from './answering-bus.ts'

const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

test('BEN-74 on an answering bus a buy is held without a shard, and everything else reaches one', async () => {
  const world = realWorld(quiet)
  const local = new LocalBus(quiet)
  const shard = new ScriptedShard(local, shardSubject('inv', 0), () => ({ kind: 'result', result: 'from the shard' }))
  const bus = answeringBus(local, world.timers)
  const calls = new Calls({ bus, world, node: 'test', shards: 1, limits: { pendingMax: 16, callDeadlineMs: 10_000 } })
  const buys = ['ann', 'bob'].map((user) => calls.request('inv', 0, { op: op.buy, sku: 'lamp', user, qty: 1 }))
  const answers = await Promise.all(buys)
  expect(answers.length).toBe(2)
  for (const { error, result } of answers) {
    expect(error).toBeNull()
    expect(result).toMatchObject({ state: 'held', qty: 1 })
  }
  expect(shard.heard).toEqual([])
  expect(await calls.request('inv', 0, { op: op.status, sku: 'lamp' })).toEqual({ error: null, result: 'from the shard' })
  expect(shard.heard.length).toBe(1)
  calls.close()
  await bus.close()
})
