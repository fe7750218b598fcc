import type { Refusal } from '../protocol/codes.ts'
import { decodeMessage } from '../protocol/envelope.ts'
import { unpackInner } from '../protocol/inner-codec.ts'

/** A shard's answer to a command, decoded. */
export type CallResult<T> = { readonly error: null; readonly result: T } | { readonly error: Refusal; readonly result: null }

/** Decodes an answer whose result is made of plain values. */
export function decodePlain<T>(bytes: Uint8Array): CallResult<T> {
  const message = decodeMessage(bytes)
  if (message.kind !== 'response') throw new Error('a shard answered with something that is no response')
  return message.error === null ? { error: null, result: message.result as T } : { error: message.error, result: null }
}

/** Decodes an answer whose result was packed by the inner codec, bytes included. */
export function decodeInner<T>(bytes: Uint8Array): CallResult<T> {
  const [, , error, result] = unpackInner<readonly [number, number, Refusal | null, T]>(bytes)
  return error === null ? { error, result } : { error, result: null }
}
