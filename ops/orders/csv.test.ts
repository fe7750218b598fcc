import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { csvFields, csvLine } from './csv.ts'

const field = fc.string({ unit: fc.constantFrom('a', 'ü', ' ', ',', '"', '=', '') })

test('EXP-5 what is written as CSV is read again', () => {
  fc.assert(
    fc.property(fc.array(field, { minLength: 1 }), (fields) => {
      expect(csvFields(csvLine(fields))).toEqual(fields)
    }),
  )
  expect(csvLine(['a,b', 'say "yes"', 5, ''])).toBe('"a,b","say ""yes""",5,')
})

test.each(['"a', 'a"b', '"a"b,c', '"'])('EXP-5 %s is no line of CSV', (line) => {
  expect(csvFields(line)).toBeUndefined()
})
