import type { ShardBroadcast } from '../../protocol/broadcast.ts'
import { parseSkuId } from '../../protocol/ids.ts'
import { packInner, unpackInner } from '../../protocol/inner-codec.ts'
import type { MicroSuite } from './micro-case.ts'

const skus = 20
const runs = 50

/** What travels between nodes besides the hot path: a tick's broadcast of a busy shard. */
export const innerCodec: MicroSuite = () => {
  const broadcast = busyBroadcast()
  const packed = packInner(broadcast)
  const perBroadcast = { operations: 1, unit: `broadcast of ${packed.length} bytes` }
  return {
    cases: [
      { ...perBroadcast, name: 'codec: pack a broadcast', run: () => packInner(broadcast) },
      { ...perBroadcast, name: 'codec: unpack a broadcast', run: () => unpackInner(packed) },
    ],
  }
}

function busyBroadcast(): ShardBroadcast {
  const numbers = {
    phase: 'open',
    available: 0,
    held: 900,
    ordered: 80,
    sold: 20,
    waiting: 50_000,
    servedPerSecond: 12.5,
    releaseShare: 0.1,
  } as const
  const changed = Array.from({ length: runs * 2 }, (_, i) => (i % 2 === 0 ? 1_000 + i * 7 : 3))
  const changes = Array.from({ length: skus }, (_, i) => {
    const sku = parseSkuId(`sku-${i}`)
    if (sku === undefined) throw new Error('not a SKU')
    return { ...numbers, sku, joined: [60_000, 120], left: changed, changed }
  })
  return { shard: 7, epoch: 3, fromSeq: 100, toSeq: 140, now: 1_700_000_000_000, skus: changes }
}
