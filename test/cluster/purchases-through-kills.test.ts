import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Chance } from '../checkers/chance.ts'
import { checkEnd } from '../checkers/final-check.ts'
import { Findings } from '../checkers/findings.ts'
import type { LiveBooks } from '../checkers/live-books.ts'
import { checkMoney } from '../checkers/money-check.ts'
import { checkWords } from '../checkers/word-check.ts'
import { priceMinor, Rush, type RushSku } from '../faults/rush.ts'
import { type Movement, providerRows } from '../payment/provider-books.ts'
import { ProviderProcess } from '../payment/provider-process.ts'
import { type Finished, runSluice } from '../sluice-process.ts'
import { FaultyCluster } from './faulty-cluster.ts'
import { checkJournals } from './journal-check.ts'
import { planPurchaseStrikes, type PurchaseStrike } from './purchase-plan.ts'
import { pass, strike } from './strike.ts'

/** The long form: SLUICE_TEST_PURCHASES=2000. */
const purchases = Number(process.env['SLUICE_TEST_PURCHASES'] ?? 300)
const purchasesPerRound = 300
const rounds = Math.ceil(purchases / purchasesPerRound)
const minuteMs = 60_000
const counts = { gateway: 1, actors: 2, orders: 1 }
const strikesPerRound = planPurchaseStrikes(new Chance(1), 1, counts).length
const secret = 'between-the-two-of-us-and-nobody-else'
const settings = {
  snapshotEveryBytes: 65_536,
  callDeadlineMs: 2_500,
  drainSeconds: 0,
  paymentProvider: 'http',
  paymentConcurrency: 20,
  paymentDeadlineMs: 1_000,
}
/** Each charge takes a while, so that there are always some under way, and not every answer arrives. */
const climate = { late: 0.5, pending: 0.1, fails: 0.05, hangs: 0.02, 'loses-request': 0.03, 'loses-answer': 0.1 }

const habits = { leaveShare: 0.1, declineShare: 0.15, impatientShare: 0, againShare: 0.6, thinkMsMax: 1_500, lookMs: 900 }
const arrivedAfter = strikesPerRound * rounds

const skus: readonly RushSku[] = [
  // Nobody goes without; some leave, and others buy again.
  { sku: 'lamp', stock: 2 * purchases, holdTtlMs: 10 * minuteMs, shoppers: Math.ceil(1.1 * purchases), arrivedAfter, habits },
  // An outage is longer than the time there is for a payment: units go on to the line, and late money goes back.
  { sku: 'mug', stock: 10, holdTtlMs: 10 * minuteMs, paymentTtlMs: 1_000, shoppers: Math.ceil(purchases / 5), arrivedAfter, habits },
]

describe('purchases while all that they need is killed again and again', () => {
  const findings = new Findings(Date.now)
  const cleanups: (() => void | Promise<void>)[] = []
  let folder: string
  let provider: ProviderProcess
  let cluster: FaultyCluster
  let rush: Rush
  let books: LiveBooks
  let ended: readonly Finished[]
  let reconciled: Finished

  beforeAll(
    async () => {
      const chance = new Chance()
      chance.announce('purchases through kills')
      const strikes = planPurchaseStrikes(chance, rounds, counts)
      folder = await mkdtemp(join(tmpdir(), 'sluice-purchases-'))
      cleanups.push(() => rm(folder, { recursive: true, force: true }))
      provider = await ProviderProcess.start({ secret, ledgerFile: join(folder, 'ledger') })
      cleanups.push(() => provider.kill())
      provider.become(climate)
      cluster = await FaultyCluster.start(counts, settings, { SLUICE_PAYMENT_URL: provider.url, SLUICE_PAYMENT_SECRET: secret })
      cleanups.push(() => cluster.stop())
      rush = new Rush(cluster, chance, skus)
      cleanups.push(() => rush.close())
      await rush.prepare(0.15)
      for (const [done, one] of strikes.entries()) await endure(one, done)
      rush.arrive(Infinity)
      await rush.finish(3 * minuteMs)
      await rush.audit()
      // Time alone writes records: journals are read when nobody writes any more.
      ended = await cluster.terminate()
      books = await checkJournals(cluster.servers.redis.url, findings.complain)
      rush.requests.atEnd(books)
      reconciled = await reconcile()
    },
    (rounds * 2 + 5) * minuteMs,
  )

  afterAll(async () => {
    for (const clean of cleanups.toReversed()) await clean()
  })

  async function endure({ afterMs, fault }: PurchaseStrike, done: number): Promise<void> {
    rush.arrive(done + 1)
    await delay(afterMs)
    if (fault.kind !== 'kill-provider') await strike(cluster, fault)
    else {
      await provider.kill()
      await pass(fault.downMs)
      await provider.restart()
    }
    await rush.audit()
  }

  /** By the command that operators have for it. */
  async function reconcile(): Promise<Finished> {
    const ledger = join(folder, 'moved')
    const moved = provider
      .books()
      .all()
      .filter(({ kind }) => kind !== 'declined')
    await writeFile(ledger, moved.map((movement) => `${JSON.stringify(movement)}\n`).join(''))
    return runSluice(['orders', 'reconcile', '--ledger', ledger], { environment: cluster.servers.environment })
  }

  test('FLT-9 every call gets its answer, and everybody hears how their order ended', () => {
    expect(rush.problems).toEqual([])
    expect(rush.shoppers.filter((shopper) => !shopper.isDone)).toEqual([])
    const told = new Findings(Date.now)
    checkWords(books, rush.words, told.complain)
    expect(told.problems).toEqual([])
  })

  test('FLT-10 every order has ended, units add up, and the journals can be replayed', () => {
    expect(ended.map(({ code }) => code)).toEqual(ended.map(() => 0))
    checkEnd({ books, gauges: [], pending: [] }, findings.complain)
    expect(findings.problems).toEqual([])
    for (const { sku, stock } of skus) {
      const { units, available = 0, held, ordered, sold = 0 } = books.sku(sku)?.ledger ?? {}
      expect({ units, held, ordered, all: available + sold }).toEqual({ units: stock, held: 0, ordered: 0, all: stock })
      expect(sold).toBe(rush.shoppers.filter((shopper) => shopper.sku === sku && shopper.story.last.state === 'paid').length)
    }
  })

  test('FLT-11 each is charged at most once net of refunds, and the provider has to the cent what was sold', () => {
    const money = new Findings(Date.now)
    checkMoney(books, providerRows(provider.books()), money.complain)
    expect(money.problems).toEqual([])
    const sold = skus.reduce((sum, { sku }) => sum + (books.sku(sku)?.ledger.sold ?? 0), 0)
    expect(provider.books().balanceMinor).toBe(sold * priceMinor)
  })

  test('FLT-12 the command line comes to the same, order by order', () => {
    const moves = (kind: Movement['kind']): number =>
      provider
        .books()
        .all()
        .filter((movement) => movement.kind === kind).length
    process.stdout.write(`${reconciled.out}${moves('charge')} charges, ${moves('declined')} declined, ${moves('refund')} refunds\n`)
    expect(reconciled.code, reconciled.out).toBe(0)
    const [, orders, agreeing] = /^(\d+) orders: (\d+) agree, 0 open, 0 differences$/m.exec(reconciled.out) ?? []
    expect(agreeing).toBe(orders)
    expect(Number(orders)).toBeGreaterThanOrEqual(purchases)
  })
})
