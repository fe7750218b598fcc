import { frameKind, frameVersion } from './frame.ts'
import { packInner, unpackInner } from './inner-codec.ts'

/** One process of a cluster, as it tells of itself. */
export interface NodeReport {
  readonly name: string
  readonly role: string
  /** `ready`, or why not. */
  readonly state: string
  /** What it owns; only a process with the role `actors` owns anything. */
  readonly shards: readonly OwnedShard[]
}

export interface OwnedShard {
  /** For example `inv.17`. */
  readonly name: string
  readonly epoch: number
  readonly seq: number
  /** Journal since the last snapshot: what another owner would have to read. */
  readonly lagBytes: number
}

/**
 * One process asks another for its report, or to end as SIGTERM would end it, which it does after it has reported. At most once, as all on the bus.
 *
 *     question   u8 1, u8 6, u8 0 report | 1 drain, u32 number, the name of who asks
 *     answer     u8 1, u8 7, u32 the question's number, inner codec of a NodeReport
 */
export interface NodeQuestion {
  readonly wish: 'report' | 'drain'
  readonly number: number
  readonly from: string
}

export interface NodeAnswer {
  readonly number: number
  readonly report: NodeReport
}

const questionHeadBytes = 7
const answerHeadBytes = 6
const utf8 = new TextEncoder()
const text = new TextDecoder()

export function encodeNodeQuestion({ wish, number, from }: NodeQuestion): Uint8Array {
  return Uint8Array.of(frameVersion, frameKind.nodeQuestion, wish === 'report' ? 0 : 1, ...bytesOf(number), ...utf8.encode(from))
}

/** Undefined for a frame of another kind or version, or a wish that this code does not know. */
export function decodeNodeQuestion(frame: Uint8Array): NodeQuestion | undefined {
  const [version, kind, wish] = frame
  if (version !== frameVersion || kind !== frameKind.nodeQuestion || frame.length < questionHeadBytes) return undefined
  if (wish !== 0 && wish !== 1) return undefined
  return { wish: wish === 0 ? 'report' : 'drain', number: numberAt(frame, 3), from: text.decode(frame.subarray(questionHeadBytes)) }
}

export function encodeNodeAnswer({ number, report }: NodeAnswer): Uint8Array {
  return Uint8Array.of(frameVersion, frameKind.nodeAnswer, ...bytesOf(number), ...packInner(report))
}

export function decodeNodeAnswer(frame: Uint8Array): NodeAnswer | undefined {
  const [version, kind] = frame
  if (version !== frameVersion || kind !== frameKind.nodeAnswer || frame.length <= answerHeadBytes) return undefined
  return { number: numberAt(frame, 2), report: unpackInner<NodeReport>(frame.slice(answerHeadBytes)) }
}

function bytesOf(number: number): readonly number[] {
  return [number & 0xff, (number >> 8) & 0xff, (number >> 16) & 0xff, number >>> 24]
}

function numberAt(frame: Uint8Array, at: number): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(at, true)
}
