import { expect, test } from 'vitest'
import { skuId } from '../../actors/testing/ids.ts'
import { ManualWorld } from '../../cluster/manual-world.ts'
import type { SkuStatus } from '../../protocol/results.ts'
import { StockWatch } from './stock-watch.ts'

const whole: SkuStatus = { sku: skuId('shoe'), available: 3, held: 1, ordered: 1, sold: 0, waiting: 9, state: 'open' }

test('RUSH-4 the stock is looked at every 100 ms, also while earlier looks have no answer', async () => {
  const world = new ManualWorld()
  const answers: (() => void)[] = []
  const ask = () => new Promise<SkuStatus>((resolve) => answers.push(() => resolve(whole)))
  const starting = StockWatch.start(world.timers, ask, () => {})
  answers.shift()?.()
  const watch = await starting
  await world.pass(1_000)
  expect(answers).toHaveLength(10)
  await world.pass(60_000)
  expect(answers, 'a server that never answers is not asked for ever').toHaveLength(20)
  const stopping = watch.stop()
  await world.pass(100)
  for (const answer of answers.splice(0)) answer()
  await world.pass(0)
  for (const answer of answers.splice(0)) answer()
  expect(await stopping).toMatchObject({ units: 5, samples: 22, broken: [] })
})

test.each([
  { name: 'a unit too many', status: { ...whole, sold: 1 } },
  { name: 'a unit too few', status: { ...whole, held: 0 } },
  { name: 'a negative count', status: { ...whole, available: -1, held: 5 } },
])('RUSH-5 $name in one sample is kept', async ({ status }) => {
  const world = new ManualWorld()
  const statuses = [whole, whole, status]
  const watch = await StockWatch.start(
    world.timers,
    async () => statuses.shift() ?? whole,
    () => {},
  )
  await world.pass(500)
  const stopping = watch.stop()
  await world.pass(100)
  expect(await stopping).toMatchObject({ broken: [status], before: whole, after: whole })
})

test('RUSH-6 a look that fails is told at once, and the report is refused', async () => {
  const world = new ManualWorld()
  const statuses = [whole]
  let blind = 0
  const watch = await StockWatch.start(
    world.timers,
    async () => {
      const status = statuses.shift()
      if (status === undefined) throw new Error('gone')
      return status
    },
    () => blind++,
  )
  await world.pass(150)
  expect(blind).toBe(1)
  const stopping = watch.stop()
  await Promise.all([expect(stopping).rejects.toThrow('gone'), world.pass(100)])
})
