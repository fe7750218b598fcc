import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Chance } from '../checkers/chance.ts'
import { checkEnd } from '../checkers/final-check.ts'
import { Findings } from '../checkers/findings.ts'
import type { LiveBooks } from '../checkers/live-books.ts'
import { isOrder } from '../checkers/told-story.ts'
import { checkWords } from '../checkers/word-check.ts'
import { priceMinor, Rush, type RushSku } from '../faults/rush.ts'
import type { Finished } from '../sluice-process.ts'
import { planStrikes, roleCounts, type Strike } from './fault-plan.ts'
import { FaultyCluster } from './faulty-cluster.ts'
import { checkJournals } from './journal-check.ts'
import { strike } from './strike.ts'

/** The long form: SLUICE_TEST_ROUNDS=20. */
const rounds = Number(process.env['SLUICE_TEST_ROUNDS'] ?? 1)
const minuteMs = 60_000
// What is lost on the bus is asked for again when the call's deadline at the gateway is over.
const settings = { snapshotEveryBytes: 65_536, simulatedDelayMs: 50, callDeadlineMs: 2_500, drainSeconds: 0 }
const unitsPerRestock = 2

const picky = { leaveShare: 0.4, declineShare: 0.15, impatientShare: 0.1, againShare: 0.5, thinkMsMax: 1_500, lookMs: 900 }
const eager = { ...picky, leaveShare: 0.15, impatientShare: 0.05 }
const strikesPerRound = planStrikes(new Chance(1), 1).length

// A long line from the start on, a sale that lasts, and holds so short that only the outages' extension keeps them.
const skus: readonly RushSku[] = [
  { sku: 'lamp', stock: 20, holdTtlMs: 10 * minuteMs, shoppers: 80, arrivedAfter: 4, habits: picky },
  {
    sku: 'chair',
    stock: 70 * rounds,
    holdTtlMs: 10 * minuteMs,
    shoppers: 90 * rounds,
    arrivedAfter: strikesPerRound * rounds,
    habits: eager,
  },
  { sku: 'print', stock: 20, holdTtlMs: 3_000, shoppers: 50, arrivedAfter: 8, habits: { ...eager, thinkMsMax: 4_500 } },
]

describe('a rush on a cluster that is struck again and again', () => {
  const findings = new Findings(Date.now)
  const cleanups: (() => void | Promise<void>)[] = []
  let cluster: FaultyCluster
  let rush: Rush
  let books: LiveBooks
  let orders: ReadonlyMap<string, string>
  let balance: number
  let ended: readonly Finished[]

  beforeAll(
    async () => {
      const chance = new Chance()
      chance.announce('a rush through faults')
      const strikes = planStrikes(chance, rounds)
      cluster = await FaultyCluster.start(roleCounts, settings)
      cleanups.push(() => cluster.stop())
      rush = new Rush(cluster, chance, skus)
      cleanups.push(() => rush.close())
      await rush.prepare(0.15)
      for (const [done, one] of strikes.entries()) await endure(one, done)
      rush.arrive(Infinity)
      await rush.finish(minuteMs)
      await rush.audit()
      orders = await rush.paidOrders()
      balance = await simulatedBalance()
      // Time alone writes records: journals are read when nobody writes any more.
      ended = await cluster.terminate()
      books = await checkJournals(cluster.servers.redis.url, findings.complain)
      rush.requests.atEnd(books)
    },
    rounds * 3 * minuteMs,
  )

  afterAll(async () => {
    for (const clean of cleanups.toReversed()) await clean()
  })

  async function endure({ afterMs, fault }: Strike, done: number): Promise<void> {
    rush.arrive(done + 1)
    await delay(afterMs)
    const restocked = rush.restock('lamp', unitsPerRestock)
    await strike(cluster, fault)
    await restocked
    await rush.audit()
  }

  test('FLT-1 every call gets its answer, each request has one outcome, and every claim that anyone was told of went on as it may', () => {
    expect(rush.problems).toEqual([])
    expect(rush.shoppers.filter((shopper) => !shopper.isDone)).toEqual([])
  })

  test('FLT-2 the journals have no gap, no epoch out of order, no unit twice, and nothing that cannot be replayed', () => {
    expect(ended.map(({ code }) => code)).toEqual(ended.map(() => 0))
    checkEnd({ books, gauges: [], pending: [] }, findings.complain)
    expect(findings.problems).toEqual([])
    for (const { sku } of skus) {
      const { units = 0, available = 0, sold } = books.sku(sku)?.ledger ?? {}
      expect(units).toBe(rush.units.get(sku))
      expect(sold).toBe(rush.shoppers.filter((shopper) => shopper.sku === sku && shopper.story.last.state === 'paid').length)
      expect(available + (sold ?? 0)).toBe(units)
    }
  })

  test('FLT-3 nobody was told anything that the journals did not have in that moment', () => {
    const told = new Findings(Date.now)
    expect(rush.words.length).toBeGreaterThan(rush.shoppers.length)
    checkWords(books, rush.words, told.complain)
    expect(told.problems).toEqual([])
  })

  test('FLT-4 the provider has the money of what is sold and no more, and every paid order is in the history of its user', () => {
    const sold = skus.reduce((sum, { sku }) => sum + (books.sku(sku)?.ledger.sold ?? 0), 0)
    expect(balance).toBe(sold * priceMinor)
    const paid = rush.shoppers.flatMap(({ user, story: { last } }) => (isOrder(last) && last.state === 'paid' ? [[user, last.order]] : []))
    expect([...orders]).toEqual(paid)
  })

  async function simulatedBalance(): Promise<number> {
    const page = await (await fetch(`${cluster.node('orders', 0).member.opsUrl}/metrics`)).text()
    return Number(/^sluice_simulated_balance_minor\{currency="EUR"\} (\d+)$/m.exec(page)?.[1])
  }
})
