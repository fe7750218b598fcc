/** What both ends may say: the values of JSON, as msgpack. */
export type Plain = null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain | undefined }

const utf8 = new TextEncoder()

/**
 * Appends msgpack to one growing buffer. The hot path reserves room once, then writes fixed-width fields through `view`;
 * everything else goes through {@link value}. Source: the msgpack specification.
 */
export class MsgpackWriter {
  bytes: Uint8Array
  view: DataView
  length = 0

  constructor(capacity = 256) {
    this.bytes = new Uint8Array(capacity)
    this.view = new DataView(this.bytes.buffer)
  }

  /** Makes room for `count` more bytes and returns the offset where they begin; the caller advances `length`. */
  reserve(count: number): number {
    if (this.length + count > this.bytes.length) this.grow(this.length + count)
    return this.length
  }

  raw(source: Uint8Array, from = 0, to = source.length): this {
    const at = this.reserve(to - from)
    this.bytes.set(from === 0 && to === source.length ? source : source.subarray(from, to), at)
    this.length = at + to - from
    return this
  }

  nil(): this {
    return this.byte(0xc0)
  }

  byte(value: number): this {
    const at = this.reserve(1)
    this.bytes[at] = value
    this.length = at + 1
    return this
  }

  array(length: number): this {
    if (length < 16) return this.byte(0x90 | length)
    return this.head(0xdc, length)
  }

  map(length: number): this {
    if (length < 16) return this.byte(0x80 | length)
    return this.head(0xde, length)
  }

  string(text: string): this {
    const { length } = text
    if (length >= 32) return this.anyString(text)
    // Nearly every text is short and ASCII; a loop takes a tenth of the call into the encoder.
    const at = this.reserve(1 + length)
    const { bytes } = this
    bytes[at] = 0xa0 | length
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code >= 0x80) return this.anyString(text)
      bytes[at + 1 + i] = code
    }
    this.length = at + 1 + length
    return this
  }

  private anyString(text: string): this {
    const at = this.reserve(5 + text.length * 3)
    // Short texts are nearly all ASCII with a one-byte head; write them there and move them if that was wrong.
    const { written } = utf8.encodeInto(text, this.bytes.subarray(at + 5))
    const headBytes = written < 32 ? 1 : written < 0x100 ? 2 : written < 0x1_0000 ? 3 : 5
    if (headBytes === 1) this.bytes[at] = 0xa0 | written
    else if (headBytes === 2) this.view.setUint16(at, 0xd900 | written)
    else if (headBytes === 3) {
      this.bytes[at] = 0xda
      this.view.setUint16(at + 1, written)
    } else {
      this.bytes[at] = 0xdb
      this.view.setUint32(at + 1, written)
    }
    if (headBytes !== 5) this.bytes.copyWithin(at + headBytes, at + 5, at + 5 + written)
    this.length = at + headBytes + written
    return this
  }

  number(value: number): this {
    const at = this.reserve(9)
    if (!Number.isSafeInteger(value)) {
      this.bytes[at] = 0xcb
      this.view.setFloat64(at + 1, value)
      this.length = at + 9
    } else if (value >= 0) this.unsigned(at, value)
    else this.negative(at, value)
    return this
  }

  value(value: Plain | undefined): this {
    if (value === null || value === undefined) return this.nil()
    if (typeof value === 'number') return this.number(value)
    if (typeof value === 'string') return this.string(value)
    if (typeof value === 'boolean') return this.byte(value ? 0xc3 : 0xc2)
    if (isArray(value)) {
      this.array(value.length)
      for (const item of value) this.value(item)
      return this
    }
    const entries = Object.entries(value).filter(([, item]) => item !== undefined)
    this.map(entries.length)
    for (const [key, item] of entries) this.string(key).value(item)
    return this
  }

  /** The bytes so far, as a copy that stays when the writer is used again. */
  finish(): Uint8Array<ArrayBuffer> {
    const copy = this.bytes.slice(0, this.length)
    this.length = 0
    return copy
  }

  private head(tag: number, length: number): this {
    if (length > 0xffff) throw new RangeError(`msgpack collections here hold at most 65535 items, not ${length}`)
    const at = this.reserve(3)
    this.bytes[at] = tag
    this.view.setUint16(at + 1, length)
    this.length = at + 3
    return this
  }

  private unsigned(at: number, value: number): void {
    if (value < 0x80) {
      this.bytes[at] = value
      this.length = at + 1
    } else if (value < 0x100) {
      this.view.setUint16(at, 0xcc00 | value)
      this.length = at + 2
    } else if (value < 0x1_0000) {
      this.bytes[at] = 0xcd
      this.view.setUint16(at + 1, value)
      this.length = at + 3
    } else if (value < 0x1_0000_0000) {
      this.bytes[at] = 0xce
      this.view.setUint32(at + 1, value)
      this.length = at + 5
    } else {
      this.bytes[at] = 0xcf
      this.view.setUint32(at + 1, Math.floor(value / 0x1_0000_0000))
      this.view.setUint32(at + 5, value >>> 0)
      this.length = at + 9
    }
  }

  private negative(at: number, value: number): void {
    if (value >= -32) {
      this.view.setInt8(at, value)
      this.length = at + 1
    } else if (value >= -0x80) {
      this.bytes[at] = 0xd0
      this.view.setInt8(at + 1, value)
      this.length = at + 2
    } else if (value >= -0x8000) {
      this.bytes[at] = 0xd1
      this.view.setInt16(at + 1, value)
      this.length = at + 3
    } else if (value >= -0x8000_0000) {
      this.bytes[at] = 0xd2
      this.view.setInt32(at + 1, value)
      this.length = at + 5
    } else {
      this.bytes[at] = 0xd3
      this.view.setBigInt64(at + 1, BigInt(value))
      this.length = at + 9
    }
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
    this.view = new DataView(larger.buffer)
  }
}

/** Encodes one value. */
export function encodePlain(value: Plain): Uint8Array {
  return new MsgpackWriter().value(value).finish()
}

function isArray(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}
