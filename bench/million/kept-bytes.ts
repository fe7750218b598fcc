/** Of a JavaScript array an element; of a Map or Set an entry with its share of the table; of an object its header. */
const elementBytes = 8
const entryBytes = 48
const objectBytes = 56

/**
 * The memory that everything reachable from here takes: buffers as long as they are, and the rest by what V8 takes for it, roughly. A count and no measurement,
 * so that it is the same on every machine.
 */
export function keptBytes(root: object): number {
  const seen = new Set<object>()
  const todo: object[] = [root]
  let bytes = 0
  const visit = (value: unknown): void => {
    if (typeof value === 'string') bytes += value.length
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    todo.push(value)
  }
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    bytes += objectBytes
    if (ArrayBuffer.isView(next)) visit(next.buffer)
    else if (next instanceof ArrayBuffer || next instanceof SharedArrayBuffer) bytes += next.byteLength
    else if (next instanceof Map || next instanceof Set) {
      bytes += next.size * entryBytes
      for (const [key, value] of next.entries()) {
        visit(key)
        visit(value)
      }
    } else if (Array.isArray(next)) {
      bytes += next.length * elementBytes
      for (const value of next) visit(value)
    } else for (const value of Object.values(next)) visit(value)
  }
  return bytes
}
