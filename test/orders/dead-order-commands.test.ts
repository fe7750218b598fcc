import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DeadOrders } from '../../actors/payment/dead-orders.ts'
import type { ShardAnswer, ShardCalls } from '../../actors/payment/shard-calls.ts'
import { LocalQueue, localQueueLimits } from '../../cluster/local-queue.ts'
import { order } from '../../cluster/queue-contract.ts'
import { AuditLog } from '../../gateway/audit-log.ts'
import { ScriptedTable } from '../../gateway/catalogue/scripted-table.ts'
import { IdentityCheck } from '../../gateway/identity.ts'
import { type AuditDeed, audited } from '../../ops/audited-routes.ts'
import { runProgram } from '../../ops/cli/program.ts'
import { RecordingTerminal } from '../../ops/cli/recording-terminal.ts'
import { deadOrderRoutes } from '../../ops/dead-order-routes.ts'
import { createMetrics } from '../../ops/metrics.ts'
import { operatorOf } from '../../ops/ops-operator.ts'
import type { OpsRequest } from '../../ops/ops-routes.ts'
import { type OpsServer, startOpsServer } from '../../ops/ops-server.ts'
import { Readiness } from '../../ops/readiness.ts'
import { recordedWorld } from '../recorded-world.ts'
import { until } from '../servers/until.ts'

const key = 'o'.repeat(16)
const pending: ShardCalls = {
  shardOfText: () => 0,
  request: async (): Promise<ShardAnswer> => ({ error: null, result: { state: 'pending' } }),
}

let queue: LocalQueue
let dead: DeadOrders
let ops: OpsServer
let table: ScriptedTable
let kept: AuditLog

beforeEach(async () => {
  const world = recordedWorld()
  queue = new LocalQueue(world, { ...localQueueLimits, attemptsMax: 1 })
  dead = new DeadOrders({ queue, calls: pending, worker: { ask: async () => 'absent' }, world })
  table = new ScriptedTable()
  const log = new AuditLog({ table, clock: world.clock, log: world.log, limits: { auditDays: 1, auditEntriesMax: 100 } })
  const audit = (deed: AuditDeed) => audited(log, world, deed)
  kept = log
  const credentials = { jwtSecret: 'x'.repeat(32), backendKey: 'y'.repeat(16), operatorKey: key }
  const identities = new IdentityCheck(credentials, () => world.clock.now())
  const whoIs = (request: OpsRequest) => operatorOf(identities, request)
  ops = await startOpsServer({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics(),
    readiness: new Readiness(world.clock),
    log: world.log,
  })
  for (const [path, route] of deadOrderRoutes({ sources: [dead], whoIs, audit })) ops.add(path, route)
  for (const units of [1, 2]) await queue.put(`o${units}`, order(units))
  const consumer = queue.consume(10, () => Promise.reject(new Error('the provider says 422')))
  await until(async () => (await queue.deadLetters()).length === 2)
  await consumer.close()
})
afterEach(async () => {
  await ops.close()
  await dead.close()
  await queue.close()
})

async function sluice(...words: readonly string[]) {
  const terminal = new RecordingTerminal(tmpdir())
  const code = await runProgram(['orders', ...words], terminal, () => Promise.reject(new Error('no node is started here')))
  return { code, out: terminal.printed, err: terminal.complained }
}

const here = (): readonly string[] => ['--ops', `127.0.0.1:${ops.port}`, '--key', key]

test('ADT-9 what is tried again is in the audit log, and without one nothing is', async () => {
  await sluice('retry', 'phone:abc:1', ...here())
  expect((await kept.list(null, 9)).entries).toMatchObject([
    { who: 'operator', method: 'orders.retry', params: { orders: ['phone:abc:1'] }, outcome: 'done', after: { retried: ['phone:abc:1'] } },
  ])
  table.isAway = true
  expect((await sluice('retry', '--all', ...here())).code).toBe(1)
  const delivered: string[] = []
  queue.consume(10, async (delivery) => void delivered.push(delivery.order.order))
  await until(() => delivered.length > 0)
  expect(delivered).toEqual(['phone:abc:1'])
})

test('DEAD-5 dead orders are listed with what is wrong with them', async () => {
  const { code, out, err } = await sluice('dead', ...here())
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^phone:abc:1 +pending +user 1 +charge +EUR 1\.00 +1 +the provider says 422$/m)
  expect(out).toMatch(/^phone:abc:2 +pending/m)
  expect(out).not.toContain('tok_')
  expect(JSON.parse((await sluice('dead', '--json', ...here())).out)).toHaveLength(2)
})

test('DEAD-6 an operator has some of them tried again, or all', async () => {
  expect(await sluice('retry', 'phone:abc:2', ...here())).toEqual({ code: 0, out: '1 order will be tried again\n', err: '' })
  expect(await sluice('retry', 'phone:abc:9', ...here())).toMatchObject({ code: 1, err: 'sluice: not dead: phone:abc:9\n' })
  expect(await sluice('retry', '--all', ...here())).toMatchObject({ code: 0, out: '2 orders will be tried again\n' })
  const delivered: string[] = []
  queue.consume(10, async (delivery) => void delivered.push(delivery.order.order))
  await until(() => delivered.length >= 2)
  expect(new Set(delivered)).toEqual(new Set(['phone:abc:1', 'phone:abc:2']))
  expect(await sluice('retry', ...here())).toMatchObject({ code: 2 })
  expect(await sluice('retry', '--all', 'phone:abc:1', ...here())).toMatchObject({ code: 2 })
})

test('DEAD-7 nobody else does, where others can reach the port', async () => {
  const stranger = ['--ops', `127.0.0.1:${ops.port}`]
  for (const words of [['dead'], ['retry', '--all'], ['dead', '--key', 'x'.repeat(16)]]) {
    const { code, out, err } = await sluice(...words, ...stranger)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain('answers 401: not the key of an operator')
  }
  const nonsense = await fetch(`http://127.0.0.1:${ops.port}/orders/retry`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: '{"orders":1}',
  })
  expect(nonsense.status).toBe(400)
})

test('DEAD-8 a process without them, and none at all, are told apart', async () => {
  const world = recordedWorld()
  const other = await startOpsServer({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics(),
    readiness: new Readiness(world.clock),
    log: world.log,
  })
  const address = `127.0.0.1:${other.port}`
  expect((await sluice('dead', '--ops', address)).err).toBe(`sluice: the process on ${address} does not have the role orders\n`)
  await other.close()
  expect((await sluice('dead', '--ops', address)).err).toBe(`sluice: nobody answers on ${address}; --ops names another\n`)
  expect(await sluice('dead', '--ops', 'no host')).toMatchObject({ code: 2 })
})
