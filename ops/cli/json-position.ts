/** A place in a text as editors show it; both count from 1. */
export interface TextPosition {
  readonly line: number
  readonly column: number
}

const literal = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y
// Unrolled, so that a long text costs no backtracking.
// oxlint-disable-next-line no-control-regex -- exactly these must be escaped in JSON
const text = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y
const blank = /[ \t\r\n]*/y

/**
 * Where a text stops being JSON, or undefined if it is JSON. Node 20 does not always say: its message may quote the text without a place.
 * A walk with a stack, since files come from people and may be nested to any depth.
 */
export function jsonFaultAt(source: string): TextPosition | undefined {
  const closers: string[] = []
  let expects: 'value' | 'value or ]' | 'key' | 'key or }' | 'more' = 'value'
  let at = 0
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    const matches = pattern.test(source)
    if (matches) at = pattern.lastIndex
    return matches
  }
  for (;;) {
    skip(blank)
    const next = source.charAt(at)
    if (expects === 'more') {
      const closer = closers.at(-1)
      if (closer === undefined) return at === source.length ? undefined : positionOf(source, at)
      if (next !== ',' && next !== closer) return positionOf(source, at)
      at++
      if (next === closer) closers.pop()
      else expects = closer === '}' ? 'key' : 'value'
    } else if ((expects === 'value or ]' && next === ']') || (expects === 'key or }' && next === '}')) {
      at++
      closers.pop()
      expects = 'more'
    } else if (expects === 'key' || expects === 'key or }') {
      if (!skip(text)) return positionOf(source, at)
      skip(blank)
      if (source.charAt(at) !== ':') return positionOf(source, at)
      at++
      expects = 'value'
    } else if (next === '{' || next === '[') {
      at++
      closers.push(next === '{' ? '}' : ']')
      expects = next === '{' ? 'key or }' : 'value or ]'
    } else if (skip(text) || skip(literal)) {
      expects = 'more'
    } else {
      return positionOf(source, at)
    }
  }
}

function positionOf(source: string, at: number): TextPosition {
  const before = source.slice(0, at)
  const line = before.split('\n').length
  return { line, column: at - before.lastIndexOf('\n') }
}
