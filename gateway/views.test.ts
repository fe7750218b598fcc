import { beforeEach, describe, expect, test } from 'vitest'
import { decodeInner } from '../cluster/call-codec.ts'
import { Calls } from '../cluster/calls.ts'
import { LocalBus } from '../cluster/local-bus.ts'
import { ManualWorld } from '../cluster/manual-world.ts'
import { ScriptedShard } from '../cluster/scripted-shard.ts'
import type { ShardBroadcast, ShardView, SkuChange } from '../protocol/broadcast.ts'
import { op } from '../protocol/entry.ts'
import { hashText } from '../protocol/hash.ts'
import { publicSubject, shardSubject } from '../protocol/subject.ts'
import type { SkuView } from './sku-view.ts'
import { broadcastFrame, shardView, skuChange, skuSettings, skuView, tenUnits } from './view-fixtures.ts'
import { Views } from './views.ts'

const tickMs = 100
const lamp = skuSettings('lamp')
const vase = skuSettings('vase')

let world: ManualWorld
let bus: LocalBus
let views: Views
let shard: ScriptedShard
/** What the shard answers to a question for its view; undefined is silence. */
let answer: ShardView | undefined
let seen: { readonly sku: string; readonly change: SkuChange | undefined }[]

beforeEach(async () => {
  world = new ManualWorld()
  bus = new LocalBus(world.log)
  answer = shardView({ shard: 0, epoch: 5, seq: 10 }, [skuView(lamp)])
  shard = new ScriptedShard(bus, shardSubject('inv', 0), () =>
    answer === undefined ? { kind: 'silence' } : { kind: 'inner', result: answer },
  )
  const calls = new Calls({ bus, world, node: 'gateway', shards: 1, limits: { pendingMax: 100, callDeadlineMs: 1_000 } })
  views = new Views({
    bus,
    calls,
    clock: world.clock,
    timers: world.timers,
    log: world.log,
    shards: 1,
    tickMs,
    decodeView: decodeInner<ShardView>,
  })
  seen = []
  views.onChange((view, change) => seen.push({ sku: view.settings.sku, change }))
  await Promise.all([views.load(), world.pass(0)])
})

test('GW-53 a gateway begins by reading every shard, and finds each SKU by its name', () => {
  expect(shard.heard.map((command) => command.op)).toEqual([op.view])
  expect(find('lamp').status()).toMatchObject({ available: 10, state: 'open' })
  expect(seen).toEqual([{ sku: 'lamp', change: undefined }])
  const bytes = new TextEncoder().encode('xlampx')
  expect(views.findScanned(hashText('lamp'), bytes, 1, 5)).toBe(find('lamp'))
  expect(views.findScanned(hashText('lamp'), bytes, 0, 4)).toBeUndefined()
  expect(views.findScanned(hashText('vase'), bytes, 1, 5)).toBeUndefined()
})

describe('where no shard has an owner', () => {
  const shards = 2
  let nobody: LocalBus
  let lonely: Views
  beforeEach(() => {
    nobody = new LocalBus(world.log)
    const calls = new Calls({ bus: nobody, world, node: 'lonely', shards, limits: { pendingMax: 100, callDeadlineMs: 1_000 } })
    const { clock, timers, log } = world
    lonely = new Views({ bus: nobody, calls, clock, timers, log, shards, tickMs, decodeView: decodeInner<ShardView> })
  })
  const serveView = (index: number): void => {
    const skus = hashText('lamp') % shards === index ? [skuView(lamp)] : []
    const result = shardView({ shard: index, epoch: 5, seq: 10 }, skus)
    void new ScriptedShard(nobody, shardSubject('inv', index), () => ({ kind: 'inner', result }))
  }

  test('GW-57 a gateway waits for the first that has, and says so once', async () => {
    let loaded: boolean | undefined
    const loading = lonely.load().then((isLoaded) => (loaded = isLoaded))
    await world.pass(5_000)
    expect(loaded).toBeUndefined()
    expect(world.logged.filter(({ text }) => text.startsWith('no shard answers'))).toHaveLength(1)
    serveView(1)
    await world.pass(2_000)
    await loading
    expect(loaded).toBe(true)
  })

  test('GW-57 the wait ends when it is asked to, and when the views are closed', async () => {
    const stop = new AbortController()
    const first = lonely.load(stop.signal)
    await world.pass(500)
    stop.abort()
    expect(await first).toBe(false)
    const second = lonely.load()
    lonely.close()
    await world.pass(2_000)
    expect(await second).toBe(false)
  })

  test('GW-57 a SKU is unknown only when its shard has said so', async () => {
    const ask = async (sku: string) => (await Promise.all([lonely.lookUp(sku), world.pass(2_000)]))[0]
    expect(await ask('lamp')).toBe('unknown')
    for (let index = 0; index < shards; index++) serveView(index)
    expect(await ask('lamp')).toMatchObject({ settings: { sku: 'lamp' } })
    expect(await ask('vase')).toBeUndefined()
  })
})

