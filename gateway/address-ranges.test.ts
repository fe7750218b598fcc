import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AddressRanges, parseRange } from './address-ranges.ts'
import { limitedAs } from './client-address.ts'

describe('a range', () => {
  test.each([
    ['203.0.113.7', '203.0.113.7/32'],
    ['203.0.113.7/24', '203.0.113.0/24'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:db8::/32', '2001:db8:0:0::/32'],
    ['2001:0DB8:ffff:ffff::1/33', '2001:db8:8000:0::/33'],
    ['::/0', '0:0:0:0::/0'],
    ['2001:db8:1:2::/64', '2001:db8:1:2::/64'],
  ])('BAN-1 %s has one form', (text, form) => {
    expect(parseRange(text)?.text).toBe(form)
    expect(parseRange(form)?.text).toBe(form)
  })

  test.each([
    '',
    'a',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '2001:db8::1',
    '2001:db8::/65',
    '::ffff:10.0.0.1/96',
    '::ffff:10.0.0.1/40',
    '1.2.3.4/1e1',
  ])('BAN-1 %j is none', (text) => {
    expect(parseRange(text)).toBeUndefined()
  })
})

test('BAN-2 an address is found in the ranges that have it, as limits count it', () => {
  const ranges = rangesOf('10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '2001:db9:1:2::/64')
  expect(ranges.size).toBe(4)
  for (const address of ['10.255.0.1', '::ffff:10.1.2.3', '192.0.2.1', '2001:db8:9::1', '2001:db9:1:2:3:4:5:6'])
    expect([address, ranges.find(limitedAs(address), () => true)]).toEqual([address, true])
  for (const address of ['11.0.0.1', '192.0.2.2', '2001:db9:1:3::1', '::1', '', 'unknown', 'fe80::1%eth0'])
    expect([address, ranges.find(limitedAs(address), () => true)]).toEqual([address, undefined])
})

test('BAN-2 of several ranges with an address any that will do is found', () => {
  const ranges = new AddressRanges(
    ['10.0.0.0/8', '10.1.0.0/16', '10.1.2.3'].flatMap((text) => (parseRange(text) ? [[parsed(text), text] as const] : [])),
  )
  expect(ranges.find('10.1.2.3', (text) => text === '10.1.0.0/16')).toBe('10.1.0.0/16')
  expect(ranges.find('10.1.2.3', (text) => text === 'another')).toBeUndefined()
})

test('BAN-2 an address is in a range when the first bits agree', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, other, prefix) => {
      const agree = bitsOf(address).slice(0, prefix) === bitsOf(other).slice(0, prefix)
      expect(rangesOf(`${other}/${prefix}`).find(address, () => true) === true).toBe(agree)
    }),
  )
})

test('BAN-2 whatever text comes, looking for it does no harm', () => {
  const ranges = rangesOf('10.0.0.0/8', '::/1')
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV6(), fc.ipV4()), (text) => {
      parseRange(text)
      ranges.find(limitedAs(text), () => true)
    }),
  )
})

function rangesOf(...texts: readonly string[]): AddressRanges<true> {
  return new AddressRanges(texts.map((text) => [parsed(text), true]))
}

function parsed(text: string) {
  const range = parseRange(text)
  if (range === undefined) throw new Error(`${text} is no range`)
  return range
}

function bitsOf(address: string): string {
  return address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')
}
