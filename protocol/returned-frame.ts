import { frameBytesMax, frameKind, frameVersion } from './frame.ts'
import type { ShardKind } from './subject.ts'

/**
 * Commands go back to who sent them, because the shard does not take any more here: nothing of them was done.
 *
 *     u8 1, u8 8, u8 0 inv | 1 ses, u8 0, u16 shard, the frame of commands
 */
export interface ReturnedFrame {
  readonly kind: ShardKind
  readonly shard: number
  readonly commands: Uint8Array
}

const headBytes = 6

/** Undefined for commands that fill their frame, so that nothing fits around them. */
export function encodeReturned({ kind, shard, commands }: ReturnedFrame): Uint8Array | undefined {
  if (commands.length + headBytes > frameBytesMax) return undefined
  const frame = new Uint8Array(headBytes + commands.length)
  frame.set([frameVersion, frameKind.returned, kind === 'inv' ? 0 : 1, 0, shard & 0xff, shard >> 8])
  frame.set(commands, headBytes)
  return frame
}

/** Undefined for a frame of another kind or version. The commands are a view of the frame's bytes, and whatever stood there. */
export function decodeReturned(frame: Uint8Array): ReturnedFrame | undefined {
  const [version, kindOfFrame, kind, , low = 0, high = 0] = frame
  if (version !== frameVersion || kindOfFrame !== frameKind.returned || frame.length < headBytes) return undefined
  if (kind !== 0 && kind !== 1) return undefined
  return { kind: kind === 0 ? 'inv' : 'ses', shard: low | (high << 8), commands: frame.subarray(headBytes) }
}
