import { frameVersion } from './frame.ts'

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** Tells which version of something that is shared is kept now, by the kind of its frame. It carries nothing of it: that is read from where it is kept. */
export function encodeVersionNews(kind: number, version: string): Uint8Array {
  return Uint8Array.of(frameVersion, kind, ...utf8.encode(version))
}

/** Undefined for a frame of another kind or version. */
export function decodeVersionNews(kind: number, frame: Uint8Array): string | undefined {
  return frame[0] === frameVersion && frame[1] === kind ? text.decode(frame.subarray(2)) : undefined
}
