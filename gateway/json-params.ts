import type { MsgpackWriter } from '../protocol/msgpack-writer.ts'
import { isPlainByte, jsonByte } from './json-bytes.ts'

/**
 * Writes a JSON array of params as msgpack straight from its bytes, if it is in the plain form that nearly every hot call has: texts of printable
 * ASCII without escapes and integers from 0 up, at most {@link paramsMax} of them. False for anything else, whether right or wrong, with no more than
 * rubbish behind the writer's end: the caller then decodes the JSON, which gives the exact error.
 */
export function writeJsonParams(body: Uint8Array, writer: MsgpackWriter): boolean {
  const { length } = body
  const head = writer.reserve(headBytes + length + paramsMax)
  const out = writer.bytes
  let to = head + headBytes
  let at = skipSpace(body, 0)
  if (body[at] !== openBracket) return false
  at = skipSpace(body, at + 1)
  let count = 0
  for (; count < paramsMax; count++) {
    const first = body[at] as number
    if (first === quote) {
      const from = at + 1
      const end = textEnd(body, from)
      const bytes = end - from
      if (end === length || bytes > textBytesMax) return false
      if (bytes < 32) out[to++] = 0xa0 | bytes
      else {
        out[to++] = 0xd9
        out[to++] = bytes
      }
      for (let i = from; i < end; i++) out[to++] = body[i] as number
      at = end + 1
    } else if (isDigit(first)) {
      let value = 0
      const from = at
      while (isDigit(body[at])) value = value * 10 + (body[at++] as number) - zero
      // JSON has no leading zeros, and a hot call no larger number.
      if (value > 0x7f || (first === zero && at - from > 1)) return false
      out[to++] = value
    } else return false
    at = skipSpace(body, at)
    if (body[at] === closeBracket) break
    if (body[at] !== comma) return false
    at = skipSpace(body, at + 1)
  }
  if (count === paramsMax || skipSpace(body, at + 1) !== length) return false
  out[head] = 0x90 | (count + 1)
  writer.length = to
  return true
}

/** More than any hot call has; msgpack's short head goes as far. */
const paramsMax = 8
const headBytes = 1
const textBytesMax = 0xff

const { openBracket, closeBracket, comma, quote, zero } = jsonByte

/** Where the text's closing quote is, or the body's end if the text is not plain or not whole. */
function textEnd(body: Uint8Array, from: number): number {
  for (let i = from; i < body.length; i++) {
    const byte = body[i] as number
    if (byte === quote) return i
    if (!isPlainByte(byte)) return body.length
  }
  return body.length
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= zero && byte <= zero + 9
}

function skipSpace(body: Uint8Array, from: number): number {
  let at = from
  while (body[at] === 0x20 || body[at] === 0x0a || body[at] === 0x0d || body[at] === 0x09) at++
  return at
}
