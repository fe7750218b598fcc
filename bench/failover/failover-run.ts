import { setTimeout as sleep } from 'node:timers/promises'
import { loadSecrets } from '../../ops/secrets.ts'
import { realRandom } from '../../ops/world.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import { BenchFault } from '../bench-fault.ts'
import { LocalCluster } from '../cluster/local-cluster.ts'
import { type ClusterView, inventoryOf, isSettled, viewCluster } from './cluster-view.ts'
import type { FailoverOptions } from './failover-options.ts'
import { makeLines, skuOfEachShard } from './shard-lines.ts'
import { SkuPolls } from './sku-polls.ts'

/** What one end of an owner did to its shards. */
export interface Round {
  readonly how: 'SIGKILL' | 'SIGTERM'
  /** Of each shard, in ms: after SIGKILL until the first answer, else the longest time without one. */
  readonly shardsMs: readonly number[]
  readonly failures: readonly string[]
}

const killPollMs = 50
/** What is measured is 200 ms at most, so it is looked at more often. */
const handOverPollMs = 20
const calmMs = 1_000
const settleMsMax = 60_000

/** Owners ended one after the other, each replaced by a new process before the next. */
export async function measureFailover(options: FailoverOptions, tell: (line: string) => void): Promise<readonly Round[]> {
  const { actors, shards, tickets } = options
  const cluster = await LocalCluster.start({
    ...{ gateways: 1, actors, orders: 0, nats: 1, durability: 'fsync', replicas: 0, isApart: false },
    nodeWords: ['--shards', String(shards), ...options.nodeWords],
  })
  const gateway = cluster.members.find(({ kind }) => kind === 'gateway')
  const { operatorKey } = await loadSecrets(cluster.folder.path, {}, realRandom)
  const rpc = connectRpc({ url: `tcp://127.0.0.1:${gateway?.ports.rpc}`, key: operatorKey })
  try {
    const skus = skuOfEachShard(shards)
    await makeLines(rpc, skus, tickets)
    tell(`${shards} inventory shards with a line of ${tickets} each, on ${actors} actor nodes`)
    const rounds: Round[] = []
    const measure = async (how: Round['how']): Promise<void> => {
      const round = await endOneOwner({ cluster, rpc, skus, actors }, how, `round-${rounds.length}`)
      rounds.push(round)
      tell(lineOf(round, rounds.length))
    }
    for (let kill = 0; kill < options.kills; kill++) await measure('SIGKILL')
    for (let handOver = 0; handOver < options.handOvers; handOver++) await measure('SIGTERM')
    return rounds
  } finally {
    rpc.close()
    await cluster.stop()
  }
}

interface Stage {
  readonly cluster: LocalCluster
  readonly rpc: RpcClient
  readonly skus: readonly string[]
  readonly actors: number
}

async function endOneOwner({ cluster, rpc, skus, actors }: Stage, how: Round['how'], name: string): Promise<Round> {
  const view = await settled(rpc, actors)
  // The one that has been there longest, so that each has its turn.
  const member = cluster.members.find(({ kind }) => kind === 'actors')
  if (member?.node === undefined) throw new BenchFault('there is no actor node')
  const owned = inventoryOf(view, member.node)
  const moved = owned.map((shard) => skus[shard] ?? '')
  const polls = new SkuPolls(rpc, moved, how === 'SIGKILL' ? killPollMs : handOverPollMs, name)
  try {
    await sleep(calmMs)
    const since = performance.now()
    await cluster.end(member, how)
    while (!polls.hasAnswered(since)) await sleep(killPollMs)
    const firstMs = polls.firstAnswersMs(since)
    await cluster.add('actors')
    await settled(rpc, actors)
    await polls.end()
    return { how, shardsMs: how === 'SIGKILL' ? firstMs : polls.longestSilencesMs(since), failures: polls.failures }
  } finally {
    await polls.end()
  }
}

async function settled(rpc: RpcClient, actors: number): Promise<ClusterView> {
  const until = performance.now() + settleMsMax
  for (;;) {
    const view = await viewCluster(rpc)
    if (isSettled(view, actors)) return view
    if (performance.now() > until) throw new BenchFault(`the shards are not where they should be after ${settleMsMax / 1000} s`)
    await sleep(200)
  }
}

function lineOf({ how, shardsMs, failures }: Round, number: number): string {
  const what = how === 'SIGKILL' ? 'first answers after' : 'longest silences'
  return `${number}. ${how}: ${shardsMs.length} shards, ${what} ${ms(Math.min(...shardsMs))} to ${ms(Math.max(...shardsMs))}, ${failures.length} calls failed`
}

function ms(value: number): string {
  return `${Math.round(value)} ms`
}
