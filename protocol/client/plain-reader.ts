import { Malformed } from '../msgpack-reader.ts'
import type { Plain } from '../msgpack-writer.ts'

/** Reads one decoded map field by field, and throws {@link Malformed} where it is not what the reader expects. Unknown fields are passed over. */
export class PlainReader {
  private readonly fields: { readonly [key: string]: Plain | undefined }
  private readonly what: string

  constructor(value: Plain, what: string) {
    if (!isMap(value)) throw new Malformed(`${what} is not a map`)
    this.fields = value
    this.what = what
  }

  text(key: string): string {
    const value = this.fields[key]
    return typeof value === 'string' ? value : this.fail(key, 'a text')
  }

  number(key: string): number {
    const value = this.fields[key]
    return typeof value === 'number' && Number.isFinite(value) ? value : this.fail(key, 'a number')
  }

  flag(key: string): boolean {
    const value = this.fields[key]
    return typeof value === 'boolean' ? value : this.fail(key, 'true or false')
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T {
    const value = this.fields[key]
    return allowed.find((candidate) => candidate === value) ?? this.fail(key, `one of ${allowed.join(', ')}`)
  }

  /** An id that `parse` accepts. */
  id<T>(key: string, parse: (text: unknown) => T | undefined): T {
    return parse(this.fields[key]) ?? this.fail(key, 'an id')
  }

  list<T>(key: string, decode: (value: Plain) => T): readonly T[] {
    return listOf(this.fields[key] ?? null, `${this.what}.${key}`, decode)
  }

  has(key: string): boolean {
    return this.fields[key] !== undefined
  }

  one<T>(key: string, decode: (value: Plain) => T): T {
    return decode(this.fields[key] ?? null)
  }

  /** Two numbers, or nil. */
  pair(key: string): readonly [number, number] | null {
    const value = this.fields[key] ?? null
    if (value === null) return null
    if (!isList(value)) return this.fail(key, 'a pair of numbers')
    const [first, second] = value
    return typeof first === 'number' && typeof second === 'number' ? [first, second] : this.fail(key, 'a pair of numbers')
  }

  /** Nil becomes null. */
  optional<T>(key: string, decode: (value: Plain) => T): T | null {
    const value = this.fields[key] ?? null
    return value === null ? null : decode(value)
  }

  private fail(key: string, expected: string): never {
    throw new Malformed(`${this.what}.${key} is not ${expected}`)
  }
}

export function listOf<T>(value: Plain, what: string, decode: (value: Plain) => T): readonly T[] {
  if (!isList(value)) throw new Malformed(`${what} is not a list`)
  return value.map((item) => decode(item))
}

function isList(value: Plain): value is readonly Plain[] {
  return Array.isArray(value)
}

function isMap(value: Plain): value is { readonly [key: string]: Plain | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
