import { frameKind, frameVersion } from './frame.ts'
import type { ShardKind } from './subject.ts'

/**
 * What one node says to another about a shard that changes hands. Each is a hint, that may be lost, late or doubled; the store decides who owns what.
 *
 *     u8 1, u8 5, u8 0 inv | 1 ses, u8 the word's number, u16 shard, u8 bytes, the sender's name
 */
export interface HandOver {
  readonly kind: ShardKind
  readonly shard: number
  readonly from: string
  readonly word: HandOverWord
}

/**
 * - `free` the shard is given back for whoever is told
 * - `declined` the sender should own it and cannot: whoever takes it is to keep it while the sender is there
 * - `prepare` it is going to be free: whoever is told may read it already; `prepared` that is done, or will not be
 * - `opened` the answer to `free`: it is open, or will not be
 */
export const handOverWords = ['free', 'declined', 'prepare', 'prepared', 'opened'] as const
export type HandOverWord = (typeof handOverWords)[number]

const headBytes = 7
const utf8 = new TextEncoder()
const text = new TextDecoder()

export function encodeHandOver({ kind, shard, from, word }: HandOver): Uint8Array {
  const name = utf8.encode(from)
  const frame = new Uint8Array(headBytes + name.length)
  const number = handOverWords.indexOf(word)
  frame.set([frameVersion, frameKind.handOver, kind === 'inv' ? 0 : 1, number, shard & 0xff, shard >> 8, name.length])
  frame.set(name, headBytes)
  return frame
}

/** Undefined for a frame of another kind or version, one that is damaged, or a word that this code does not know. */
export function decodeHandOver(frame: Uint8Array): HandOver | undefined {
  const [version, kindOfFrame, kind, number = -1, low = 0, high = 0, length = 0] = frame
  if (version !== frameVersion || kindOfFrame !== frameKind.handOver || frame.length !== headBytes + length) return undefined
  const word = handOverWords[number]
  if ((kind !== 0 && kind !== 1) || word === undefined) return undefined
  const from = text.decode(frame.subarray(headBytes))
  return { kind: kind === 0 ? 'inv' : 'ses', shard: low | (high << 8), from, word }
}
