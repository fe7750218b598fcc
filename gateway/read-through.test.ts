import { beforeEach, expect, test } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import { ReadThrough, type ReadThroughLimits, readThroughLimits } from './read-through.ts'

let world: ManualWorld
let reads: string[]
let kept: Map<string, string>
let waiting: (() => void)[] | undefined
let isAway: boolean

beforeEach(() => {
  world = new ManualWorld()
  reads = []
  kept = new Map()
  waiting = undefined
  isAway = false
})

test('CAT-1 ten thousand who miss the same key at once make one read', async () => {
  kept.set('lamp', 'a lamp')
  const cache = open()
  waiting = []
  const answers = Array.from({ length: 10_000 }, () => cache.get('lamp'))
  await world.pass(0)
  expect(reads).toEqual(['lamp'])
  letGo()
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['a lamp']))
  expect(await cache.get('lamp')).toBe('a lamp')
  expect(reads).toEqual(['lamp'])
})

test('CAT-2 what is not there is asked for a handful of times, however often it is wanted', async () => {
  const cache = open()
  for (let n = 0; n < 10_000; n++) {
    expect(await cache.get('nothing')).toBeUndefined()
    if (n % 500 === 0) await world.pass(1_000)
  }
  // Twenty seconds.
  expect(reads.length).toBeLessThanOrEqual(5)
  kept.set('nothing', 'something')
  await world.pass(readThroughLimits.absentMs)
  expect(await cache.get('nothing')).toBe('something')
})

test('CAT-3 a thousand entries that were read at once are refreshed evenly over the whole window, each once', async () => {
  const keys = Array.from({ length: 1_000 }, (_, n) => `p-${n}`)
  for (const key of keys) kept.set(key, key)
  const cache = open()
  await Promise.all(keys.map((key) => cache.get(key)))
  reads = []
  const slices: number[] = []
  const { refreshMsMin, refreshMsMax } = readThroughLimits
  await world.pass(refreshMsMin - 1)
  await Promise.all(keys.map((key) => cache.get(key)))
  expect(reads).toEqual([])
  // The earliest second refresh comes at twice the least age, behind the tenth minute of the window.
  for (let slice = 0; slice < 10; slice++) {
    await world.pass((refreshMsMin * 0.99) / 10)
    await Promise.all(keys.map((key) => cache.get(key)))
    slices.push(reads.length)
    reads = []
  }
  const expected = (1_000 * refreshMsMin * 0.099) / (refreshMsMax - refreshMsMin)
  // Four standard deviations.
  for (const count of slices) expect(Math.abs(count - expected)).toBeLessThan(4 * Math.sqrt(expected))
})

test('CAT-3 who asks for what is due gets it as it was, and the next one what the refresh has read', async () => {
  kept.set('lamp', 'old')
  const cache = open()
  await cache.get('lamp')
  kept.set('lamp', 'new')
  await world.pass(readThroughLimits.refreshMsMax)
  expect(await cache.get('lamp')).toBe('old')
  await world.pass(0)
  expect([await cache.get('lamp'), reads.length]).toEqual(['new', 2])
})

test('CAT-4 a change is what the next one gets, also one who has been waiting since before it', async () => {
  kept.set('lamp', 'old')
  const cache = open()
  waiting = []
  const early = cache.get('lamp')
  await world.pass(0)
  kept.set('lamp', 'new')
  cache.replace('lamp', 'new')
  letGo()
  expect([await early, await cache.get('lamp')]).toEqual(['new', 'new'])
  cache.replace('lamp', undefined)
  expect(await cache.get('lamp')).toBeUndefined()
  expect(reads).toEqual(['lamp', 'lamp'])
})

test('CAT-4 when it is not known what has changed, everything is read again', async () => {
  kept.set('lamp', 'old').set('chair', 'old')
  const cache = open()
  await Promise.all([cache.get('lamp'), cache.get('chair')])
  kept.set('lamp', 'new').set('chair', 'new')
  cache.dropAll()
  expect([await cache.get('lamp'), await cache.get('chair')]).toEqual(['new', 'new'])
})

test('CAT-5 while the store is away what is known is given, and what is not known fails and is not remembered', async () => {
  kept.set('lamp', 'a lamp')
  const cache = open()
  await cache.get('lamp')
  isAway = true
  await world.pass(readThroughLimits.refreshMsMax)
  for (let n = 0; n < 100; n++) expect(await cache.get('lamp')).toBe('a lamp')
  expect(reads.length).toBe(2)
  await expect(cache.get('chair')).rejects.toThrow('away')
  isAway = false
  kept.set('chair', 'a chair')
  expect(await cache.get('chair')).toBe('a chair')
})

test('CAT-6 what it keeps, and what it reads at a time, has an end', async () => {
  for (let n = 0; n < 100; n++) kept.set(`p-${n}`, 'x'.repeat(100))
  const cache = open({ bytesMax: 3_000, readsMax: 4 })
  for (let n = 0; n < 100; n++) await cache.get(`p-${n}`)
  expect(cache.size).toBe(10)
  waiting = []
  const answers = [1, 2, 3, 4, 5].map((n) => cache.get(`p-${n}`))
  expect(await answers[4]).toBe('busy')
  letGo()
  expect(await answers[3]).toHaveLength(100)
})

function open(limits: Partial<ReadThroughLimits> = {}): ReadThrough<string> {
  const read = async (key: string): Promise<string | undefined> => {
    reads.push(key)
    if (isAway) throw new Error('away')
    const found = kept.get(key)
    await new Promise<void>((resolve) => (waiting === undefined ? resolve() : waiting.push(resolve)))
    return found
  }
  return new ReadThrough({ read, sizeOf: (value) => value.length, clock: world.clock, random: world.random, limits })
}

function letGo(): void {
  const all = waiting ?? []
  waiting = undefined
  for (const go of all) go()
}

test('CAT-4 of what has changed nobody gets what was read before, also where only the key is known', async () => {
  kept.set('lamp', 'old')
  const cache = open()
  expect(await cache.get('lamp')).toBe('old')
  kept.set('lamp', 'new')
  cache.drop('lamp')
  expect(await cache.get('lamp')).toBe('new')
  const early = cache.get('vase')
  kept.set('vase', 'there now')
  cache.drop('vase')
  expect(await early).toBe('there now')
})
