import { expect, test } from 'vitest'
import { distributions } from './distributions.ts'
import { type SalePlan, saleMsMax } from './sale-plan.ts'
import { SeededChance } from './seeded-chance.ts'

const seeds = Array.from({ length: 30 }, (_, i) => i)

test.each(distributions)('BEN-12 a drawn sale follows from its seed: $name', ({ name, draw }) => {
  const plan = (seed: number): unknown => played(draw(new SeededChance(seed, name)))
  expect(plan(1)).toEqual(plan(1))
  expect(plan(1)).not.toEqual(plan(2))
})

test.each(distributions)('BEN-12 drawn sales are ones that an operator could set up: $name', ({ name, draw }) => {
  for (const seed of seeds) {
    const plan = draw(new SeededChance(seed, name))
    expect(plan.stock).toBeGreaterThan(0)
    expect(plan.rush.people + plan.late.people).toBeGreaterThan(plan.stock)
    for (const ms of [plan.holdTtlMs, plan.paymentTtlMs]) expect(Number.isInteger(ms) && ms >= 1_000 && ms < saleMsMax).toBe(true)
    for (const { afterMs } of played(plan).buyers) expect(afterMs).toBeGreaterThanOrEqual(0)
  }
})

/** The plan with what its first buyers do. */
function played(plan: SalePlan) {
  const chance = new SeededChance(1, 'buyers')
  const buyers = Array.from({ length: 40 }, (_, turn) => {
    const buyer = plan.buyer(chance, turn * 10_000, turn * 5)
    return { ...buyer, afterMs: buyer.does === 'nothing' ? 0 : buyer.afterMs }
  })
  return { ...plan, patienceMs: plan.patienceMs(chance), buyer: undefined, buyers }
}
