import { writeRequest } from '../../protocol/envelope.ts'
import { MsgpackWriter } from '../../protocol/msgpack-writer.ts'
import { RequestRing } from '../load/request-ring.ts'
import { buyRequest } from '../load/rpc-wire.ts'

export const benchSku = 'bench'

/** `count` buys of different users as they come from a service's connection, one behind the other. */
export function buyCalls(count: number): Buffer {
  const writer = new MsgpackWriter(count * 96)
  for (let i = 0; i < count; i++)
    writeRequest(writer, 0xffff_0000 + i, 'buy', [`user-${String(i).padStart(10, '0')}`, benchSku, 1, `r-${i}`])
  return Buffer.from(writer.finish())
}

/** Buys in blocks of `count`, each of users that no earlier block had. */
export function newBuyers(count: number): () => Buffer {
  const ring = new RequestRing(buyRequest({ sku: benchSku, run: 'micr' }, 0), count)
  return () => {
    const block = ring.take(count)
    // A ring holds whole blocks, since its length is a power of two and the counts used here are.
    if (ring.nextSlot % count !== 0) throw new RangeError(`blocks of ${count} do not fit a ring of ${ring.slots}`)
    return block
  }
}
