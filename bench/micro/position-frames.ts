import type { SkuNumbers } from '../../protocol/broadcast.ts'
import { writeNotification } from '../../protocol/envelope.ts'
import { estimateEta, estimateOdds } from '../../protocol/estimate.ts'
import { MsgpackWriter } from '../../protocol/msgpack-writer.ts'

/** What a round of positions has to say about one SKU: how many are ahead of each place that is told. */
export interface PositionRound {
  readonly sku: string
  readonly numbers: Pick<SkuNumbers, 'available' | 'held' | 'ordered' | 'outlook'>
  readonly ahead: Uint32Array<ArrayBuffer>
}

const endBytes = 4
const frameBytesUsual = 64

/** One `line` frame per place in one buffer: where each ends, as u32, then the frames one behind the other. */
export function encodePositions({ sku, numbers, ahead }: PositionRound): Uint8Array {
  const writer = new MsgpackWriter(ahead.length * (endBytes + frameBytesUsual))
  writer.length = ahead.length * endBytes
  for (const [i, people] of ahead.entries()) {
    const eta = estimateEta(people, numbers.outlook)
    writeNotification(writer, 'line', [{ sku, ticket: i + 1, ahead: people, eta, odds: estimateOdds(people, numbers) }])
    writer.view.setUint32(i * endBytes, writer.length, true)
  }
  return writer.bytes.subarray(0, writer.length)
}
