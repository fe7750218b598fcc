import {
  eachOfRuns,
  type Runs,
  type ShardBroadcast,
  type ShardView,
  type SkuChange,
  type SkuNumbers,
  type SkuView,
} from '../../protocol/broadcast.ts'
import type { ShardBooks } from './shard-books.ts'
import type { Moment, SkuHistory, Span } from './sku-history.ts'

type Numbers = Pick<SkuNumbers, 'phase' | 'available' | 'held' | 'ordered' | 'sold' | 'waiting'>

export function isWhere(moment: Moment, said: Numbers): boolean {
  return (
    moment.phase === said.phase &&
    moment.available === said.available &&
    moment.held === said.held &&
    moment.ordered === said.ordered &&
    moment.sold === said.sold &&
    moment.waiting === said.waiting
  )
}

/** What of a broadcast does not follow from the durable records up to the one that it names; undefined if all does. */
export function broadcastProblem(books: ShardBooks, said: ShardBroadcast): string | undefined {
  const { epoch, fromSeq, toSeq } = said
  const record = books.record({ epoch, seq: toSeq })
  if (record === undefined) return `speaks of record ${epoch}-${toSeq}, which is not durable`
  const from = books.record({ epoch, seq: fromSeq })
  if (from === undefined) return `goes on from record ${epoch}-${fromSeq}, which is not durable`
  const span = { from: from.step, to: record.step }
  const changes = new Map<string, SkuChange>(said.skus.map((change) => [change.sku, change]))
  for (const history of books.allSkus) {
    const { sku } = history.ledger
    const moment = history.momentAt(span.to)
    const change = changes.get(sku)
    changes.delete(sku)
    if (moment === undefined) {
      if (change !== undefined) return `knows ${sku} before it was made`
    } else if (change === undefined) {
      const before = history.momentAt(span.from)
      const moved = runsBetween(history.changed, span).length + joinedBetween(history, span).length
      if (before === undefined || !isWhere(before, moment) || moved > 0) return `says nothing of ${sku}, which has changed`
    } else {
      if (!isWhere(moment, change)) return `says ${textOf(change)} of ${sku}; by record ${epoch}-${toSeq} it is ${textOf(moment)}`
      if (change.buyers !== undefined && change.buyers.length !== moment.buyers * 4)
        return `names other than the ${moment.buyers} buyers of ${sku}`
      const joined = runsProblem(change.joined, joinedBetween(history, span), (claim) => (history.claims.get(claim)?.lineAt ?? -1) >= 0)
      const left = runsProblem(
        change.left,
        runsBetween(history.left, span),
        (claim) => (history.claims.get(claim)?.leftAt ?? Infinity) <= span.to,
      )
      const changed = runsProblem(change.changed, runsBetween(history.changed, span), (claim) => history.claims.has(claim))
      const problem = joined ?? left ?? changed
      if (problem !== undefined) return `${problem} of ${sku} among those that joined, left or changed`
    }
  }
  const [unknown] = changes.keys()
  return unknown === undefined ? undefined : `speaks of ${unknown}, which does not exist`
}

/** The same of the answer to `op.view`, which was made somewhere between the record that it names and the one after, in the span. */
export function viewProblem(books: ShardBooks, said: ShardView, span: Span): string | undefined {
  const { epoch, seq } = said
  const record = books.record({ epoch, seq })
  if (record === undefined) return `speaks of record ${epoch}-${seq}, which is not durable`
  const during = {
    from: Math.max(span.from, record.step),
    to: Math.min(span.to, books.record({ epoch, seq: seq + 1 })?.step ?? record.step),
  }
  if (during.from > during.to) return `is of record ${epoch}-${seq}, and was older than the question`
  const views = new Map<string, SkuView>(said.skus.map((view) => [view.sku, view]))
  for (const history of books.allSkus) {
    const { sku } = history.ledger
    const view = views.get(sku)
    if (view === undefined) {
      if (history.begunAt <= during.from) return `leaves out ${sku}`
      continue
    }
    if (!history.isOnceIn(during, (moment) => isWhere(moment, view) && isSameLine(history.lineAt(moment.step), view)))
      return `says ${textOf(view)} of ${sku}, which it never was between record ${epoch}-${seq} and the next, or another line`
  }
  return undefined
}

function isSameLine(line: readonly number[], { lineFrom, lineEnd, line: bits }: SkuView): boolean {
  let set = 0
  for (const byte of bits) for (let rest = byte; rest > 0; rest &= rest - 1) set++
  const isSet = (claim: number): boolean => (((bits[(claim - lineFrom) >>> 3] ?? 0) >>> ((claim - lineFrom) & 7)) & 1) === 1
  return set === line.length && line.every((claim) => claim >= lineFrom && claim < lineEnd && isSet(claim))
}

/** What is said must have happened at some time, and what has happened in this span must be said. */
function runsProblem(runs: Runs, needed: readonly number[], happened: (claim: number) => boolean): string | undefined {
  const said = new Set<number>()
  eachOfRuns(runs, (claim) => said.add(claim))
  const missing = needed.find((claim) => !said.has(claim))
  if (missing !== undefined) return `leaves out claim ${missing}`
  for (const claim of said) if (!happened(claim)) return `names claim ${claim}`
  return undefined
}

function runsBetween(steps: readonly { readonly step: number; readonly claim: number }[], { from, to }: Span): number[] {
  const claims: number[] = []
  for (let i = steps.length - 1; i >= 0; i--) {
    const one = steps[i]
    if (one === undefined || one.step <= from) break
    if (one.step <= to) claims.push(one.claim)
  }
  return claims
}

function joinedBetween({ line }: SkuHistory, span: Span): number[] {
  const claims: number[] = []
  for (let i = line.length - 1; i >= 0; i--) {
    const ticket = line[i]
    if (ticket === undefined || ticket.joinedAt <= span.from) break
    if (ticket.joinedAt <= span.to) claims.push(ticket.claim)
  }
  return claims
}

function textOf({ phase, available, held, ordered, sold, waiting }: Numbers): string {
  return `${phase} ${available}/${held}/${ordered}/${sold} with ${waiting} waiting`
}
