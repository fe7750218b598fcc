import { op } from './entry.ts'
import { hashBytes, hashBytesAgain } from './hash.ts'
import { requestBytesMax, skuBytesMax, userBytesMax } from './ids.ts'

/** Where the parts of a hot call stand in the bytes that were scanned. One object is reused for every call of a connection. */
export class ScannedCall {
  op: number = op.buy
  msgid = 0
  qty = 1
  userFrom = 0
  userTo = 0
  userHash = 0
  skuFrom = 0
  skuTo = 0
  skuHash = 0
  requestHi = 0
  requestLo = 0
}

/**
 * Reads one hot call (`buy`, `leave`, `claim`) in its usual encoding straight from the socket's bytes, without making an object or a string.
 * Returns the offset behind it, or 0 if the bytes at `at` are anything else: another method, an unusual but valid encoding, an incomplete or a
 * malformed message. The caller then takes the general path, which gives the exact error. So this accepts a strict subset of what
 * `decodeMessage` and the parameter schemas accept. `userFirst` connections (services) name the user as the first param.
 */
export function scanHotCall(bytes: Uint8Array, at: number, to: number, userFirst: boolean, call: ScannedCall): number {
  if (to - at < 9 || bytes[at] !== 0x94 || bytes[at + 1] !== 0x00) return 0
  let i = at + 2
  const tag = bytes[i] as number
  if (tag < 0x80) {
    call.msgid = tag
    i += 1
  } else if (tag === 0xce) {
    call.msgid =
      (((bytes[i + 1] as number) << 24) | ((bytes[i + 2] as number) << 16) | ((bytes[i + 3] as number) << 8) | (bytes[i + 4] as number)) >>>
      0
    i += 5
  } else if (tag === 0xcd) {
    call.msgid = ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number)
    i += 3
  } else if (tag === 0xcc) {
    call.msgid = bytes[i + 1] as number
    i += 2
  } else return 0

  // The method: fixstr of 3 or 5 characters. Reading past `to` gives old or undefined bytes, and the last check of `i` against `to` refuses it.
  if (bytes[i] === 0xa3 && bytes[i + 1] === 0x62 && bytes[i + 2] === 0x75 && bytes[i + 3] === 0x79) {
    call.op = op.buy
    i += 4
  } else if (bytes[i] === 0xa5 && bytes[i + 1] === 0x6c && isTail(bytes, i + 2, 0x65, 0x61, 0x76, 0x65)) {
    call.op = op.leave
    i += 6
  } else if (bytes[i] === 0xa5 && bytes[i + 1] === 0x63 && isTail(bytes, i + 2, 0x6c, 0x61, 0x69, 0x6d)) {
    call.op = op.claim
    i += 6
  } else return 0

  let params = (bytes[i++] as number) - 0x90
  const fixed = userFirst ? 2 : 1
  if (params < fixed || params > fixed + optionalParams(call.op)) return 0
  params -= fixed

  if (userFirst) {
    const from = textFrom(bytes, i)
    const end = textEnd(bytes, i)
    if (from === 0 || end > to || end === from || end - from > userBytesMax || !isPrintable(bytes, from, end)) return 0
    call.userFrom = from
    call.userTo = end
    call.userHash = hashBytes(bytes, from, end)
    i = end
  }

  const skuFrom = textFrom(bytes, i)
  const skuTo = textEnd(bytes, i)
  if (skuFrom === 0 || skuTo > to || skuTo === skuFrom || skuTo - skuFrom > skuBytesMax || !isSkuText(bytes, skuFrom, skuTo)) return 0
  call.skuFrom = skuFrom
  call.skuTo = skuTo
  call.skuHash = hashBytes(bytes, skuFrom, skuTo)
  i = skuTo

  call.qty = 1
  call.requestHi = 0
  call.requestLo = 0
  if (params > 0) {
    if (call.op === op.buy) {
      const qty = bytes[i++] as number
      if (qty === 0 || qty > 0x7f || i > to) return 0
      call.qty = qty
      params--
    }
    if (params > 0) {
      const from = textFrom(bytes, i)
      const end = textEnd(bytes, i)
      if (from === 0 || end > to || end === from || end - from > requestBytesMax || !isVisible(bytes, from, end)) return 0
      call.requestHi = hashBytes(bytes, from, end)
      call.requestLo = hashBytesAgain(bytes, from, end)
      i = end
    }
  }
  return i <= to ? i : 0
}

/** `buy` takes a quantity and a request id, `leave` a request id. */
function optionalParams(operation: number): number {
  if (operation === op.buy) return 2
  return operation === op.leave ? 1 : 0
}

function isTail(bytes: Uint8Array, at: number, a: number, b: number, c: number, d: number): boolean {
  return bytes[at] === a && bytes[at + 1] === b && bytes[at + 2] === c && bytes[at + 3] === d
}

/** Where a fixstr's or str8's characters begin; 0 for anything else. */
function textFrom(bytes: Uint8Array, at: number): number {
  const tag = bytes[at] as number
  if (tag >= 0xa0 && tag < 0xc0) return at + 1
  return tag === 0xd9 ? at + 2 : 0
}

function textEnd(bytes: Uint8Array, at: number): number {
  const tag = bytes[at] as number
  return tag === 0xd9 ? at + 2 + (bytes[at + 1] as number) : at + 1 + (tag & 0x1f)
}

function isPrintable(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    if (byte < 0x20 || byte > 0x7e) return false
  }
  return true
}

function isVisible(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    if (byte < 0x21 || byte > 0x7e) return false
  }
  return true
}

/** Letters, digits, dot, dash, underscore. */
function isSkuText(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number
    const letter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
    if (!letter && !(byte >= 0x30 && byte <= 0x39) && byte !== 0x2d && byte !== 0x2e && byte !== 0x5f) return false
  }
  return true
}
