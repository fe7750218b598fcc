import { mix32 } from '../../protocol/hash.ts'
import type { OrderId } from '../../protocol/ids.ts'
import type { RefundState } from '../../protocol/results.ts'

/** Refunds of one SKU that are on their way at a time; one more is `BUSY`. */
export const openRefundsMax = 1_000
/** Refunds that have ended and are remembered, so that their requests can be repeated; the oldest go first. */
export const endedRefundsMax = 10_000

/** Refunds of one order that are told of it; the latest. */
export const toldRefundsMax = 100

/** Money that an operator gives back of a paid order: the whole, or a part. */
export interface Refund {
  readonly claim: number
  readonly order: OrderId
  readonly user: string
  /** Of the order. */
  readonly qty: number
  readonly orderMinor: number
  readonly orderTag: number
  /** Of this refund. */
  readonly amountMinor: number
  readonly requestHi: number
  readonly requestLo: number
  readonly state: RefundState
  /** What has gone back of the order when this refund had ended, itself included. */
  readonly refundedMinor: number
  readonly updatedAt: number
}

/** The refunds of one SKU by their keys, in the order in which they began. Those that are open, or done and not told to the user's session, are in the outbox. */
export class Refunds {
  /** A hash over all that ever happened here; 0 where nothing has. */
  digest = 0
  private readonly byKey = new Map<string, Refund>()
  private readonly pending = new Set<string>()

  find(key: string): Refund | undefined {
    return this.byKey.get(key)
  }

  /** The latest {@link toldRefundsMax} of an order. */
  of(order: OrderId): readonly Refund[] {
    return Array.from(this.byKey.values())
      .filter((refund) => refund.order === order)
      .slice(-toldRefundsMax)
  }

  /** Those that somebody has to do something for. */
  *inOutbox(): Generator<Refund> {
    for (const key of this.pending) {
      const refund = this.byKey.get(key)
      if (refund !== undefined) yield refund
    }
  }

  isInOutbox(key: string): boolean {
    return this.pending.has(key)
  }

  get outboxSize(): number {
    return this.pending.size
  }

  /** Begins a refund, or takes it on. */
  put(refund: Refund): void {
    const key = refundKey(refund)
    this.byKey.set(key, refund)
    if (refund.state === 'refused') this.pending.delete(key)
    else this.pending.add(key)
    this.digest =
      mix32(Math.imul(this.digest, 31) ^ refund.claim ^ refund.requestHi ^ (stateNumbers[refund.state] << 24) ^ refund.amountMinor) || 1
    this.dropOld()
  }

  /** A pseudonym takes the place of a user. */
  rename(isWanted: (user: string) => boolean, pseudonym: string): void {
    for (const [key, refund] of this.byKey) if (isWanted(refund.user)) this.byKey.set(key, { ...refund, user: pseudonym })
  }

  /** The user's session knows of it. */
  told(key: string): void {
    this.pending.delete(key)
    this.digest = mix32(this.digest ^ key.length) || 1
  }

  save(): SavedRefunds {
    return { digest: this.digest, all: [...this.byKey.values()], pending: [...this.pending] }
  }

  restore({ digest, all, pending }: SavedRefunds): void {
    for (const refund of all) this.byKey.set(refundKey(refund), refund)
    for (const key of pending) this.pending.add(key)
    this.digest = digest
  }

  private dropOld(): void {
    for (const key of this.byKey.keys()) {
      if (this.byKey.size - this.pending.size <= endedRefundsMax) return
      if (!this.pending.has(key)) this.byKey.delete(key)
    }
  }
}

const stateNumbers: Readonly<Record<RefundState, number>> = { open: 1, done: 2, refused: 3 }

export interface SavedRefunds {
  readonly digest: number
  readonly all: readonly Refund[]
  readonly pending: readonly string[]
}

/**
 * By which a refund is known here and to the provider: it follows from the request, so that one whose beginning a store has lost is the same when it is asked for
 * again.
 */
export function refundKey({ order, requestHi, requestLo }: Pick<Refund, 'order' | 'requestHi' | 'requestLo'>): string {
  return `${order}${refundMark}${requestHi.toString(36)}-${requestLo.toString(36)}`
}

/** Stands in a refund's key behind the order. */
export const refundMark = '/refund/'
