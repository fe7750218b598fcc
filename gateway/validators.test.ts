import { expect, test } from 'vitest'
import { hasTag, tagOf } from './validators.ts'

test('AST-4 a tag is that of the content and of nothing else', () => {
  expect(tagOf('one')).toBe(tagOf(new TextEncoder().encode('one')))
  expect(tagOf('one')).not.toBe(tagOf('two'))
  expect(tagOf('one')).toMatch(/^"[\w-]{22}"$/)
})

test.each([
  ['"a"', true],
  ['W/"a"', true],
  ['"b", "a"', true],
  ['"b",W/"a" ', true],
  ['*', true],
  ['', false],
  ['"b"', false],
  ['a', false],
  ['w/"a"', false],
  ['"a', false],
  ['"ab"', false],
])('AST-4 whoever says %j has what bears "a": %s', (header, isKnown) => {
  expect(hasTag(header, '"a"')).toBe(isKnown)
})
