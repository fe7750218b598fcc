import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { z } from 'zod'
import { comparePositions, journalStart, type Position, type ShardName, type Store } from '../../cluster/store.ts'
import { readOrders } from '../../ops/orders/read-orders.ts'
import { connectRpc, type RpcClient } from '../../protocol/client/rpc-client.ts'
import type { Chance } from '../checkers/chance.ts'
import { checkEnd } from '../checkers/final-check.ts'
import { Findings } from '../checkers/findings.ts'
import { checkMoney } from '../checkers/money-check.ts'
import { isOrder, numberOf } from '../checkers/told-story.ts'
import { checkJournalsIn } from '../cluster/journal-check.ts'
import { Rush, type RushSite, type RushSku } from '../faults/rush.ts'
import { providerRows } from '../payment/provider-books.ts'
import { ProviderProcess } from '../payment/provider-process.ts'
import { until } from '../servers/until.ts'
import type { Finished } from '../sluice-process.ts'

const secret = 'between-the-two-of-us-and-nobody-else'
const quietMs = 120_000
const latecomers = 10

/** Charges take a while, so that at any moment some are under way. */
const climate = { late: 0.5, pending: 0.1, 'loses-answer': 0.1 }
const habits = { leaveShare: 0.15, declineShare: 0.15, impatientShare: 0.05, againShare: 0.4, thinkMsMax: 5_000, lookMs: 900 }
const skus: readonly RushSku[] = [
  { sku: 'lamp', stock: 60, holdTtlMs: 8_000, shoppers: 110, arrivedAfter: 0, habits },
  { sku: 'mug', stock: 200, holdTtlMs: 8_000, shoppers: 90, arrivedAfter: 0, habits },
]
const paidBeforeBackup = 15

export const drillSettings = { paymentProvider: 'http', paymentConcurrency: 20, paymentDeadlineMs: 1_000, snapshotEveryBytes: 65_536 }

export type DrillReader = Pick<Store, 'readArchive' | 'readSnapshot' | 'readTail'> & { readonly shards: readonly ShardName[] }

interface Promised {
  readonly user: string
  readonly sku: string
  readonly claim: number
  readonly isPaid: boolean
}

/**
 * A backup in the middle of a sale, whose world goes on and is then lost; and what the restored one, with the same payment provider, makes of it.
 *
 *     await drill.rush(site)        until some have paid; then the backup is made
 *     await drill.end(reader)       the first world comes to its end
 *     await drill.goOn(site)        the restored one ends what was open, and sells more
 *     await drill.judge(reader, reconcile)
 */
export class Drill {
  readonly provider: ProviderProcess
  private readonly folder: string
  private readonly chance: Chance
  private crowd: Rush | undefined
  /** What was told before the backup began. */
  private promised: readonly Promised[] = []
  private readonly lastEpochs = new Map<ShardName, number>()
  private movedBefore: ReadonlySet<string> = new Set()
  private restoredAt = 0

  private constructor(provider: ProviderProcess, folder: string, chance: Chance) {
    this.provider = provider
    this.folder = folder
    this.chance = chance
  }

  static async start(folder: string, chance: Chance): Promise<Drill> {
    const provider = await ProviderProcess.start({ secret, ledgerFile: join(folder, 'ledger') })
    provider.become(climate)
    return new Drill(provider, folder, chance)
  }

  get environment(): Readonly<Record<string, string>> {
    return { SLUICE_PAYMENT_URL: this.provider.url, SLUICE_PAYMENT_SECRET: secret }
  }

  /** Resolves when the moment for a backup has come: some have paid, and the sale goes on. */
  async rush(site: RushSite): Promise<void> {
    const crowd = new Rush(site, this.chance, skus)
    this.crowd = crowd
    await crowd.prepare(0.15)
    crowd.arrive(Infinity)
    await until(() => crowd.shoppers.filter(({ story }) => story.last.state === 'paid').length >= paidBeforeBackup, quietMs)
    this.promised = crowd.shoppers.flatMap(({ user, sku, story: { last } }) => {
      const claim = isOrder(last) || last.state === 'held' || last.state === 'queued' ? numberOf(last) : undefined
      return claim === undefined ? [] : [{ user, sku, claim, isPaid: last.state === 'paid' }]
    })
  }

  get isSelling(): boolean {
    return this.crowd?.shoppers.some(({ isDone }) => !isDone) === true
  }

  /** Lets everyone come to their end. */
  async finish(): Promise<void> {
    await this.crowd?.finish(quietMs)
    this.crowd?.close()
    expect(this.crowd?.problems).toEqual([])
  }

  /** The first world is gone; `reader` shows what it had come to. */
  async end(reader: DrillReader): Promise<void> {
    for (const shard of reader.shards) this.lastEpochs.set(shard, (await lastPosition(reader, shard)).epoch)
    this.movedBefore = new Set(
      this.provider
        .books()
        .all()
        .map(({ charge }) => charge),
    )
  }

