import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Chance } from '../checkers/chance.ts'
import { type JournalBooks, readBooks } from '../checkers/journal-books.ts'
import { isOrder, numberOf } from '../checkers/told-story.ts'
import { RunningNode } from '../running-node.ts'
import type { Finished } from '../sluice-process.ts'
import { Rush, type RushSku } from './rush.ts'

const kills = 20
/** The node dies at a random moment of this time after it is ready, or of its start. */
const aliveMsMax = 700
const startMsMax = 1_000
const killedInStart = 4
const restocks = 12
const unitsPerRestock = 2

const picky = { leaveShare: 0.4, declineShare: 0.15, impatientShare: 0.1, againShare: 0.5, thinkMsMax: 2_000, lookMs: 900 }
const eager = { ...picky, leaveShare: 0.15, impatientShare: 0.05, thinkMsMax: 3_000 }
const long = 600_000

// A long line from the start on, a sale that lasts, and holds so short that only the outages' extension keeps them.
const skus: readonly RushSku[] = [
  { sku: 'lamp', stock: 40, holdTtlMs: long, shoppers: 300, arrivedAfter: 6, habits: picky },
  { sku: 'chair', stock: 200, holdTtlMs: long, shoppers: 300, arrivedAfter: 16, habits: eager },
  { sku: 'print', stock: 40, holdTtlMs: 3_000, shoppers: 100, arrivedAfter: 16, habits: { ...eager, thinkMsMax: 4_500 } },
]

const roomy = {
  shards: 4,
  addressRatePerSecond: 1_000_000,
  addressBurst: 1_000_000,
  userRatePerSecond: 1_000_000,
  userBurst: 1_000_000,
  simulatedDelayMs: 50,
}

describe('a rush on a node that is killed again and again', () => {
  let node: RunningNode
  let rush: Rush
  let journal: JournalBooks
  let orders: ReadonlyMap<string, string>
  let ended: Finished

  beforeAll(async () => {
    const chance = new Chance()
    chance.announce('a rush through kills')
    node = await RunningNode.start({ settings: roomy })
    rush = new Rush(node, chance, skus)
    await rush.prepare(0.08)
    for (let done = 0; done < kills; done++) await liveAndDie(chance, done)
    rush.arrive(Infinity)
    await rush.finish(30_000)
    await rush.audit()
    orders = await rush.paidOrders()
    ended = await node.terminate()
    journal = await readBooks(node.dataFolder)
  }, 120_000)

  afterAll(async () => {
    rush.close()
    await node.stop()
  })

  async function liveAndDie(chance: Chance, done: number): Promise<void> {
    rush.arrive(done + 1)
    await pause(chance.next() * aliveMsMax)
    const restock = done < restocks ? rush.restock('lamp', unitsPerRestock) : Promise.resolve()
    await node.kill()
    if (chance.is(killedInStart / kills)) {
      const start = node.restart().then(
        () => undefined,
        (error: unknown) => error,
      )
      await pause(chance.next() * startMsMax)
      await node.kill()
      await start
    }
    await node.restart()
    await restock
    await rush.audit()
  }

  test('KILL-1 every hold, ticket and order that anyone was told of is still there, or went on as its user or the sale asked', () => {
    expect(rush.problems).toEqual([])
    expect(rush.shoppers.filter((shopper) => !shopper.isDone)).toEqual([])
  })

  test('KILL-2 no unit is lost or doubled: the node, the journal and what clients were told agree', () => {
    expect(journal.problems).toEqual([])
    for (const { sku } of skus) {
      const units = rush.units.get(sku)
      const books = journal.skus.find((one) => one.sku === sku)
      const sold = rush.shoppers.filter((shopper) => shopper.sku === sku && shopper.story.last.state === 'paid').length
      // Units of a restock are left if they came when everyone had been told that all was sold; no others are.
      const available = (units ?? 0) - sold
      expect(books).toMatchObject({ units, available, held: 0, ordered: 0, sold, waiting: 0 })
      expect(available).toBeLessThanOrEqual(sku === 'lamp' ? restocks * unitsPerRestock : 0)
    }
  })

  test('KILL-3 every order that was paid stands in the history of its user, and the node ends well when it is asked to', () => {
    const paid = rush.shoppers.flatMap(({ user, story: { last } }) => (isOrder(last) && last.state === 'paid' ? [[user, last.order]] : []))
    expect([...orders]).toEqual(paid)
    expect(ended).toMatchObject({ code: 0 })
  })

  test('KILL-4 the journal has every claim as its user was last told', () => {
    for (const { sku, user, story } of rush.shoppers) {
      const { last } = story
      const kept = journal.latest.get(sku)?.get(user)
      const state = last.state === 'none' ? (kept === undefined ? undefined : 'left') : last.state
      expect(kept?.state, user).toBe(state)
      if (isOrder(last)) expect(kept?.claim, user).toBe(numberOf(last))
    }
  })
})

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
