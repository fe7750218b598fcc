import { depthMax, Malformed } from './msgpack-reader.ts'
import type { Plain } from './msgpack-writer.ts'

/**
 * Decodes JSON text under the rules of the msgpack reader, so that a call means and costs the same on every transport: nested at most
 * {@link depthMax} deep, well-formed texts, no key `__proto__`. Throws {@link Malformed}.
 */
export function decodeJson(text: string): Plain {
  let value: Plain
  try {
    value = JSON.parse(text) as Plain
  } catch {
    throw new Malformed('not JSON')
  }
  check(value, 0)
  return value
}

/** JSON.parse itself takes any depth without recursion; what comes after it would not. */
function check(value: Plain, depth: number): void {
  if (typeof value === 'string') checkText(value)
  if (typeof value !== 'object' || value === null) return
  if (depth >= depthMax) throw new Malformed(`nested deeper than ${depthMax}`)
  if (Array.isArray(value)) {
    for (const item of value as readonly Plain[]) check(item, depth + 1)
    return
  }
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw new Malformed('a map key may not be __proto__')
    checkText(key)
    check(item ?? null, depth + 1)
  }
}

/** Half of a surrogate pair can be written in JSON, but not in UTF-8. */
function checkText(text: string): void {
  if (!text.isWellFormed()) throw new Malformed('a string is not well-formed')
}
