import { expect, test } from 'vitest'
import { ManualWorld } from '../cluster/manual-world.ts'
import { ReadThroughCache } from './read-through-cache.ts'

const freshMs = [600_000, 1_500_000] as const

class Bed {
  readonly world = new ManualWorld()
  readonly kept = new Map<string, string>()
  readonly reads: string[] = []
  isAway = false
  readonly cache = new ReadThroughCache<string>({
    clock: this.world.clock,
    random: this.world.random,
    read: (key) => this.read(key),
    entriesMax: 1_000,
    freshMs,
    absentMs: 5_000,
  })
  private readonly held: (() => void)[] = []
  isHeld = false

  private async read(key: string): Promise<string | undefined> {
    this.reads.push(key)
    const value = this.kept.get(key)
    if (this.isHeld) await new Promise<void>((resolve) => this.held.push(resolve))
    if (this.isAway) throw new Error('away')
    return value
  }

  release(): void {
    for (const resolve of this.held.splice(0)) resolve()
  }
}

test('CAC-1 ten thousand who ask at once for what is not here are answered by one read', async () => {
  const bed = new Bed()
  bed.kept.set('ann', 'Ann')
  const answers = await Promise.all(Array.from({ length: 10_000 }, () => bed.cache.get('ann')))
  expect(new Set(answers)).toEqual(new Set(['Ann']))
  expect(bed.reads).toEqual(['ann'])
  expect(await bed.cache.get('ann')).toBe('Ann')
  expect(bed.reads).toEqual(['ann'])
})

test('CAC-2 that there is nothing is remembered for a short time', async () => {
  const bed = new Bed()
  for (let i = 0; i < 10_000; i++) {
    expect(await bed.cache.get('nobody')).toBeUndefined()
    if (i % 1_000 === 999) await bed.world.pass(1_000)
  }
  expect(bed.reads.length).toBe(2)
  bed.kept.set('nobody', 'somebody')
  await bed.world.pass(5_000)
  expect(await bed.cache.get('nobody')).toBe('somebody')
})

test('CAC-3 what was read at once is read again at times spread evenly over the window', async () => {
  const bed = new Bed()
  const keys = Array.from({ length: 1_000 }, (_, i) => `k${i}`)
  for (const key of keys) bed.kept.set(key, key)
  const readAll = () => Promise.all(keys.map((key) => bed.cache.get(key)))
  await readAll()
  const [least, most] = freshMs
  await bed.world.pass(least - 1)
  await readAll()
  expect(bed.reads.length).toBe(1_000)
  const perSlice: number[] = []
  for (let slice = 0; slice < 10; slice++) {
    const before = bed.reads.length
    await bed.world.pass((most - least) / 10)
    await readAll()
    perSlice.push(bed.reads.length - before)
  }
  for (const count of perSlice.slice(0, 6)) expect(count).toBeGreaterThan(50)
  for (const count of perSlice) expect(count).toBeLessThan(200)
})

test('CAC-4 after a change nobody gets what was read before it, not even by a read that was under way', async () => {
  const bed = new Bed()
  bed.kept.set('ann', 'old')
  await bed.cache.get('ann')
  bed.cache.invalidate('ann')
  bed.isHeld = true
  const early = bed.cache.get('ann')
  bed.kept.set('ann', 'new')
  bed.cache.invalidate('ann')
  const late = bed.cache.get('ann')
  bed.isHeld = false
  bed.release()
  expect([await early, await late]).toEqual(['old', 'new'])
  expect(await bed.cache.get('ann')).toBe('new')
  expect(bed.reads.length).toBe(3)
})

test('CAC-5 while the source is away what is known stands, and what is not known is told to be unknown', async () => {
  const bed = new Bed()
  bed.kept.set('ann', 'Ann')
  await bed.cache.get('ann')
  await bed.world.pass(freshMs[1])
  bed.isAway = true
  expect(await bed.cache.get('ann')).toBe('Ann')
  await expect(bed.cache.get('bob')).rejects.toThrow('away')
  bed.isAway = false
  bed.kept.set('ann', 'Anna').set('bob', 'Bob')
  expect(await bed.cache.get('bob')).toBe('Bob')
  await bed.world.pass(5_000)
  expect(await bed.cache.get('ann')).toBe('Anna')
})

test('CAC-6 no more is kept than there is room for: the least recently used goes', async () => {
  const bed = new Bed()
  for (let i = 0; i < 1_500; i++) {
    bed.kept.set(`k${i}`, 'x')
    await bed.cache.get(`k${i}`)
    await bed.cache.get('k0')
  }
  expect(bed.cache.size).toBe(1_000)
  expect(bed.reads.filter((key) => key === 'k0')).toEqual(['k0'])
})
