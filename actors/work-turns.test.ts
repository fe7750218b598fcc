import { expect, test } from 'vitest'
import { ManualWorld } from './testing/manual-world.ts'
import { WorkTurns } from './work-turns.ts'
import { finishInTurns, type Work } from './work.ts'

/** A world whose time goes on by what is done in it. */
function busyWorld() {
  const world = new ManualWorld()
  let spentMs = 0
  const spend = (ms: number): void => {
    spentMs += ms
  }
  return { world, spend, turns: new WorkTurns({ timers: world.timers, clock: { now: () => spentMs, monotonic: () => spentMs } }) }
}

test('SNP-13 long works take turns: one of them each time the loop comes round, and everything else in between', async () => {
  const { world, spend, turns } = busyWorld()
  let done = ''
  function* work(name: string): Work<string> {
    for (let slice = 0; slice < 4; slice++) {
      spend(2)
      done += name
      yield slice / 4
    }
    return name
  }
  let rounds = 0
  const others = (): void => {
    done += '-'
    if (++rounds < 12) world.timers.soon(others)
  }
  world.timers.soon(others)
  const works = ['a', 'b'].map((name) => finishInTurns(work(name), turns.take))
  expect(await world.settled(Promise.all(works))).toEqual(['a', 'b'])
  // Two slices of 2 ms are a turn, and between two turns everything else has its own.
  const [, ...turnsTaken] = done.split('-')
  expect(turnsTaken.join('').length).toBeGreaterThan(4)
  for (const turn of turnsTaken) expect(['', 'a', 'aa', 'b', 'bb']).toContain(turn)
})

test('SNP-13 a short work waits for nobody', async () => {
  const { world, spend, turns } = busyWorld()
  spend(1_000)
  await world.settled(Promise.resolve(turns.take()))
  let slices = 0
  function* work(): Work<string> {
    for (; slices < 5; slices++) yield slices / 5
    return 'done'
  }
  const finished = finishInTurns(work(), turns.take)
  expect(slices).toBe(5)
  expect(await finished).toBe('done')
})
