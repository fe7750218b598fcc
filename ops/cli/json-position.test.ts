import { assert, constantFrom, array, jsonValue, property, string } from 'fast-check'
import { expect, test } from 'vitest'
import { jsonFaultAt } from './json-position.ts'

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

test.each([
  ['', 1, 1],
  ['{', 1, 2],
  ['{"a":1,}', 1, 8],
  ['{\n  "a": [1, 2\n  "b": 3\n}', 3, 3],
  ["{'a': 1}", 1, 2],
  ['{"a" 1}', 1, 6],
  ['[1,\n2,,3]', 2, 3],
  ['01', 1, 1],
  ['nul', 1, 1],
  ['"a\nb"', 1, 1],
  ['[] []', 1, 4],
  ['{"a":1]', 1, 7],
])('CLI-1 %j stops being JSON at line %i, column %i', (text, line, column) => {
  expect(jsonFaultAt(text)).toEqual({ line, column })
})

test('CLI-1 it agrees with JSON.parse on what is JSON', () => {
  const pieces = constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"\\u00e9"',
    '"\\x"',
    '1',
    '-0.5e+3',
    '1.',
    'true',
    'null',
    ' ',
    '\n',
    '\u007f',
  )
  assert(property(array(pieces, { maxLength: 12 }), (parts) => (jsonFaultAt(parts.join('')) === undefined) === isJson(parts.join(''))))
  assert(property(string(), (text) => (jsonFaultAt(text) === undefined) === isJson(text)))
  assert(property(jsonValue(), (value) => jsonFaultAt(JSON.stringify(value, null, 2)) === undefined))
})

test('CLI-1 long texts and deep nesting are no trouble', () => {
  expect(jsonFaultAt(`"${'a'.repeat(4_000_000)}"`)).toBeUndefined()
  expect(jsonFaultAt(`"${'a'.repeat(4_000_000)}`)).toEqual({ line: 1, column: 1 })
  expect(jsonFaultAt('['.repeat(1_000_000))).toEqual({ line: 1, column: 1_000_001 })
})
