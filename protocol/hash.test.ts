import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashBytes, hashBytesAgain, hashText, mix32, shardOfHash } from './hash.ts'

const utf8 = new TextEncoder()

/** Text, its hash and its second hash. The first are FNV-1a and fmix32, computed by another implementation as well. */
const frozen: readonly (readonly [string, number, number])[] = [
  ['', 2872998923, 3954623016],
  ['a', 444641715, 3937363934],
  ['shoe', 1904748461, 2352201384],
  ['user-1', 2005895916, 811725459],
  ['ä', 519959299, 2650271922],
  ['😀', 855877642, 3268512681],
  ['b29f0856fea8914fae0e8e57abbd32b0', 3649589787, 2542355569],
]

test.each(frozen)(
  'PRO-3 the hashes of %j are what they were: they say where a SKU lives and which request was seen',
  (text, hash, again) => {
    const bytes = utf8.encode(text)
    expect([hashText(text), hashBytesAgain(bytes, 0, bytes.length)]).toEqual([hash, again])
  },
)

test('PRO-3 the finaliser is what it was', () => {
  expect([0, 1, 2 ** 31, 0xffff_ffff].map(mix32)).toEqual([0, 1364076727, 1832674720, 2180083513])
})

test('PRO-3 a hash depends on the bytes alone, wherever they stand', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(10), (bytes, offset) => {
      const moved = new Uint8Array(offset + bytes.length + 3).fill(7)
      moved.set(bytes, offset)
      expect(hashBytes(moved, offset, offset + bytes.length)).toBe(hashBytes(bytes, 0, bytes.length))
      expect(hashBytesAgain(moved, offset, offset + bytes.length)).toBe(hashBytesAgain(bytes, 0, bytes.length))
    }),
  )
})

const count = 64_000
const families: readonly (readonly [string, (n: number) => string])[] = [
  ['numbers', (n) => String(n)],
  ['padded numbers', (n) => `user-${String(n).padStart(9, '0')}`],
  ['a changing first character group', (n) => `${n.toString(36)}-size-42-red`],
  ['mail addresses', (n) => `shopper${n}@example.com`],
  ['multiples of 64', (n) => `sku-${n * 64}`],
  ['one character repeated', (n) => 'x'.repeat(n % 60) + String(Math.floor(n / 60))],
]

test.each(families)('PRO-4 ids that are %s spread evenly over 64 shards', (_, name) => {
  const perShard = Array.from({ length: 64 }, () => 0)
  for (let n = 0; n < count; n++) {
    const shard = shardOfHash(hashText(name(n)), 64)
    perShard[shard] = (perShard[shard] ?? 0) + 1
  }
  // With 63 degrees of freedom chi-squared is above 124 once in 200,000 random spreads.
  const expected = count / 64
  const chiSquared = perShard.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0)
  expect(chiSquared).toBeLessThan(124)
})

test('PRO-5 the two hashes together tell ids apart that one of them confuses', () => {
  const first = new Map<number, string>()
  let collisions = 0
  for (let n = 0; n < 200_000; n++) {
    const text = `r${n}`
    const bytes = utf8.encode(text)
    const hash = hashBytes(bytes, 0, bytes.length)
    const other = first.get(hash)
    first.set(hash, text)
    if (other === undefined) continue
    collisions++
    const otherBytes = utf8.encode(other)
    expect(hashBytesAgain(bytes, 0, bytes.length)).not.toBe(hashBytesAgain(otherBytes, 0, otherBytes.length))
  }
  // The birthday bound for 200,000 of 2^32 is about five; a hash that folds ids together would show thousands.
  expect(collisions).toBeLessThan(30)
})
