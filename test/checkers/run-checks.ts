import type { QueuedOrder } from '../../cluster/queue.ts'
import type { ShardName } from '../../cluster/store.ts'
import type { Applied, StoreObserver } from '../simulation/store/store-change.ts'
import { CheckedDevice } from './checked-device.ts'
import { checkEnd, type Gauge, SoldOutCheck } from './final-check.ts'
import { Findings } from './findings.ts'
import { FreshnessCheck } from './freshness-check.ts'
import { journalRules } from './journal-rules.ts'
import { LeavingCheck } from './leaving-check.ts'
import { LineCheck } from './line-check.ts'
import { LiveBooks } from './live-books.ts'
import { checkMoney, type ProviderRow } from './money-check.ts'
import { OwnershipCheck } from './ownership-check.ts'
import { RequestCheck } from './request-check.ts'

export interface RunBounds {
  /** For so long after a failover an owner may speak of what was lost. */
  readonly excuseMs: number
  /** How old the picture may be from which a gateway refuses. */
  readonly pictureMsMax: number
  /** The bound of G10. */
  readonly freshWithinMs: number
  /** How far apart the clocks of two processes may be. */
  readonly clockSlackMs: number
}

/**
 * All checks of one run, and what each has to hear:
 *
 *     store: every change ---+--> books of all shards --> journal rules, owners          G1 G2 G4 G5 G6 G7 G8 G11 G12
 *     bus: every frame ------+--> what leaves a shard follows from its books             G3
 *     queue: every order ----+
 *     devices: asked, told --+--> requests, lines and places, sold out, fresh            G2 G4 G6 G7 G10
 *     end: gauges, provider -+--> nothing is left, money                                 G2 G8 G9
 */
export class RunChecks {
  readonly findings: Findings
  readonly books: LiveBooks
  readonly leaving: LeavingCheck
  readonly freshness: FreshnessCheck
  readonly soldOut: SoldOutCheck
  private readonly ownership: OwnershipCheck
  private readonly requests: RequestCheck
  private readonly line: LineCheck
  private readonly devices: CheckedDevice[] = []
  private readonly now: () => number
  private readonly bounds: RunBounds

  /** `now` is the true time, in ms since 1970. */
  constructor(now: () => number, bounds: RunBounds) {
    this.now = now
    this.bounds = bounds
    this.findings = new Findings(now)
    const { complain } = this.findings
    const { excuseMs, pictureMsMax, freshWithinMs, clockSlackMs } = bounds
    this.books = new LiveBooks({ now, complain, rules: journalRules, excuseMs })
    this.leaving = new LeavingCheck(this.books, complain)
    this.ownership = new OwnershipCheck(complain)
    this.requests = new RequestCheck(complain)
    this.line = new LineCheck({ complain, slackMs: clockSlackMs })
    this.soldOut = new SoldOutCheck({ books: this.books, complain, pictureMsMax })
    this.freshness = new FreshnessCheck({ books: this.books, complain, withinMs: freshWithinMs })
  }

  /** What the store has to be watched by. */
  readonly storeObserver: Required<StoreObserver> = {
    onApplied: (change) => {
      if (change.kind === 'claim') this.ownership.leased(change.shard, change.epoch, change.owner)
      if (change.kind !== 'open' && change.kind !== 'append') return
      this.books.applied(change.shard, change.position, change.bytes)
      this.ownership.applied(change.shard, change.position)
    },
    onLost: (lost) => this.lost(lost),
  }

  /** Every frame, in the moment in which its process hands it to the bus. */
  sent(process: string, subject: string, frame: Uint8Array): void {
    this.leaving.sent(process, subject, frame)
  }

  /** Every order, in the moment in which its shard's owner hands it to the queue. */
  queuePut(process: string, id: string, order: QueuedOrder): void {
    this.leaving.queuePut(process, id, order)
  }

  /** A device of a user, across all its connections. */
  device(
    name: string,
    { user, sku, holdTtlMs }: { readonly user: string; readonly sku: string; readonly holdTtlMs: number },
  ): CheckedDevice {
    const { requests, soldOut, now } = this
    const ear = this.line.device(user, sku, holdTtlMs)
    const device = new CheckedDevice({ name, user, sku, ear, requests, soldOut, now })
    this.devices.push(device)
    return device
  }

  /** Now and then: does everyone who is connected know what is so? */
  look(): void {
    this.freshness.look(
      this.devices.map((device) => device.listener),
      this.now(),
    )
  }

  /** When the faults have stopped and the quiet time is over. Replays are checked apart (replay-check.ts), for they take time. */
  atEnd(gauges: Iterable<Gauge>, provider: Iterable<ProviderRow>): void {
    const { books, devices } = this
    const { complain } = this.findings
    const pending = devices.flatMap((device) => [...device.pending()])
    checkEnd({ books, gauges, pending }, complain)
    checkMoney(books, provider, complain)
    this.requests.atEnd(books)
    this.look()
  }

  private lost(lost: readonly Applied[]): void {
    const seen = new Set<ShardName>()
    for (const change of lost) {
      if ((change.kind !== 'open' && change.kind !== 'append') || seen.has(change.shard)) continue
      seen.add(change.shard)
      const until = this.now() + this.bounds.excuseMs
      for (const { ledger } of this.books.of(change.shard).allSkus) this.line.lost(ledger.sku, until)
      this.books.lost(change.shard, change.position)
      this.ownership.lost(change.shard, change.position)
    }
  }
}