test('GW-53 a broadcast that follows the view is taken in, and told', () => {
  broadcast({ fromSeq: 10, toSeq: 12, skus: [skuChange(lamp, { available: 8, joined: [1, 2] })] })
  expect(find('lamp').status().available).toBe(8)
  expect(find('lamp').line.size).toBe(2)
  expect(seen.at(-1)).toMatchObject({ sku: 'lamp', change: { available: 8 } })
  expect(shard.heard).toHaveLength(1)
})

test('GW-53 a SKU that is new in a broadcast is a view from then on', () => {
  broadcast({ fromSeq: 10, toSeq: 11, skus: [skuChange(vase, { settings: vase, available: 3, joined: [1, 1] })] })
  expect(find('vase').status()).toMatchObject({ sku: 'vase', available: 3 })
  expect(find('vase').line.has(1)).toBe(true)
  expect([...views.all()].map((view) => view.settings.sku)).toEqual(['lamp', 'vase'])
})

test('GW-54 broadcasts that are older than the view, or of an earlier owner, are dropped', async () => {
  const older = [skuChange(lamp, { available: 1 })]
  broadcast({ fromSeq: 7, toSeq: 9, skus: older })
  broadcast({ epoch: 4, fromSeq: 10, toSeq: 11, skus: older })
  await world.pass(0)
  expect(find('lamp').status().available).toBe(10)
  expect(shard.heard).toHaveLength(1)
})

test('GW-54 a broadcast that overlaps what the view has is taken in', () => {
  broadcast({ fromSeq: 8, toSeq: 11, skus: [skuChange(lamp, { available: 7 })] })
  expect(find('lamp').status().available).toBe(7)
})

test('GW-54 after a gap the whole view is read, once, and every SKU told as new', async () => {
  answer = shardView({ shard: 0, epoch: 5, seq: 20 }, [skuView(lamp, { available: 2 }, 9), skuView(vase)])
  broadcast({ fromSeq: 15, toSeq: 20, skus: [skuChange(lamp, { available: 3, joined: [8, 1] })] })
  broadcast({ fromSeq: 20, toSeq: 20, skus: [] })
  expect(find('lamp').status().available).toBe(10)
  await world.pass(0)
  expect(shard.heard).toHaveLength(2)
  expect(views.resyncs).toBe(1)
  expect(find('lamp').status().available).toBe(2)
  expect(seen.slice(1)).toEqual([
    { sku: 'lamp', change: undefined },
    { sku: 'vase', change: undefined },
  ])
})

test('GW-54 a new epoch makes the gateway read the whole view', async () => {
  answer = shardView({ shard: 0, epoch: 6, seq: 2 }, [skuView(lamp, { available: 4 })])
  broadcast({ epoch: 6, fromSeq: 1, toSeq: 1, skus: [] })
  await world.pass(0)
  expect(find('lamp').status().available).toBe(4)
  broadcast({ epoch: 6, fromSeq: 2, toSeq: 3, skus: [skuChange(lamp, { available: 3 })] })
  expect(find('lamp').status().available).toBe(3)
})

test('GW-54 a view that cannot be read is asked for again at the next broadcast', async () => {
  answer = undefined
  broadcast({ fromSeq: 15, toSeq: 20, skus: [] })
  await world.pass(1_200)
  expect(world.logged.map((line) => line.level)).toContain('warn')
  answer = shardView({ shard: 0, epoch: 5, seq: 21 }, [skuView(lamp, { available: 1 })])
  broadcast({ fromSeq: 20, toSeq: 21, skus: [] })
  await world.pass(0)
  expect(find('lamp').status().available).toBe(1)
})

test('GW-54 the broadcast that comes right behind a view continues it', async () => {
  answer = undefined
  broadcast({ fromSeq: 15, toSeq: 20, skus: [] })
  await world.pass(0)
  shard.answer(shard.last, { kind: 'inner', result: shardView({ shard: 0, epoch: 5, seq: 20 }, [skuView(lamp)]) })
  broadcast({ fromSeq: 19, toSeq: 21, skus: [skuChange(lamp, { available: 6 })] })
  await world.pass(0)
  expect(find('lamp').status().available).toBe(6)
  expect(views.resyncs).toBe(1)
})

