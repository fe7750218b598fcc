import { isPlainByte, jsonByte } from './json-bytes.ts'

/**
 * Turns msgpack into JSON text without decoding it first, in the plain form that nearly every answer has: integers, texts of printable ASCII without
 * escapes, maps and lists of these. One is used for many answers.
 */
export class JsonText {
  private readonly buffer = Buffer.alloc(textBytesMax)
  private to = 0

  /** The text that `JSON.stringify` gives for the msgpack value `bytes[from, to)`, or undefined if the value is not plain, or long. */
  of(bytes: Uint8Array, from: number, to: number): string | undefined {
    this.to = 0
    return this.value(bytes, from, to, 0) === to && this.to <= textBytesMax ? this.buffer.toString('latin1', 0, this.to) : undefined
  }

  /** Writes the value at `at` and returns the offset behind it, or {@link notPlain}. Writes past the buffer's end are lost, and seen in the end. */
  private value(bytes: Uint8Array, at: number, to: number, depth: number): number {
    if (at >= to || depth > depthMax || this.to > textBytesMax) return notPlain
    const tag = bytes[at] as number
    if (tag < 0x80) return this.number(tag, at + 1)
    if (tag < 0x90) return this.items(bytes, at + 1, to, depth, tag & 0x0f, true)
    if (tag < 0xa0) return this.items(bytes, at + 1, to, depth, tag & 0x0f, false)
    if (tag < 0xc0) return this.text(bytes, at + 1, at + 1 + (tag & 0x1f), to)
    switch (tag) {
      case 0xc0:
        return this.word('null', at + 1)
      case 0xc2:
        return this.word('false', at + 1)
      case 0xc3:
        return this.word('true', at + 1)
      case 0xcc:
        return this.number(unsigned(bytes, at + 1, at + 2), at + 2)
      case 0xcd:
        return this.number(unsigned(bytes, at + 1, at + 3), at + 3)
      case 0xce:
        return this.number(unsigned(bytes, at + 1, at + 5), at + 5)
      case 0xcf:
        return this.number(unsigned(bytes, at + 1, at + 9), at + 9)
      case 0xd9:
        return this.text(bytes, at + 2, at + 2 + (bytes[at + 1] as number), to)
      default:
        return notPlain
    }
  }

  /** The items of a list, or the pairs of a map. */
  private items(bytes: Uint8Array, from: number, to: number, depth: number, count: number, isMap: boolean): number {
    this.byte(isMap ? openBrace : openBracket)
    let at = from
    for (let i = 0; i < count; i++) {
      if (i > 0) this.byte(comma)
      if (isMap) {
        if (!isKey(bytes, at)) return notPlain
        at = this.value(bytes, at, to, depth + 1)
        if (at < 0) return notPlain
        this.byte(colon)
      }
      at = this.value(bytes, at, to, depth + 1)
      if (at < 0) return notPlain
    }
    this.byte(isMap ? closeBrace : closeBracket)
    return at
  }

  private text(bytes: Uint8Array, from: number, end: number, to: number): number {
    if (!(end <= to)) return notPlain
    this.byte(quote)
    for (let i = from; i < end; i++) {
      const byte = bytes[i] as number
      if (!isPlainByte(byte)) return notPlain
      this.byte(byte)
    }
    this.byte(quote)
    return end
  }

  private number(value: number, end: number): number {
    if (!Number.isSafeInteger(value)) return notPlain
    let digits = 1
    for (let power = 10; power <= value; power *= 10) digits++
    let rest = value
    for (let at = this.to + digits - 1; at >= this.to; at--) {
      const tenth = Math.floor(rest / 10)
      this.buffer[at] = zero + (rest - tenth * 10)
      rest = tenth
    }
    this.to += digits
    return end
  }

  private word(word: string, end: number): number {
    for (let i = 0; i < word.length; i++) this.byte(word.charCodeAt(i))
    return end
  }

  private byte(byte: number): void {
    this.buffer[this.to++] = byte
  }
}

const textBytesMax = 2 * 1024
/** No answer goes as deep as decoders take it. */
const depthMax = 7
const notPlain = -1

const { openBrace, closeBrace, openBracket, closeBracket, comma, colon, quote, zero } = jsonByte

/** A text that does not begin with a digit, for an object puts keys that are numbers first. */
function isKey(bytes: Uint8Array, at: number): boolean {
  const tag = bytes[at] as number
  if (tag !== 0xd9 && (tag <= 0xa0 || tag >= 0xc0)) return false
  const first = bytes[at + (tag === 0xd9 ? 2 : 1)] as number
  return first < zero || first > zero + 9
}

/** NaN where the bytes are not all there. */
function unsigned(bytes: Uint8Array, from: number, to: number): number {
  let value = 0
  for (let i = from; i < to; i++) value = value * 0x100 + (bytes[i] ?? NaN)
  return value
}
