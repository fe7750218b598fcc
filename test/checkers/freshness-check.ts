import type { ClaimState } from '../../protocol/results.ts'
import type { Complain } from './findings.ts'
import type { LiveBooks } from './live-books.ts'
import { explainsClaim } from './said-claim.ts'
import { liveStates, type SkuHistory, type Span } from './sku-history.ts'
import { isLive } from './told-story.ts'

/** A device that listens, and what it was last told of one SKU. */
export interface Listener {
  readonly who: string
  readonly user: string
  readonly sku: string
  /** Undefined for nothing yet. */
  readonly told: ClaimState | undefined
  /** Since when it is connected without a fault on its way; undefined if it is not. */
  readonly connectedSince: number | undefined
}

interface FreshnessParts {
  readonly books: LiveBooks
  readonly complain: Complain
  /** The bound of the promise. */
  readonly withinMs: number
}

/**
 * Positions are fresh (G10): what a connected device was told last of a claim that is not at its end was true at some time in the last `withinMs`, and who
 * has had a claim for so long knows of it on every device. Looked at now and then; of each device only the first stale word is told, until it hears
 * something newer.
 */
export class FreshnessCheck {
  /** Words that were looked at. */
  checked = 0
  private readonly parts: FreshnessParts
  private readonly stale = new Map<string, ClaimState | undefined>()

  constructor(parts: FreshnessParts) {
    this.parts = parts
  }

  look(listeners: Iterable<Listener>, now: number): void {
    const { books, complain, withinMs } = this.parts
    for (const { who, user, sku, told, connectedSince } of listeners) {
      if (connectedSince === undefined || now - connectedSince < withinMs) continue
      const found = books.withSku(sku)
      if (found === undefined || (books.lostAtMs ?? -Infinity) > now - withinMs) continue
      this.checked++
      const span = { from: found.books.stepAtTime(now - withinMs), to: found.books.step }
      const problem = staleness(found.history, user, told, span)
      if (problem === undefined) this.stale.delete(who)
      else if (!this.stale.has(who) || this.stale.get(who) !== told) {
        this.stale.set(who, told)
        complain('G10', `${who} ${problem} ${withinMs} ms`)
      }
    }
  }
}

function staleness(history: SkuHistory, user: string, told: ClaimState | undefined, span: Span): string | undefined {
  if (told !== undefined && (isLive(told) || told.state === 'refunding' || told.state === 'lobby'))
    return explainsClaim(history, user, told, span) ? undefined : `was last told ${JSON.stringify(told)}, which has not been so for`
  const [first, ...others] = history.spansOf(user, span).map(({ mark }) => mark)
  const past = first?.past
  const hasHad = [first, ...others].every(
    (mark) => mark?.past === past && mark !== undefined && mark.state !== 'away' && liveStates.has(mark.state),
  )
  return past !== undefined && hasHad ? `knows nothing of claim ${past.claim}, which its user has had for` : undefined
}