test('GW-55 a view that is read again without a gap misses no change, and tells only of SKUs that are new', async () => {
  answer = undefined
  const read = views.refresh(0)
  await world.pass(0)
  broadcast({ fromSeq: 10, toSeq: 11, skus: [skuChange(lamp, { available: 5, changed: [3, 1] })] })
  expect(seen.at(-1)).toMatchObject({ change: { changed: [3, 1] } })
  shard.answer(shard.last, { kind: 'inner', result: shardView({ shard: 0, epoch: 5, seq: 10 }, [skuView(lamp)]) })
  expect(find('lamp').status().available).toBe(5)
  await read
  const again = views.refresh(0)
  await world.pass(0)
  shard.answer(shard.last, {
    kind: 'inner',
    result: shardView({ shard: 0, epoch: 5, seq: 12 }, [skuView(lamp, { available: 4 }), skuView(vase)]),
  })
  await again
  expect(find('lamp').status().available).toBe(4)
  expect(seen.slice(2)).toEqual([{ sku: 'vase', change: undefined }])
})

test('GW-55 whoever asks for a view that is being read gets one that was read later', async () => {
  answer = undefined
  const [first, second, third] = [views.refresh(0), views.refresh(0), views.refresh(0)]
  await world.pass(0)
  expect(shard.heard).toHaveLength(2)
  shard.answer(shard.last, { kind: 'inner', result: shardView({ shard: 0, epoch: 5, seq: 10 }, [skuView(lamp)]) })
  await first
  answer = shardView({ shard: 0, epoch: 5, seq: 11 }, [skuView(lamp), skuView(vase)])
  await Promise.all([second, third, world.pass(0)])
  expect(shard.heard).toHaveLength(3)
  expect(find('vase').status().sku).toBe('vase')
})

test('GW-56 before it opens and when all is sold, a fresh view refuses by itself, and a stale one nobody', async () => {
  const later = skuSettings('later', {}, world.clock.now() + 60_000)
  const sold = { available: 0, sold: 10, buyers: new Uint8Array(Uint32Array.of(hashText('anna')).buffer) }
  broadcast({
    fromSeq: 10,
    toSeq: 11,
    skus: [skuChange(later, { settings: later, phase: 'scheduled' }), skuChange(lamp, sold), skuChange(vase, { settings: vase })],
  })
  const refusals = (user: string) =>
    ['later', 'lamp', 'vase'].map((sku) => views.refusesBuy(find(sku), hashText(user), world.clock.now())?.code)
  expect(refusals('ben')).toEqual(['NOT_OPEN', 'SOLD_OUT', undefined])
  expect(refusals('anna')).toEqual(['NOT_OPEN', undefined, undefined])
  expect(views.refusesBuy(find('later'), 1, world.clock.now())).toMatchObject({ retryAfterMs: 60_000 })
  await world.pass(3 * tickMs)
  expect(refusals('ben')).toEqual(['NOT_OPEN', 'SOLD_OUT', undefined])
  await world.pass(1)
  expect(refusals('ben')).toEqual([undefined, undefined, undefined])
  broadcast({ fromSeq: 11, toSeq: 11, skus: [] })
  expect(refusals('ben')).toEqual(['NOT_OPEN', 'SOLD_OUT', undefined])
  answer = undefined
  broadcast({ fromSeq: 12, toSeq: 12, skus: [] })
  expect(refusals('ben')).toEqual([undefined, undefined, undefined])
})

test('GW-56 from the moment of opening on, the shard decides', async () => {
  const later = skuSettings('later', {}, world.clock.now() + 150)
  broadcast({ fromSeq: 10, toSeq: 11, skus: [skuChange(later, { ...tenUnits, settings: later, phase: 'scheduled' })] })
  expect(views.refusesBuy(find('later'), 1, world.clock.now())?.code).toBe('NOT_OPEN')
  await world.pass(150)
  expect(views.refusesBuy(find('later'), 1, world.clock.now())).toBeUndefined()
})

test('GW-53 frames that are no broadcasts, and shards that do not exist, are passed over', () => {
  bus.send(publicSubject(0), Uint8Array.of(99, 3, 1))
  bus.send(publicSubject(0), Uint8Array.of(1, 1, 1))
  broadcast({ shard: 7, fromSeq: 10, toSeq: 11, skus: [] })
  expect(find('lamp').status().available).toBe(10)
})

function broadcast(part: Partial<ShardBroadcast> & Pick<ShardBroadcast, 'fromSeq' | 'toSeq' | 'skus'>): void {
  bus.send(publicSubject(0), broadcastFrame({ shard: 0, epoch: 5, ...part }))
}

function find(sku: string): SkuView {
  const view = views.find(sku)
  if (view === undefined) throw new Error(`no view of ${sku}`)
  return view
}
