import { depthMax as messageDepthMax } from '../protocol/msgpack-reader.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'

/** What a deed was asked for, as the audit log keeps it. */
export interface AskedFor {
  readonly params: Plain
  readonly requestId?: string | undefined
}

/** Of the params of a call that is about to change something; undefined if these change nothing. `pseudonymOf` stands for users. */
export type ChangeContent = (params: readonly Plain[], pseudonymOf: (user: string) => string) => AskedFor | undefined

/** Params by these names, in their order; `requestId` is what makes a repeat one, and `user` becomes a pseudonym. */
export function named(...names: readonly string[]): ChangeContent {
  return (params, pseudonymOf) => {
    const fields = names.flatMap((name, at): [string, Plain][] => {
      const value = params[at] ?? null
      if (name === 'requestId' || value === null) return []
      return [[name, name === 'user' && typeof value === 'string' ? pseudonymOf(value) : value]]
    })
    const requestId = params[names.indexOf('requestId')]
    return { params: Object.fromEntries(fields), ...(typeof requestId === 'string' ? { requestId } : {}) }
  }
}

/** Characters of JSON of one part of an entry: a change of a few dozen SKUs. */
const partCharactersMax = 8_192
const textCharactersMax = 500
const itemsMax = 100
/** What a message may be nested (protocol/msgpack-reader.ts), without the message itself, its result, the list of entries and the entry. */
const depthMax = messageDepthMax - 4
/** Whatever it may be called one day, but for the time that a payment has. */
const secretName = /key$|secret|token|password|payment(?!TtlMs$)/i

/** A copy that is no larger than an entry may be, without secrets; what is left out says so. */
export function boundedPlain(value: Plain): Plain {
  const copy = bounded(value, depthMax)
  const text = JSON.stringify(copy)
  return text.length <= partCharactersMax ? copy : { shortened: `${text.slice(0, partCharactersMax / 2)}…` }
}

/** The beginning of a text, as much of it as an entry takes. */
export function boundedText(text: string): string {
  return text.length <= textCharactersMax ? text : `${text.slice(0, textCharactersMax)}…`
}

function bounded(value: Plain, depth: number): Plain {
  if (typeof value === 'string') return boundedText(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (depth === 0) return '…'
  if (isList(value)) {
    const items = value.slice(0, itemsMax).map((item) => bounded(item, depth - 1))
    return value.length > itemsMax ? [...items, `… and ${value.length - itemsMax} more`] : items
  }
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, itemsMax)
      .map(([name, item]) => [
        name.slice(0, textCharactersMax),
        secretName.test(name) && item !== null ? '[not kept]' : bounded(item ?? null, depth - 1),
      ]),
  )
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}
