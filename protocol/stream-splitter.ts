import { Malformed } from './msgpack-reader.ts'

/**
 * Cuts a TCP byte stream into msgpack messages without decoding them. `feed` calls `onMessage(bytes, from, to)` for each whole message;
 * what is left over is kept, at most `bytesMax` of it. The walk over an incomplete message goes on where it stopped, so a sender who
 * dribbles single bytes costs no more than one who sends at once. Throws {@link Malformed}, or `TooLarge` past the limit.
 */
export class StreamSplitter {
  private carry = new Uint8Array(0)
  private carried = 0
  /** How far the walk over the carried message has come, and how many values are still to be walked there. */
  private at = 0
  private owed = 1
  private readonly bytesMax: number

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax
  }

  /** Bytes of an incomplete message that are held back. */
  get pendingBytes(): number {
    return this.carried
  }

  feed(chunk: Uint8Array, onMessage: (bytes: Uint8Array, from: number, to: number) => void): void {
    let from = 0
    while (this.carried > 0 && from < chunk.length) from = this.continueCarried(chunk, from, onMessage)
    while (from < chunk.length) {
      this.at = from
      this.owed = 1
      if (!this.walk(chunk, chunk.length)) {
        this.keep(chunk, from)
        return
      }
      this.checkSize(this.at - from)
      const to = this.at
      onMessage(chunk, from, to)
      from = to
    }
  }

  /** Appends the chunk to the carried bytes, gives out the message if that completes it, and returns how much of the chunk it used. */
  private continueCarried(chunk: Uint8Array, from: number, onMessage: (bytes: Uint8Array, from: number, to: number) => void): number {
    const before = this.carried
    const taken = Math.min(chunk.length - from, this.bytesMax + 1 - before)
    this.append(chunk, from, from + taken)
    if (!this.walk(this.carry, this.carried)) {
      this.checkSize(this.carried)
      return from + taken
    }
    const to = this.at
    this.checkSize(to)
    this.carried = 0
    onMessage(this.carry, 0, to)
    return from + to - before
  }

  private keep(chunk: Uint8Array, from: number): void {
    this.checkSize(chunk.length - from)
    this.at -= from
    this.append(chunk, from, chunk.length)
  }

  private append(chunk: Uint8Array, from: number, to: number): void {
    const needed = this.carried + to - from
    if (needed > this.carry.length) {
      const larger = new Uint8Array(Math.max(needed, Math.min(this.carry.length * 2, this.bytesMax + 1), 256))
      larger.set(this.carry.subarray(0, this.carried))
      this.carry = larger
    }
    this.carry.set(chunk.subarray(from, to), this.carried)
    this.carried = needed
  }

  /** Walks values until none is owed (true) or the bytes end (false; `at` then stands before the first incomplete value). */
  private walk(bytes: Uint8Array, to: number): boolean {
    while (this.owed > 0) {
      if (this.at >= to) return false
      const size = valueHead(bytes, this.at, to)
      if (size === 0) return false
      if (this.at + size > to && size > this.bytesMax) throw new TooLarge()
      if (this.at + size > to) return false
      this.owed += valueChildren(bytes, this.at) - 1
      if (this.owed > this.bytesMax) throw new TooLarge()
      this.at += size
    }
    return true
  }

  private checkSize(size: number): void {
    if (size > this.bytesMax) throw new TooLarge()
  }
}

/** A message larger than the transport's limit. */
export class TooLarge extends Error {
  readonly code = 'TOO_LARGE'
}

/** Bytes that the value at `at` occupies without its children; 0 if its length is not there yet. */
function valueHead(bytes: Uint8Array, at: number, to: number): number {
  const tag = bytes[at] as number
  if (tag < 0xa0 || tag >= 0xe0) return 1
  if (tag < 0xc0) return 1 + (tag & 0x1f)
  switch (tag) {
    case 0xc0:
    case 0xc2:
    case 0xc3:
      return 1
    case 0xcc:
    case 0xd0:
      return 2
    case 0xcd:
    case 0xd1:
    case 0xdc:
    case 0xde:
      return 3
    case 0xca:
    case 0xce:
    case 0xd2:
    case 0xdd:
    case 0xdf:
      return 5
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return 9
    case 0xd9:
      return to - at < 2 ? 0 : 2 + (bytes[at + 1] as number)
    case 0xda:
      return to - at < 3 ? 0 : 3 + bigEndian(bytes, at + 1, 2)
    case 0xdb:
      return to - at < 5 ? 0 : 5 + bigEndian(bytes, at + 1, 4)
    default:
      throw new Malformed(`type 0x${tag.toString(16)} is not part of the protocol`)
  }
}

function valueChildren(bytes: Uint8Array, at: number): number {
  const tag = bytes[at] as number
  if (tag >= 0x80 && tag < 0x90) return (tag & 0x0f) * 2
  if (tag >= 0x90 && tag < 0xa0) return tag & 0x0f
  if (tag === 0xdc) return bigEndian(bytes, at + 1, 2)
  if (tag === 0xdd) return bigEndian(bytes, at + 1, 4)
  if (tag === 0xde) return bigEndian(bytes, at + 1, 2) * 2
  if (tag === 0xdf) return bigEndian(bytes, at + 1, 4) * 2
  return 0
}

function bigEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let i = 0; i < count; i++) value = value * 256 + (bytes[at + i] as number)
  return value
}