  /** Waits until what was open has ended by itself, and buys something. */
  async goOn(site: RushSite): Promise<void> {
    this.restoredAt = Date.now()
    const [door] = site.doors
    const operator = connectRpc({ url: door?.rpcUrl ?? '', key: site.secrets.operatorKey })
    try {
      for (const { sku } of skus) await until(() => isQuiet(operator, sku), quietMs)
      for (const { sku } of skus) await operator.restock(sku, latecomers)
      for (const { sku } of skus)
        for (let i = 0; i < latecomers; i++) {
          const buyer = operator.as(`late-${i}`)
          expect(await buyer.buy(sku)).toMatchObject({ state: 'held' })
          await buyer.checkout(sku, 'tok_ok')
        }
      for (const { sku } of skus) await until(() => isQuiet(operator, sku), quietMs)
      for (const { sku } of skus)
        for (let i = 0; i < latecomers; i++) expect(await operator.as(`late-${i}`).claim(sku)).toMatchObject({ state: 'paid' })
    } finally {
      operator.close()
    }
  }

  /** Nobody writes any more. `reconcile` runs the command for operators with this ledger. */
  async judge(reader: DrillReader, reconcile: (ledger: string) => Promise<Finished>): Promise<void> {
    const findings = new Findings(Date.now)
    const books = await checkJournalsIn(reader, findings.complain)
    checkEnd({ books, gauges: [], pending: [] }, findings.complain)
    for (const { user, sku, claim, isPaid } of this.promised) {
      const kept = books.sku(sku)?.claims.get(claim)
      if (kept?.user !== user)
        findings.complain('G7', `${user} was told of claim ${claim} of ${sku}, which is ${kept?.user ?? 'nobody'}'s now`)
      else if (
        isPaid &&
        books
          .sku(sku)
          ?.marks.get(user)
          ?.every(({ past, state }) => past !== kept || state !== 'paid') === true
      )
        findings.complain('G8', `${user} was told that claim ${claim} of ${sku} is paid`)
    }
    for (const [shard, epoch] of this.lastEpochs) {
      const now = (await lastPosition(reader, shard)).epoch
      if (now <= epoch) findings.complain('G5', `${shard} goes on in epoch ${now}; the lost world came to ${epoch}`)
    }

    const orders = new Map<string, number>()
    for await (const { order, orderedAt = 0 } of readOrders(reader, () => {}))
      orders.set(order, Math.max(orderedAt, orders.get(order) ?? 0))
    const again = [...orders].filter(([order, orderedAt]) => orderedAt >= this.restoredAt && this.movedBefore.has(order))
    for (const [order] of again) findings.complain('G8', `${order} was given its id anew, and the provider knows it from before`)
    const rows = providerRows(this.provider.books())
    const lost = rows.filter(({ order, chargedMinor, refundedMinor }) => !orders.has(order) && chargedMinor !== refundedMinor)
    checkMoney(
      books,
      rows.filter(({ order }) => orders.has(order)),
      findings.complain,
    )
    expect(findings.problems).toEqual([])
    await this.expectReconciled(
      lost.map(({ order }) => order),
      reconcile,
    )
    const { length } = this.promised
    process.stdout.write(`${length} promises kept, ${orders.size} orders, ${lost.length} charges of orders that came after the backup\n`)
  }

  /** The command names just the charges of orders that were lost. */
  private async expectReconciled(lost: readonly string[], reconcile: (ledger: string) => Promise<Finished>): Promise<void> {
    const ledger = join(this.folder, 'moved')
    const moved = this.provider
      .books()
      .all()
      .filter(({ kind }) => kind !== 'declined')
    await writeFile(ledger, moved.map((movement) => `${JSON.stringify(movement)}\n`).join(''))
    const { code, out, err } = await reconcile(ledger)
    const told = out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => differenceSchema.parse(JSON.parse(line)))
    expect(told.map(({ order }) => order).toSorted(), err).toEqual(lost.toSorted())
    expect(told.filter(({ kind }) => kind !== 'unknown order')).toEqual([])
    expect(code).toBe(lost.length === 0 ? 0 : 1)
  }
}

const differenceSchema = z.object({ order: z.string(), kind: z.string() })

async function isQuiet(operator: RpcClient, sku: string): Promise<boolean> {
  const { held, ordered, waiting } = await operator.skuStatus(sku, { deadlineMs: quietMs })
  return held === 0 && ordered === 0 && waiting === 0
}

async function lastPosition(reader: DrillReader, shard: ShardName): Promise<Position> {
  let last = journalStart
  for await (const { position } of reader.readArchive(shard)) if (comparePositions(position, last) > 0) last = position
  return last
}
