import { hashText } from '../../protocol/hash.ts'
import type { BookedClaim, LedgerState } from './ledger-claim.ts'
import type { StockSettings } from './stock-events.ts'
import { type SkuEvent, StockLedger } from './stock-ledger.ts'

/** A claim that came to another state by an event; `from` is undefined for a new one, and `unknown` where the SKU's beginning is not in the journal any more. */
export interface Move {
  readonly user: string
  readonly claim: number
  readonly qty: number
  readonly from: LedgerState | 'unknown' | undefined
  readonly to: LedgerState
}

/**
 * Knows whose an event of one SKU is, which the journal does not always say: a grant only counts the first in line. Where the beginning of the SKU is past
 * the archive's time the line is not known, and then only those are named whom the kept part of the journal names.
 */
export class SkuTrail {
  /** Empty for a SKU of which only the number is known. */
  readonly sku: string
  /** Undefined where the SKU's beginning is not in the journal any more. */
  ledger: StockLedger | undefined
  private readonly known = new Map<number, Known>()
  private readonly byHash = new Map<number, string>()
  private moves: Move[] = []
  private lastClaim = 0

  constructor(sku: string, settings?: StockSettings) {
    this.sku = sku
    if (settings === undefined) return
    // Whether it adds up is for the audit to say.
    this.ledger = new StockLedger(settings, () => {})
    this.ledger.watch = { moved: (claim, from) => this.moved(claim, from), took: () => {} }
  }

  /** What the event did to whose claim, in order. */
  take(event: SkuEvent, now: number): readonly Move[] {
    if (isBeginning(event)) {
      if (event.claim !== this.lastClaim + 1) this.ledger = undefined
      this.lastClaim = event.claim
      this.known.set(event.claim, event)
      this.byHash.set(hashText(event.user), event.user)
    }
    if (event.kind === 'seated') this.lastClaim += event.claims.length
    if (this.ledger === undefined) return this.named(event)
    this.moves = []
    this.ledger.take(event, now)
    return this.moves
  }

  /** Everyone whom the event concerns. */
  usersOf(event: SkuEvent, moves: readonly Move[]): readonly string[] {
    if (moves.length > 0) return moves.length === 1 ? moves.map(({ user }) => user) : [...new Set(moves.map(({ user }) => user))]
    if ('user' in event) return [event.user]
    const user =
      'claim' in event ? this.known.get(event.claim)?.user : event.kind === 'answered' ? this.byHash.get(event.userHash) : undefined
    return user === undefined ? [] : [user]
  }

  /** What the event says by itself of a claim whose beginning is known. */
  private named(event: SkuEvent): readonly Move[] {
    const to = stateIn(event)
    if (to === undefined || !('claim' in event)) return []
    const known = this.known.get(event.claim)
    if (known === undefined) return []
    return [{ user: known.user, claim: event.claim, qty: known.qty, from: isBeginning(event) ? undefined : 'unknown', to }]
  }

  private moved({ user, claim, qty, state }: BookedClaim, from: LedgerState | undefined): void {
    if (from === undefined) this.known.set(claim, { user, qty })
    this.moves.push({ user, claim, qty, from, to: state })
  }
}

interface Known {
  readonly user: string
  readonly qty: number
}

function stateIn(event: SkuEvent): LedgerState | undefined {
  switch (event.kind) {
    case 'held':
    case 'queued':
    case 'left':
    case 'expired':
    case 'absent':
      return event.kind
    case 'lobbied':
      return 'lobby'
    case 'ordered':
      return 'pending'
    case 'settled':
      return event.outcome
    default:
      return undefined
  }
}

type Beginning = Extract<SkuEvent, { readonly kind: 'held' | 'queued' | 'lobbied' }>

function isBeginning(event: SkuEvent): event is Beginning {
  return event.kind === 'held' || event.kind === 'queued' || event.kind === 'lobbied'
}
