import { afterEach, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { until } from '../servers/until.ts'
import { type Finished, runSluice } from '../sluice-process.ts'
import { type ClusterMember, SmallCluster } from './small-cluster.ts'

const statusSchema = z.object({
  nodes: z.array(z.object({ name: z.string(), role: z.string(), state: z.string(), shards: z.array(z.object({ name: z.string() })) })),
  unowned: z.array(z.string()),
})

let cluster: SmallCluster
beforeEach(async () => {
  cluster = await SmallCluster.start()
})
afterEach(() => cluster.stop())

test('CLU-20 cluster status tells of every process, and of every shard its owner, epoch and lag', async () => {
  const [actors, gateway] = [await cluster.ready('actors'), await cluster.ready('gateway')]
  const { code, out } = await sluice(gateway, 'cluster', 'status')
  expect(code).toBe(0)
  expect(out).toMatch(new RegExp(`^${actors.name} +actors +ready +8$`, 'm'))
  expect(out).toMatch(new RegExp(`^${gateway.name} +gateway +ready +0$`, 'm'))
  for (const shard of ['inv.0', 'inv.3', 'ses.0', 'ses.3']) {
    expect(out).toMatch(new RegExp(`^${shard.replace('.', '\\.')} +${actors.name} +[1-9]\\d+ +\\d+ +\\d+$`, 'm'))
  }
})

test('CLU-20 shards that nobody owns are named', async () => {
  const [actors, gateway] = [await cluster.ready('actors'), await cluster.ready('gateway')]
  await actors.kill()
  expect((await sluice(gateway, 'cluster', 'status')).out).toMatch(/^inv\.2 +nobody/m)
  expect((await statusOf(gateway)).unowned).toHaveLength(8)
})

test('CLU-21 cluster drain ends a node in order, and others have its shards at once', async () => {
  const [leaving, staying, gateway] = [await cluster.ready('actors'), await cluster.ready('actors'), await cluster.ready('gateway')]
  const { code, out } = await sluice(gateway, 'cluster', 'drain', leaving.name)
  expect(code).toBe(0)
  expect(out).toMatch(new RegExp(`^node ${leaving.name} \\(actors\\) drains`))
  expect((await leaving.run.finished).code).toBe(0)
  await until(async () => (await statusOf(gateway)).unowned.length === 0)
  const { nodes } = await statusOf(gateway)
  expect(nodes.map(({ name, shards }) => [name, shards.length])).toEqual([
    [staying.name, 8],
    [gateway.name, 0],
  ])
})

test('CLU-22 a node that is not there, and the only one of its role, are not drained', async () => {
  const [actors, gateway] = [await cluster.ready('actors'), await cluster.ready('gateway')]
  expect(await sluice(gateway, 'cluster', 'drain', 'nobody')).toMatchObject({
    code: 1,
    err: 'sluice: cluster.drain: MALFORMED: There is no node nobody.\n',
  })
  const { code, err } = await sluice(gateway, 'cluster', 'drain', actors.name)
  expect(code).toBe(1)
  expect(err).toMatch(/FORBIDDEN: Node \w+ is the only one with the role actors/)
  expect((await statusOf(gateway)).nodes).toHaveLength(2)
})

async function statusOf(gateway: ClusterMember): Promise<z.output<typeof statusSchema>> {
  return statusSchema.parse(JSON.parse((await sluice(gateway, 'cluster', 'status', '--json')).out))
}

function sluice(gateway: ClusterMember, ...words: readonly string[]): Promise<Finished> {
  return runSluice([...words, '--rpc', gateway.rpcUrl])
}
