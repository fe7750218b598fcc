import { setTimeout as sleep } from 'node:timers/promises'
import { openLmdbStore } from '../../cluster/lmdb-store.ts'
import { openRedisStore } from '../../cluster/redis-store.ts'
import type { Store } from '../../cluster/store.ts'
import type { World } from '../../cluster/world.ts'
import type { FollowSource } from '../../ops/follower-thread.ts'
import { createLog } from '../../ops/log.ts'
import { realWorld } from '../../ops/world.ts'
import { saleFileSchema, settingsOfSale, type SkuSettings } from '../../protocol/sku-settings.ts'
import { startBenchRedis } from '../servers/bench-redis.ts'
import { TempFolder } from '../servers/temp-folder.ts'
import { CallsMeanwhile, type Felt } from './calls-meanwhile.ts'
import { ShardStage } from './shard-stage.ts'

export type StoreName = 'lmdb' | 'redis'

/** A long work, and what calls to other SKUs felt of it: one on the same shard, while it has its owner, and one on another shard of the node. */
export interface Pause {
  readonly store: StoreName
  readonly work: 'nothing' | 'snapshot' | 'recovery from the journal' | 'recovery from a snapshot' | 'draw'
  readonly people: number
  readonly tookMs: number
  readonly chunks?: number
  readonly sameShard?: Felt
  readonly otherShard: Felt
}

const shards = { inv: 2, ses: 2 }
const plenty = 1_000_000_000
const quietMs = 3_000

/** Snapshot, recoveries and draw of a shard with so many people, with other calls all the while. */
export async function measurePauses(name: StoreName, people: number, tell: (line: string) => void): Promise<readonly Pause[]> {
  const pauses: Pause[] = []
  const measured = (pause: Pause): void => {
    pauses.push(pause)
    tell(lineOf(pause))
  }
  await onStage(name, (stage) => measureLine(stage, name, people, measured))
  await onStage(name, (stage) => measureDraw(stage, name, people, measured))
  return pauses
}

async function measureLine(stage: ShardStage, store: StoreName, people: number, measured: (pause: Pause) => void): Promise<void> {
  await stage.configure(0, settingsOf('crowd', 1))
  await stage.fill('crowd', people + 1)
  const meanwhile = async (work: Pause['work'], hasOwner: boolean, run: () => Promise<void>): Promise<Pause> => {
    const same = hasOwner ? new CallsMeanwhile(stage.calls, 0, 'neighbour', work) : undefined
    const other = new CallsMeanwhile(stage.calls, 1, 'elsewhere', work)
    const since = performance.now()
    await run()
    const tookMs = Math.round(performance.now() - since)
    const sameShard = await same?.end()
    return { store, work, people, tookMs, ...(sameShard === undefined ? {} : { sameShard }), otherShard: await other.end() }
  }
  measured(await meanwhile('nothing', true, () => sleep(quietMs)))
  await stage.closeShard(0)
  measured(await meanwhile('recovery from the journal', false, () => stage.openShard(0)))
  const snapshot = await meanwhile('snapshot', true, () => stage.snapshot())
  measured({ ...snapshot, chunks: await stage.snapshotChunks() })
  await stage.closeShard(0)
  measured(await meanwhile('recovery from a snapshot', false, () => stage.openShard(0)))
}

async function measureDraw(stage: ShardStage, store: StoreName, people: number, measured: (pause: Pause) => void): Promise<void> {
  const later = Date.now() + 86_400_000
  await stage.configure(0, settingsOf('lobby', 1, { opensAt: later, draw: {} }), Buffer.alloc(32, 5))
  await stage.fill('lobby', people)
  const same = new CallsMeanwhile(stage.calls, 0, 'neighbour', 'draw')
  const other = new CallsMeanwhile(stage.calls, 1, 'elsewhere', 'draw')
  const since = performance.now()
  await stage.draw('lobby')
  const tookMs = Math.round(performance.now() - since)
  measured({ store, work: 'draw', people, tookMs, sameShard: await same.end(), otherShard: await other.end() })
}

/** The shards of a stage each have a SKU with plenty, for the calls of others. */
async function onStage(name: StoreName, run: (stage: ShardStage) => Promise<void>): Promise<void> {
  const world = realWorld(createLog({ level: 'warn', pretty: true, colours: false }))
  const { store, source, stop } = name === 'lmdb' ? await openLmdb(world) : await openRedis(world)
  try {
    const stage = await ShardStage.start(store, source, world)
    await stage.configure(0, settingsOf('neighbour', plenty))
    await stage.configure(1, settingsOf('elsewhere', plenty))
    await run(stage)
    await stage.close()
  } finally {
    await stop()
  }
}

interface OpenStore {
  readonly store: Store
  readonly source: FollowSource
  readonly stop: () => Promise<void>
}

async function openLmdb(world: World): Promise<OpenStore> {
  const folder = new TempFolder('million')
  const store = await openLmdbStore({ folder: folder.path, durability: 'fsync', archiveDays: 30, shards, world })
  const stop = async (): Promise<void> => {
    await store.close()
    await folder.remove()
  }
  return { store, source: { kind: 'folder', folder: folder.path }, stop }
}

async function openRedis(world: World): Promise<OpenStore> {
  const redis = await startBenchRedis('fsync', false)
  const url = `redis://127.0.0.1:${redis.port}`
  const store = await openRedisStore({ url, durability: 'fsync', archiveDays: 30, leaseMs: 60_000, shards, world })
  const stop = async (): Promise<void> => {
    await store.close()
    await redis.stop()
  }
  return { store, source: { kind: 'redis', url }, stop }
}

function settingsOf(sku: string, stock: number, sale: { readonly opensAt?: number; readonly draw?: object } = {}): SkuSettings {
  const { opensAt = 0, ...draw } = sale
  const skus = [{ sku, title: 'Bench', priceMinor: 100, stock, holdTtlMs: 86_400_000, ...draw }]
  const [settings] = settingsOfSale(saleFileSchema.parse({ sale: 'bench', title: 'Bench', opensAt, skus }))
  if (settings === undefined) throw new Error('the sale of the bench has no SKU')
  return settings
}

function lineOf({ store, work, people, tookMs, sameShard, otherShard }: Pause): string {
  const felt = (where: string, { p50Ms, p99Ms, mostMs }: Felt): string => `${where} p50 ${p50Ms}, p99 ${p99Ms}, most ${mostMs} ms`
  const loop = `loop busy for ${otherShard.loopP99Ms} ms at p99, ${otherShard.loopMostMs} at most`
  const parts = [...(sameShard === undefined ? [] : [felt('same shard', sameShard)]), felt('another shard', otherShard)]
  return `${store}: ${work}, ${people.toLocaleString('en-US')} people, ${tookMs} ms; ${parts.join('; ')}; ${loop}`
}
