import { frameKind, frameVersion } from './frame.ts'
import type { ShardKind } from './subject.ts'

/**
 * One node tells another that a shard is free for it, so that it need not find out at its next beat. A hint: it may be lost, late or doubled.
 *
 *     u8 1, u8 5, u8 0 inv | 1 ses, u8 0 handed over | 1 declined, u16 shard, u8 bytes, the sender's name
 */
export interface HandOver {
  readonly kind: ShardKind
  readonly shard: number
  readonly from: string
  /** The sender should own it and cannot: whoever takes it is to keep it while the sender is there. */
  readonly declined: boolean
}

const headBytes = 7
const utf8 = new TextEncoder()
const text = new TextDecoder()

export function encodeHandOver({ kind, shard, from, declined }: HandOver): Uint8Array {
  const name = utf8.encode(from)
  const frame = new Uint8Array(headBytes + name.length)
  frame.set([frameVersion, frameKind.handOver, kind === 'inv' ? 0 : 1, declined ? 1 : 0, shard & 0xff, shard >> 8, name.length])
  frame.set(name, headBytes)
  return frame
}

/** Undefined for a frame of another kind or version, or one that is damaged. */
export function decodeHandOver(frame: Uint8Array): HandOver | undefined {
  const [version, kindOfFrame, kind, declined, low = 0, high = 0, length = 0] = frame
  if (version !== frameVersion || kindOfFrame !== frameKind.handOver || frame.length !== headBytes + length) return undefined
  if ((kind !== 0 && kind !== 1) || (declined !== 0 && declined !== 1)) return undefined
  const from = text.decode(frame.subarray(headBytes))
  return { kind: kind === 0 ? 'inv' : 'ses', shard: low | (high << 8), from, declined: declined === 1 }
}
