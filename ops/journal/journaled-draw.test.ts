import { expect, test } from 'vitest'
import { DrawRig, names } from '../../actors/testing/draw-rig.ts'
import { auditJournal, type JournalReport } from './journal-audit.ts'
import { type CountedEntry, type DrawEvent, JournaledDraw, type Lobby } from './journaled-draw.ts'

test('AUD-20 a lobby, its draw and its line add up, whoever came, left, came back or came too late', async () => {
  const rig = new DrawRig({ stock: 2, draw: { beacon: { source: 'drand', round: 7 } } })
  for (const user of names(30)) rig.buy(user)
  rig.leave('user-3')
  rig.leave('user-4')
  rig.buy('user-4')
  rig.open()
  rig.buy('late-0')
  rig.leave('user-5')
  rig.buy('user-5')
  rig.beacon(7, 'beef')
  rig.pass(50)
  rig.buy('later')
  rig.pass(20_000)
  const report = await audited(rig)
  expect(report.problems).toEqual([])
  expect(report.skus).toMatchObject([{ phase: 'open', waiting: rig.status().waiting, held: 2, users: 32 }])
})

test('AUD-20 of a former version, with the seed as it is', async () => {
  const rig = new DrawRig({ stock: 2 }, true)
  for (const user of names(30)) rig.buy(user)
  rig.open()
  expect((await audited(rig)).problems).toEqual([])
})

test('AUD-20 whoever owns the shard when', async () => {
  for (const turns of [1, 2, 3]) {
    const rig = new DrawRig({ stock: 1 })
    for (const user of names(1_500)) rig.buy(user)
    rig.now += 60_050
    for (let turn = 0; turn < turns; turn++) rig.tick()
    rig.recover(undefined, 0, 1_000)
    rig.pass(50)
    expect((await audited(rig)).problems).toEqual([])
  }
})

test.each<{ readonly name: string; readonly problem: string; readonly change: (story: Story) => void }>([
  {
    name: 'somebody who is left out',
    problem: 'the roster has claim 3 where the lobby has claim 2',
    change: (story) => story.entries.splice(1, 1),
  },
  {
    name: 'somebody who was never there',
    problem: 'the roster has claim 9 where the lobby has nobody',
    change: (story) => story.entries.push({ claim: 9, id: '00'.repeat(16) }),
  },
  {
    name: 'an entry of somebody else',
    problem: "the roster has an id for claim 1 that is not its user's",
    change: (story) => (story.entries[0] = { claim: 1, id: '00'.repeat(16) }),
  },
  {
    name: 'another roster hash',
    problem: 'the hash of the roster is not that of who was counted',
    change: (story) => (story.hash = '00'.repeat(32)),
  },
  {
    name: 'two places exchanged',
    problem: 'was seated where by the draw it is claim',
    change: (story) => story.seats.push(story.seats.shift() ?? 0),
  },
  {
    name: 'somebody passed over',
    problem: 'the draw ended, and claim',
    change: (story) => (story.end = story.end.filter((claim) => claim !== story.seats[0])),
  },
  {
    name: 'another seed than the one that was committed to',
    problem: 'the seed that was revealed is not the one that was committed to',
    change: (story) => (story.seed = '00'.repeat(32)),
  },
  {
    name: 'a lobby that closes earlier',
    problem: 'the lobby was closed behind claim 4, and the last one was 5',
    change: (story) => (story.cutoff = 4),
  },
])('AUD-21 $name is found', ({ change, problem }) => {
  const rig = new DrawRig()
  const people = names(5)
  const { seed, commitment, roster, order, rosterHash } = rig.proof(people)
  const byId = new Map(people.map((user, i) => [rig.proof([user]).roster[0] ?? '', i + 1]))
  const entries = [...byId].map(([id, claim]) => ({ claim, id }))
  const seats = order.map((entry) => byId.get(roster[entry] ?? '') ?? 0)
  const story: Story = { seed, cutoff: 5, entries, hash: rosterHash, seats, end: [...seats] }
  expect(told(story, commitment, people)).toEqual([])
  change(story)
  expect(told(story, commitment, people)).toEqual(expect.arrayContaining([expect.stringContaining(problem)]))
})

interface Story {
  seed: string
  cutoff: number
  readonly entries: CountedEntry[]
  hash: string
  readonly seats: number[]
  /** Who is gone from the lobby when the draw ends. */
  end: readonly number[]
}

function told({ seed, cutoff, entries, hash, seats, end }: Story, commitment: string, people: readonly string[]): readonly string[] {
  const problems: string[] = []
  const draw = new JournaledDraw(
    { sku: 'shoe', seed: undefined, commitment: Buffer.from(commitment, 'hex'), beacon: undefined },
    (problem) => problems.push(problem),
  )
  const userOf = (claim: number): string => people[claim - 1] ?? ''
  const lobby = { userOf, isThere: (claim: number) => claim >= 1 && claim <= people.length }
  const take = (event: DrawEvent, there: Lobby = lobby): void => draw.take(event, people.length, there)
  take({ kind: 'lobbyClosed', index: 0, cutoff })
  take({ kind: 'counted', index: 0, to: people.length, entries })
  take({ kind: 'rosterHashed', index: 0, hash })
  take({ kind: 'seedRevealed', index: 0, seed: Buffer.from(seed, 'hex') })
  take({ kind: 'seated', index: 0, to: people.length, isLate: false, claims: seats })
  take({ kind: 'drawn', index: 0 }, { userOf, isThere: (claim) => lobby.isThere(claim) && !end.includes(claim) })
  return problems
}

function audited(rig: DrawRig): Promise<JournalReport> {
  return auditJournal({
    shards: ['inv.0'],
    async *readArchive() {
      yield* rig.archive()
    },
    readSnapshot: () => Promise.resolve(undefined),
  })
}
