import type { StockLedger } from '../journal/stock-ledger.ts'

/** What a `buy` of one unit came to at a time. `lobby`: a place in the draw; `open`: a hold or a place in line. */
export type SkuAnswer = 'NOT_OPEN' | 'lobby' | 'open' | 'PAUSED' | 'CLOSED' | 'SOLD_OUT' | 'LINE_FULL'

export interface SkuSpan {
  readonly answer: SkuAnswer
  readonly from: number
  /** Undefined for the last one. */
  to: number | undefined
}

/** A line that is full and not full by turns makes many; the oldest but the first go. */
const spansMax = 100

/** When one SKU answered what to people who came for the first time. */
export class SkuTimes {
  readonly spans: SkuSpan[] = []

  /** Looks at the books as they are behind a record of this time. */
  look(ledger: StockLedger, now: number): void {
    const answer = answerOf(ledger)
    const last = this.spans.at(-1)
    if (last?.answer === answer) return
    if (last !== undefined) last.to = now
    // Of several changes within one record only the last one was ever answered.
    if (last?.from === now) this.spans.pop()
    if (this.spans.length >= spansMax) this.spans.splice(1, 1)
    this.spans.push({ answer, from: now, to: undefined })
  }
}

function answerOf(ledger: StockLedger): SkuAnswer {
  const { phase, settings, units, sold, waiting, early } = ledger
  if (phase === 'scheduled') return settings.draw === undefined ? 'NOT_OPEN' : 'lobby'
  if (phase === 'paused') return 'PAUSED'
  if (phase === 'closed') return 'CLOSED'
  if (units - sold < 1) return 'SOLD_OUT'
  return waiting + early >= settings.lineMax ? 'LINE_FULL' : 'open'
}
