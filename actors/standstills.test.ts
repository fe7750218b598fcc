import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Standstills, standstillsMax } from './standstills.ts'

describe('times that do not count', () => {
  it('ABS-5 what lies in several of them is left out once', () => {
    const still = new Standstills()
    still.add(100, 200)
    still.add(150, 300)
    expect(still.running(50, 400)).toBe(150)
    expect(still.running(120, 180)).toBe(0)
    expect(still.running(0, 1_000, [{ from: 250, until: 500 }])).toBe(600)
    expect(still.since(300)).toEqual([])
    expect(still.since(299)).toEqual([{ from: 100, until: 300 }])
  })

  it('ABS-5 count as a list of every millisecond would, whatever overlaps', () => {
    const span = fc.tuple(fc.nat(60), fc.nat(20)).map(([from, ms]) => ({ from, until: from + ms }))
    fc.assert(
      fc.property(fc.array(span, { maxLength: 12 }), fc.array(span, { maxLength: 3 }), span, (spans, others, { from, until }) => {
        const still = new Standstills()
        for (const one of spans) still.add(one.from, one.until)
        let counted = 0
        for (let ms = from; ms < until; ms++) if (![...spans, ...others].some((one) => one.from <= ms && ms < one.until)) counted++
        expect(still.running(from, until, others)).toBe(counted)
      }),
    )
  })

  it('ABS-5 are bounded, and of too many rather more is left out than less', () => {
    const still = new Standstills()
    for (let i = 0; i < 3 * standstillsMax; i++) still.add(i * 10, i * 10 + 1)
    expect(still.since(0)).toHaveLength(standstillsMax)
    const [first] = still.since(0)
    expect(first?.from).toBe(0)
    const end = 30 * standstillsMax
    expect(still.running(end - 100, end)).toBe(90)
    expect(still.running(0, end)).toBeLessThan(end - 3 * standstillsMax)
  })

  it('ABS-5 come back from a snapshot with the same digest', () => {
    const still = new Standstills()
    for (let i = 0; i < 100; i++) still.add(i * 10, i * 10 + 1 + (i % 3))
    const again = new Standstills()
    again.restore(still.save())
    expect([again.since(0), again.digest]).toEqual([still.since(0), still.digest])
    expect(new Standstills().digest).toBe(0)
  })
})
