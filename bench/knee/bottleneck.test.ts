import { expect, test } from 'vitest'
import { bottleneckOf, inOneThread, type LinkRate } from './bottleneck.ts'

function link(name: string, least: number, callsPerSecond: number, most: number): LinkRate {
  return { name, least, callsPerSecond, most }
}

test('BEN-72 the narrowest link is the one that does least', () => {
  const links = [link('gateway', 900, 950, 1_000), link('bus', 4_000, 4_100, 4_200), link('store', 480, 500, 520)]
  expect(bottleneckOf(links).map(({ name }) => name)).toEqual(['store'])
})

test('BEN-72 links whose runs overlap cannot be told apart', () => {
  const links = [link('gateway', 790, 950, 1_000), link('actor', 780, 800, 820), link('store', 821, 900, 950)]
  expect(bottleneckOf(links).map(({ name }) => name)).toEqual(['actor', 'gateway'])
})

test('BEN-72 links of one thread take turns', () => {
  expect(inOneThread([link('gateway', 1, 1_000, 1), link('actor', 1, 1_000, 1)])).toBe(500)
})
