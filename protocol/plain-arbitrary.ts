import * as fc from 'fast-check'
import { depthMax } from './msgpack-reader.ts'
import type { Plain } from './msgpack-writer.ts'

/** Numbers around every width of the format, and any double that is a number. Also -0, which both writers say as 0: compare what is read with {@link asJson} of this. */
const numbers: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: -40, max: 140 }),
  fc.constantFrom(127, 128, 255, 256, 65_535, 65_536, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -32, -33, -128, -129, -32_768, -32_769),
  fc.constantFrom(-(2 ** 31), -(2 ** 31) - 1, -(2 ** 53) + 1, 0.5, -1e300, Number.MIN_VALUE, -0),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)

/** Texts of every length class, in and beyond ASCII, always well formed: others cannot be said in UTF-8. */
const texts: fc.Arbitrary<string> = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.nat(300).map((length) => 'x'.repeat(length)),
  fc.constantFrom('\uFEFFmark', 'ä'.repeat(15), 'ä'.repeat(16), '😀'.repeat(64)),
)

/** Any value that both ends of the protocol may say, nested `maxDepth` deep at most. */
export function plainsOf(maxDepth: number): fc.Arbitrary<Plain> {
  const { value } = fc.letrec<{ value: Plain }>((tie) => ({
    value: fc.oneof(
      { maxDepth, depthSize: 'small' },
      fc.constantFrom(null, true, false),
      numbers,
      texts,
      fc.array(tie('value'), { maxLength: 20 }),
      fc.dictionary(
        texts.filter((key) => key !== '__proto__'),
        tie('value'),
        { maxKeys: 18, noNullPrototype: true },
      ),
    ),
  }))
  return value
}

export const plains = plainsOf(depthMax - 1)

/** The value as JSON would say it: what the other end gets of it, in either codec. */
export function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** Bytes that are mostly nearly right: real messages, cut, joined and with bytes changed, and plain noise. */
export function nearly(messages: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const changed = fc.tuple(messages, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 })).map(([message, changes]) => {
    const bytes = message.slice()
    for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte
    return bytes
  })
  const cut = fc.tuple(messages, fc.nat()).map(([message, at]) => message.slice(0, at % (message.length + 1)))
  const joined = fc.tuple(messages, messages).map(([first, second]) => Uint8Array.of(...first.subarray(0, 500), ...second.subarray(0, 500)))
  return fc.oneof(changed, changed, cut, joined, fc.uint8Array({ maxLength: 64 }))
}
