import type { ShardBroadcast } from '../protocol/broadcast.ts'
import { frameBytesMax, frameKind, frameVersion } from '../protocol/frame.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { BroadcastContent } from './actor.ts'

/** Makes the broadcasts of one shard under one epoch, each from where the last ended. */
export class BroadcastFrames {
  private readonly epoch: number
  private lastSeq: number

  /** `seq` is the record that everyone knows who asks for the view now. */
  constructor(epoch: number, seq: number) {
    this.epoch = epoch
    this.lastSeq = seq
  }

  /** What changed up to the record `toSeq`. A frame that cannot say all of it shows as a gap, and gateways read the whole view. */
  next(content: BroadcastContent, toSeq: number, now: number): Uint8Array {
    const fromSeq = this.lastSeq
    this.lastSeq = toSeq
    const head = { shard: content.shard, epoch: this.epoch, toSeq, now }
    if (content.complete) {
      const frame = frameOf({ ...head, fromSeq, skus: content.skus })
      if (frame.length <= frameBytesMax) return frame
    }
    return frameOf({ ...head, fromSeq: toSeq, skus: [] })
  }
}

function frameOf(broadcast: ShardBroadcast): Uint8Array {
  const body = packInner(broadcast)
  const frame = new Uint8Array(body.length + 2)
  frame[0] = frameVersion
  frame[1] = frameKind.broadcast
  frame.set(body, 2)
  return frame
}
