import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { drawSettings } from '../testing/draw-rig.ts'
import { seedNumber } from '../testing/plain-draw.ts'
import { SeedBox } from './seed-box.ts'
import { commitmentOf } from './seed.ts'

const box = new SeedBox('a key that nobody can guess')
const shoe = { sale: 'drop', sku: 'shoe' }
const seed = seedNumber(1)

test('DRAW-12 a sealed seed opens with its key, for its SKU of its sale, and with nothing else', () => {
  const sealed = box.seal(seed, Buffer.alloc(12, 9), shoe)
  expect(box.open(sealed, shoe)).toEqual(seed)
  expect(Buffer.from(sealed).includes(Buffer.from(seed))).toBe(false)
  expect(new SeedBox('a key that nobody can gues').open(sealed, shoe)).toBeUndefined()
  expect(box.open(sealed, { ...shoe, sku: 'boot' })).toBeUndefined()
  expect(box.open(sealed, { ...shoe, sale: 'other' })).toBeUndefined()
  // The names are bound one by one, and not one after the other.
  expect(box.open(sealed, { sale: 'drops', sku: 'hoe' })).toBeUndefined()
  for (let at = 0; at < sealed.length; at++) {
    const changed = Uint8Array.from(sealed)
    changed[at] = (changed[at] ?? 0) ^ 1
    expect(box.open(changed, shoe)).toBeUndefined()
  }
  for (const length of [0, 12, 59, 61]) expect(box.open(new Uint8Array(length), shoe)).toBeUndefined()
})

test('DRAW-12 what is announced opens to the seed that was committed to, and is another each time', () => {
  let drawn = 0
  const random = { next: () => 0, id: (length: number) => createHash('sha256').update(`${drawn++}`).digest('hex').slice(0, length) }
  const settings = drawSettings({ draw: { beacon: { source: 'drand', round: 7 } } })
  const [first, second] = [box.announce(settings, random), box.announce(settings, random)]
  const opened = box.open(first.drawSealed, settings)
  expect(opened).toHaveLength(32)
  expect(Buffer.from(first.drawCommitment)).toEqual(commitmentOf(opened ?? new Uint8Array(), 'shoe', settings.draw?.beacon))
  expect(box.open(second.drawSealed, settings)).not.toEqual(opened)
  expect(second.drawSealed.subarray(0, 12)).not.toEqual(first.drawSealed.subarray(0, 12))
})
