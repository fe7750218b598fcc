import type { Complain } from './findings.ts'
import type { LiveBooks } from './live-books.ts'
import { liveStates, type SkuHistory } from './sku-history.ts'

/** Something that has to be empty, or no fuller than this, when nothing happens any more. */
export interface Gauge {
  readonly name: string
  readonly value: number
  readonly max: number
}

/** A call that was made, and whether it came to anything. */
export interface PendingCall {
  readonly who: string
  readonly what: string
}

/** When the faults have stopped and the quiet time is over: every hold and order has ended, nothing lies free while people wait (G2), and nothing is left over (G9). */
export function checkEnd(
  parts: { readonly books: LiveBooks; readonly gauges: Iterable<Gauge>; readonly pending: Iterable<PendingCall> },
  complain: Complain,
): void {
  for (const history of parts.books.allSkus()) checkSku(history, complain)
  for (const { name, value, max } of parts.gauges)
    if (value > max) complain('G9', `${name} is ${value} at the end; more than ${max} should not be left`)
  for (const { who, what } of parts.pending) complain('G9', `${who} never had an answer to ${what}`)
}

function checkSku({ ledger, marks, claims }: SkuHistory, complain: Complain): void {
  const { sku, phase, available, held, ordered } = ledger
  for (const [user, mine] of marks) {
    const last = mine.at(-1)
    if (last === undefined || last.state === 'away' || last.state === 'queued' || !liveStates.has(last.state)) continue
    // Nothing runs out while the sale is paused.
    if (phase !== 'paused' || last.state !== 'held') complain('G2', `${sku}: claim ${last.past.claim} of ${user} is still ${last.state}`)
  }
  const [head] = [...claims.values()].filter(({ leftAt }) => leftAt === Infinity)
  if (head === undefined || phase === 'paused') return
  const { claim, qty } = head
  if (phase === 'open' && qty <= available) complain('G2', `${sku}: ${available} units lie free, and claim ${claim} waits for ${qty}`)
  const freeable = available + held + ordered
  if (phase === 'closed' || qty > freeable) complain('G2', `${sku}: claim ${claim} waits for ${qty} units, and ${freeable} can come free`)
}

interface SoldOutParts {
  readonly books: LiveBooks
  readonly complain: Complain
  /** How old the picture may be from which a gateway refuses. */
  readonly pictureMsMax: number
}

/** Nobody is told that it is sold out for good while the units that they asked for are free or can come free (G2), whoever tells them. */
export class SoldOutCheck {
  checked = 0
  private readonly parts: SoldOutParts

  constructor(parts: SoldOutParts) {
    this.parts = parts
  }

  /** `askedAtMs`: when any call with this request id was first made, for a refusal is remembered. */
  told(refused: { readonly user: string; readonly sku: string; readonly qty: number; readonly askedAtMs: number }): void {
    const { books, complain, pictureMsMax } = this.parts
    this.checked++
    const { user, sku, qty, askedAtMs } = refused
    for (const { books: of, history } of books.explainingSku(sku)) {
      const span = { from: of.stepAtTime(askedAtMs - pictureMsMax), to: of.step }
      if (history.isOnceIn(span, ({ available, held, ordered }) => available + held + ordered < qty)) return
    }
    complain('G2', `${user} was told that ${sku} is sold out, while ${qty} units were free or could come free`)
  }
}
