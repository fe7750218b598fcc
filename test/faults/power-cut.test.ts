import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test, type TestContext } from 'vitest'
import { comparePositions, type Position } from '../../cluster/store.ts'
import { Chance } from '../checkers/chance.ts'
import { ToldStory } from '../checkers/told-story.ts'
import { cannotTrace, TracedProcess } from '../traced-process.ts'
import { readInnerLine, skuOfInner } from './inner-lines.ts'
import { InnerShop } from './inner-shop.ts'
import { type PowerCut, PowerCuts } from './power-cuts.ts'

const worker = fileURLToPath(new URL('inner-shop-worker.js', import.meta.url))
const untraceable = cannotTrace()
const linesWanted = 2_500
const cutsWanted = 25
const users = 60
const cleanups: (() => void)[] = []

afterEach(() => {
  for (const cleanup of cleanups.splice(0).toReversed()) cleanup()
})

/** Runs a shop under a tracer until its customers have heard enough, and cuts its power at random moments. */
async function cutsOf(context: TestContext, durability: string): Promise<readonly PowerCut[]> {
  if (untraceable !== undefined) return context.skip(untraceable)
  const chance = new Chance()
  chance.announce(`power cuts with ${durability}`)
  const folder = mkdtempSync(join(tmpdir(), 'sluice-shop-'))
  const traced = new TracedProcess([process.execPath, worker, folder, durability, `${chance.seed}`, `${users}`])
  cleanups.push(() => {
    traced.remove()
    rmSync(folder, { recursive: true })
  })
  try {
    await traced.line(() => traced.lines.length >= linesWanted, 60_000)
  } finally {
    await traced.kill()
  }
  const cuts = new PowerCuts(traced, chance)
  cleanups.push(() => cuts.remove())
  return cuts.take(cutsWanted)
}

/** Opens what the power cut has left, and holds it against everything that was said before. */
async function problemsAfter(cut: PowerCut): Promise<string[]> {
  const problems: string[] = []
  const stories = new Map<string, ToldStory>()
  const spokenOf = new Map<number, Position>()
  const storyOf = (user: string): ToldStory => {
    const story = stories.get(user) ?? new ToldStory(user, 3_600_000, (promise, problem) => problems.push(`${promise} ${problem}`))
    stories.set(user, story)
    return story
  }
  for (const text of cut.said) {
    const line = readInnerLine(text)
    if (line.kind === 'asks') storyOf(line.user).asks(line.what)
    else if (line.kind === 'told') storyOf(line.user).told(line.claim, line.at)
    else if (line.kind === 'broadcast') spokenOf.set(line.shard, { epoch: line.epoch, seq: line.seq })
  }
  expect(problems).toEqual([])
  const shop = await InnerShop.open({ folder: cut.folder, durability: 'fsync', onLost: (reason) => problems.push(reason.message) })
  try {
    for (const [shard, spoken] of spokenOf) {
      const kept = shop.recovered[shard]
      if (kept === undefined || comparePositions(kept, spoken) < 0)
        problems.push(`shard ${shard} spoke of ${spoken.seq} and has ${kept?.seq}`)
    }
    for (const [user, story] of stories) {
      const claim = await shop.claim(skuOfInner(user), user)
      if (typeof claim === 'string') problems.push(`${user}: ${claim}`)
      else story.told(claim, Date.now())
    }
    problems.push(...(await shop.unitProblems()))
  } finally {
    await shop.close()
  }
  return problems
}

test('KILL-5 with fsync a power cut at any moment takes back nothing that anyone was told', async (context) => {
  const cuts = await cutsOf(context, 'fsync')
  expect(cuts).toHaveLength(cutsWanted)
  for (const cut of cuts) expect(await problemsAfter(cut)).toEqual([])
})

test('KILL-6 with everysec a power cut takes back what was answered in the last second, which this test can see', async (context) => {
  const cuts = await cutsOf(context, 'everysec')
  const problems: string[] = []
  for (const cut of cuts) problems.push(...(await problemsAfter(cut)))
  expect(problems).not.toEqual([])
})
