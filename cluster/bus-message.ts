/**
 * What one message of a network bus carries: frames to one subject, in the order in which they were sent.
 *
 *     u8 1, then per frame: u32 length, bytes
 *
 * Numbers are little-endian. A reader refuses a version that it does not know.
 */
const messageVersion = 1
const headBytes = 1
const lengthBytes = 4
/** Most messages carry one frame, so the first bytes are made for that; bench/bus.ts shows what larger ones would cost. */
const firstBytes = 128
const growth = 4

/** What a message with one frame has besides it. */
export const messageOverheadBytes = headBytes + lengthBytes

/** Takes frames for one message; the bytes of each are copied. */
export class MessageWriter {
  readonly subject: string
  #frames = 0
  #bytes: Buffer
  #length = headBytes

  constructor(subject: string, frameBytes: number) {
    this.subject = subject
    this.#bytes = Buffer.allocUnsafe(Math.max(firstBytes, messageOverheadBytes + frameBytes))
    this.#bytes[0] = messageVersion
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length
  }

  /** What its frames take with {@link messageOverheadBytes} each, as whoever added them counts before knowing how they will be put together. */
  get takenBytes(): number {
    return this.#length - headBytes + this.#frames * headBytes
  }

  add(frame: Uint8Array): void {
    const at = this.#length + lengthBytes
    const end = at + frame.length
    if (end > this.#bytes.length) this.#grow(end)
    this.#bytes.writeUInt32LE(frame.length, this.#length)
    this.#bytes.set(frame, at)
    this.#length = end
    this.#frames++
  }

  /** The message; valid as long as nothing is added. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(needed, growth * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}

/** Calls `onFrame` for each frame; the bytes are a view. False, without a call, if this is no message. */
export function eachFrame(message: Uint8Array, onFrame: (frame: Uint8Array) => void): boolean {
  if (message[0] !== messageVersion || !isWhole(message)) return false
  for (let at = headBytes; at < message.length;) {
    const from = at + lengthBytes
    at = from + lengthAt(message, at)
    onFrame(message.subarray(from, at))
  }
  return true
}

function isWhole(message: Uint8Array): boolean {
  let at = headBytes
  while (at + lengthBytes <= message.length) at += lengthBytes + lengthAt(message, at)
  return at === message.length
}

function lengthAt(bytes: Uint8Array, at: number): number {
  // Not a DataView, which would be an object per message.
  return (
    ((bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0
  )
}
