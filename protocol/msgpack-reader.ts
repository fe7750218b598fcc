import type { Plain } from './msgpack-writer.ts'

/** Bytes from outside that are not what the protocol allows. Thrown by decoders, caught at the edge, answered with `MALFORMED`. */
export class Malformed extends Error {
  readonly code = 'MALFORMED'
}

export const depthMax = 8

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Decodes the one value that fills `bytes[from, to)`. Takes nil, booleans, integers that a double holds exactly, floats, UTF-8 strings,
 * arrays and maps with string keys, nested at most {@link depthMax} deep; everything else (binary, extensions, larger integers) is {@link Malformed}.
 * No allocation is sized by a length that the bytes merely claim.
 */
export function decodeStrict(bytes: Uint8Array, from = 0, to = bytes.length): Plain {
  const reader = new StrictReader(bytes, from, to)
  const value = reader.value(0)
  if (reader.at !== to) throw new Malformed('bytes follow the message')
  return value
}

/** Reads values one after another, for callers that know what comes next. */
export class StrictReader {
  at: number
  private readonly bytes: Uint8Array
  private readonly to: number

  constructor(bytes: Uint8Array, from: number, to: number) {
    this.bytes = bytes
    this.to = to
    this.at = from
  }

  value(depth: number): Plain {
    const tag = this.byte()
    if (tag < 0x80) return tag
    if (tag < 0x90) return this.map(tag & 0x0f, depth)
    if (tag < 0xa0) return this.array(tag & 0x0f, depth)
    if (tag < 0xc0) return this.text(tag & 0x1f)
    if (tag >= 0xe0) return tag - 0x100
    return this.tagged(tag, depth)
  }

  private tagged(tag: number, depth: number): Plain {
    switch (tag) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xca:
        return this.wide(4).getFloat32(0)
      case 0xcb:
        return this.wide(8).getFloat64(0)
      case 0xcc:
        return this.byte()
      case 0xcd:
        return this.uint16()
      case 0xce:
        return this.uint32()
      case 0xcf:
        return safeInteger(this.wide(8).getBigUint64(0))
      case 0xd0:
        return (this.byte() << 24) >> 24
      case 0xd1:
        return (this.uint16() << 16) >> 16
      case 0xd2:
        return this.uint32() | 0
      case 0xd3:
        return safeInteger(this.wide(8).getBigInt64(0))
      case 0xd9:
        return this.text(this.byte())
      case 0xda:
        return this.text(this.uint16())
      case 0xdb:
        return this.text(this.uint32())
      case 0xdc:
        return this.array(this.uint16(), depth)
      case 0xdd:
        return this.array(this.uint32(), depth)
      case 0xde:
        return this.map(this.uint16(), depth)
      case 0xdf:
        return this.map(this.uint32(), depth)
      default:
        throw new Malformed(`type 0x${tag.toString(16)} is not part of the protocol`)
    }
  }

  private array(length: number, depth: number): Plain {
    if (depth >= depthMax) throw new Malformed(`nested deeper than ${depthMax}`)
    if (length > this.to - this.at) throw new Malformed('an array claims more items than there are bytes')
    const items: Plain[] = []
    for (let i = 0; i < length; i++) items.push(this.value(depth + 1))
    return items
  }

  private map(length: number, depth: number): Plain {
    if (depth >= depthMax) throw new Malformed(`nested deeper than ${depthMax}`)
    if (length * 2 > this.to - this.at) throw new Malformed('a map claims more entries than there are bytes')
    const entries: Record<string, Plain> = {}
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1)
      if (typeof key !== 'string') throw new Malformed('a map key is not a string')
      if (key === '__proto__') throw new Malformed('a map key may not be __proto__')
      entries[key] = this.value(depth + 1)
    }
    return entries
  }

  private text(length: number): string {
    const from = this.take(length)
    if (length <= shortTextBytes) {
      const short = asciiText(this.bytes, from, from + length)
      if (short !== undefined) return short
    }
    try {
      return utf8.decode(this.bytes.subarray(from, from + length))
    } catch {
      throw new Malformed('a string is not UTF-8')
    }
  }

  private uint16(): number {
    const { bytes } = this
    const at = this.take(2)
    return ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
  }

  private uint32(): number {
    const { bytes } = this
    const at = this.take(4)
    const high = ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16)
    return (high | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)) >>> 0
  }

  /** For the rare types. Most messages have none, and a DataView for each would cost a tenth of the whole. */
  private wide(count: number): DataView {
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + this.take(count), count)
  }

  private byte(): number {
    return this.bytes[this.take(1)] as number
  }

  private take(count: number): number {
    const from = this.at
    if (count > this.to - from) throw new Malformed('the message ends early')
    this.at = from + count
    return from
  }
}

function safeInteger(value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new Malformed('an integer is larger than 2^53')
  return number
}

/** Up to about this length {@link asciiText} is faster than a call of TextDecoder, which costs the same for any short text. */
const shortTextBytes = 40

const { fromCharCode } = String

/** Short ASCII; undefined if it is not ASCII. Eight characters at a step, since each step makes one more string. */
function asciiText(bytes: Uint8Array, from: number, to: number): string | undefined {
  let text = ''
  let at = from
  for (; to - at >= 8; at += 8) {
    const a = bytes[at] as number
    const b = bytes[at + 1] as number
    const c = bytes[at + 2] as number
    const d = bytes[at + 3] as number
    const e = bytes[at + 4] as number
    const f = bytes[at + 5] as number
    const g = bytes[at + 6] as number
    const h = bytes[at + 7] as number
    if ((a | b | c | d | e | f | g | h) >= 0x80) return undefined
    text += fromCharCode(a, b, c, d, e, f, g, h)
  }
  if (to - at >= 4) {
    const a = bytes[at] as number
    const b = bytes[at + 1] as number
    const c = bytes[at + 2] as number
    const d = bytes[at + 3] as number
    if ((a | b | c | d) >= 0x80) return undefined
    text += fromCharCode(a, b, c, d)
    at += 4
  }
  for (; at < to; at++) {
    const byte = bytes[at] as number
    if (byte >= 0x80) return undefined
    text += fromCharCode(byte)
  }
  return text
}
