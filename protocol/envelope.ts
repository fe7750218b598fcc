import { type Code, isCode, type Refusal } from './codes.ts'
import { decodeJson } from './json-reader.ts'
import { decodeStrict, Malformed } from './msgpack-reader.ts'
import type { MsgpackWriter, Plain } from './msgpack-writer.ts'

/** The msgpack-RPC envelope: `[0, msgid, method, params]`, `[1, msgid, error, result]`, `[2, method, params]`. */
export type Message =
  | { readonly kind: 'request'; readonly msgid: number; readonly method: string; readonly params: readonly Plain[] }
  | { readonly kind: 'response'; readonly msgid: number; readonly error: Refusal | null; readonly result: Plain }
  | { readonly kind: 'notification'; readonly method: string; readonly params: readonly Plain[] }

/** The subprotocols a WebSocket may ask for. */
export const msgpackSubprotocol = 'sluice.msgpack.v1'
export const jsonSubprotocol = 'sluice.json.v1'
/** A WebSocket of a browser carries its token as one more subprotocol, since browsers cannot set headers. */
export const tokenSubprotocolPrefix = 'sluice.token.'

/** Reads one message from msgpack; throws {@link Malformed}. */
export function decodeMessage(bytes: Uint8Array, from = 0, to = bytes.length): Message {
  return messageOf(decodeStrict(bytes, from, to))
}

/** Reads one message from JSON text; throws {@link Malformed}. */
export function decodeJsonMessage(text: string): Message {
  return messageOf(decodeJson(text))
}

/** Checks that a decoded value has the shape of the envelope. */
export function messageOf(value: Plain): Message {
  if (!Array.isArray(value)) throw new Malformed('a message is an array')
  const parts = value as readonly Plain[]
  if (parts[0] === 0 && parts.length === 4) {
    return { kind: 'request', msgid: msgidOf(parts[1]), method: methodOf(parts[2]), params: paramsOf(parts[3]) }
  }
  if (parts[0] === 1 && parts.length === 4) {
    return { kind: 'response', msgid: msgidOf(parts[1]), error: errorOf(parts[2]), result: parts[3] ?? null }
  }
  if (parts[0] === 2 && parts.length === 3) return { kind: 'notification', method: methodOf(parts[1]), params: paramsOf(parts[2]) }
  throw new Malformed('a message is [0, msgid, method, params], [1, msgid, error, result] or [2, method, params]')
}

export function writeRequest(writer: MsgpackWriter, msgid: number, method: string, params: readonly Plain[]): void {
  writer.array(4).byte(0).number(msgid).string(method).value(params)
}

export function writeResult(writer: MsgpackWriter, msgid: number, result: Plain): void {
  writer.array(4).byte(1).number(msgid).nil().value(result)
}

export function writeError(writer: MsgpackWriter, msgid: number, error: Refusal): void {
  writer.array(4).byte(1).number(msgid).value(plainRefusal(error)).nil()
}

export function writeNotification(writer: MsgpackWriter, method: string, params: readonly Plain[]): void {
  writer.array(3).byte(2).string(method).value(params)
}

/** A refusal as plain data, ready for any codec. */
export function plainRefusal(error: Refusal): { readonly [key: string]: Plain | undefined } {
  return { code: error.code, message: error.message, retryAfterMs: error.retryAfterMs }
}

function msgidOf(value: Plain | undefined): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > 0xffff_ffff) {
    throw new Malformed('a msgid is an integer from 0 to 2^32-1')
  }
  return value
}

function methodOf(value: Plain | undefined): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > 64)
    throw new Malformed('a method is a string of 1 to 64 characters')
  return value
}

function paramsOf(value: Plain | undefined): readonly Plain[] {
  if (!Array.isArray(value)) throw new Malformed('params are an array')
  return value as readonly Plain[]
}

function errorOf(value: Plain | undefined): Refusal | null {
  if (value === null || value === undefined) return null
  if (typeof value !== 'object' || Array.isArray(value)) throw new Malformed('an error is nil or a map')
  const { code, message, retryAfterMs } = value as { readonly [key: string]: Plain | undefined }
  // A code that this side does not know yet comes from a newer server: treat it as the vaguest one.
  const known: Code = isCode(code) ? code : 'UNAVAILABLE'
  const text = typeof message === 'string' ? message : known
  return typeof retryAfterMs === 'number' ? { code: known, message: text, retryAfterMs } : { code: known, message: text }
}
