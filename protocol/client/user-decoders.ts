import { Malformed } from '../msgpack-reader.ts'
import type { Plain } from '../msgpack-writer.ts'
import type { ErasedUser, HistoryEntry, NamedUser, UserHistory } from '../results.ts'
import { PlainReader } from './plain-reader.ts'
import { decodeOrder } from './result-decoders.ts'

/** As result-decoders.ts, for what is told of a user. */
export function decodeNamedUser(value: Plain): NamedUser {
  const fields = new PlainReader(value, 'user')
  return { user: fields.text('user'), displayName: fields.optional('displayName', asText), tier: fields.optional('tier', asText) }
}

export function decodeErased(value: Plain): ErasedUser {
  const fields = new PlainReader(value, 'erasure')
  return { pseudonym: fields.text('pseudonym'), connected: fields.flag('connected') }
}

export function decodeHistory(value: Plain): UserHistory {
  const fields = new PlainReader(value, 'history')
  return { entries: fields.list('entries', decodeEntry), next: fields.optional('next', asText) }
}

function decodeEntry(value: Plain): HistoryEntry {
  const fields = new PlainReader(value, 'entry')
  const at = fields.number('at')
  return fields.oneOf('kind', ['visit', 'order']) === 'visit' ? { kind: 'visit', at } : { kind: 'order', at, ...decodeOrder(value) }
}

function asText(value: Plain): string {
  if (typeof value !== 'string') throw new Malformed('not a text')
  return value
}
