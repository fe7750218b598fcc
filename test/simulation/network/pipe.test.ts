import { expect, test } from 'vitest'
import { SmallWorld } from '../small-world.ts'
import { Pipe } from './pipe.ts'

function pipeOf(world: SmallWorld): { readonly pipe: Pipe<string>; readonly got: string[] } {
  const got: string[] = []
  const startedAt = world.scheduler.now
  const pipe = new Pipe<string>({
    scheduler: world.scheduler,
    owner: undefined,
    arrive: (item, isOvertaken) => void got.push(`${world.scheduler.now - startedAt} ${item}${isOvertaken ? ' overtaken' : ''}`),
  })
  return { pipe, got }
}

test('SIM-N10 what goes through a pipe comes in its order, nothing before its delay', async () => {
  const world = new SmallWorld()
  const { pipe, got } = pipeOf(world)
  pipe.put('a', 1, 30)
  pipe.put('b', 1, 0)
  pipe.putLate('c', 1, 40)
  await world.pass(10)
  pipe.put('d', 1, 25)
  await world.pass(100)
  expect(got).toEqual(['30 a', '30 b', '35 d', '40 c overtaken'])
  expect(pipe.bytes).toBe(0)
})

test('SIM-N10 what is discarded never comes, and hastens nothing that comes after it', async () => {
  const world = new SmallWorld()
  const { pipe, got } = pipeOf(world)
  pipe.put('a', 1, 10)
  pipe.putLate('b', 1, 10)
  pipe.discard()
  pipe.put('c', 1, 30)
  await world.pass(100)
  expect(got).toEqual(['30 c'])
})
