import { z } from 'zod'
import { decodeInner, decodePlain } from '../../cluster/call-codec.ts'
import type { ShardView } from '../../protocol/broadcast.ts'
import { decodeLine } from '../../protocol/client/operator-calls.ts'
import {
  decodeClaim,
  decodeDrawInfo,
  decodeFoundOrder,
  decodeOrderClaim,
  decodeOrders,
  decodeSkuStatus,
} from '../../protocol/client/result-decoders.ts'
import { op } from '../../protocol/entry.ts'
import { parseOrderId } from '../../protocol/ids.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Plain } from '../../protocol/msgpack-writer.ts'
import type { ReserveRequest } from '../../protocol/reservation.ts'
import type { ClaimState, FoundOrder, Order, SkuStatus } from '../../protocol/results.ts'
import type { AskedCommand } from './asked-commands.ts'
import { explainsClaim, explainsLeft, explainsOrder, wasLeft } from './said-claim.ts'
import { erasedProblem, explainsActive } from './said-erasure.ts'
import { isWhere, viewProblem } from './said-numbers.ts'
import { explainsRefusal } from './said-refusal.ts'
import type { ShardBooks } from './shard-books.ts'
import type { OrderName, SkuHistory, Span } from './sku-history.ts'

/** One claim as gateways ask for it. */
interface ClaimReport {
  readonly sku: string
  readonly claim: number
  readonly user: string
  readonly state: ClaimState
}

const reservedSchema = z.object({ number: z.int(), qty: z.int() })

/** What of an answer does not follow from the durable books at any time since its question was asked; undefined if all does. */
export function answerProblem(books: ShardBooks, asked: AskedCommand, answer: Uint8Array): string | undefined {
  const span = { from: books.stepAtTick(asked.tick), to: books.step }
  switch (asked.op) {
    case op.view: {
      const { error, result } = decodeInner<ShardView>(answer)
      return error === null ? viewProblem(books, result, span) : refusalProblem(books, asked, error.code)
    }
    case op.claimsByNumber:
    case op.claimsOfUser: {
      const { error, result } = decodeInner<readonly ClaimReport[]>(answer)
      return error === null ? reportsProblem(books, asked, result, span) : refusalProblem(books, asked, error.code)
    }
    default: {
      const { error, result } = decodePlain<Plain>(answer)
      return error === null ? resultProblem(books, asked, result, span) : refusalProblem(books, asked, error.code)
    }
  }
}

/** A refusal is remembered and given again to the same request, so it may be as old as the first of its copies. */
function refusalProblem(books: ShardBooks, asked: AskedCommand, code: Parameters<typeof explainsRefusal>[2]): string | undefined {
  const span = { from: books.stepAtTick(asked.requestTick), to: books.step }
  if (code === 'USER_ACTIVE' && explainsActive(books, asked, span)) return undefined
  return explainsRefusal(books.sku(skuOf(asked)), asked, code, span) ? undefined : `was refused with ${code}, for which there was no reason`
}

function resultProblem(books: ShardBooks, asked: AskedCommand, result: Plain, span: Span): string | undefined {
  if (asked.op === op.userErase) return erasedProblem(books, asked, span)
  if (asked.shard.startsWith('ses.')) return sessionProblem(books, asked, result, span)
  if (asked.op === op.delivered) return undefined
  const history = books.sku(skuOf(asked))
  if (asked.op === op.settle && isNeverOrdered(result) && (history === undefined || span.from < history.begunAt)) return undefined
  if (history === undefined) return `was answered for ${skuOf(asked)}, which does not exist`
  return inventoryProblem(history, asked, result, span)
}

function inventoryProblem(history: SkuHistory, asked: AskedCommand, result: Plain, span: Span): string | undefined {
  const { user } = asked
  switch (asked.op) {
    case op.buy:
    case op.reservedBuy: {
      const said = decodeClaim(result)
      // Who asks for units has something then, or is told of a claim that the same request began and that was left.
      const isExplained = said.state === 'none' ? wasLeft(history, user, span) : explainsClaim(history, user, said, span)
      return isExplained ? undefined : unexplained(said)
    }
    case op.claim:
    case op.checkout:
    case op.orderGet:
    case op.orderCancel: {
      const said = decodeClaim(result)
      return explainsClaim(history, user, said, span) ? undefined : unexplained(said)
    }
    case op.leave: {
      const said = decodeClaim(result)
      const isExplained = said.state === 'none' ? explainsLeft(history, user, span) : explainsClaim(history, user, said, span)
      return isExplained ? undefined : unexplained(said)
    }
    case op.orderFind:
    case op.orderRefund:
      return foundProblem(history, decodeFoundOrder(result), span)
    case op.settle: {
      const { refund, ...name } = unpackInner<OrderName & { readonly refund?: string }>(asked.payload)
      if (refund !== undefined) return undefined
      if (isNeverOrdered(result))
        return history.findOrder(name, span.from) === undefined ? undefined : 'was told that an order never was, which is durable'
      const said = decodeOrderClaim(result)
      const owner = history.claims.get(name.claim)?.user ?? ''
      return explainsOrder(history, owner, said, span) ? undefined : unexplained(said)
    }
    case op.restock:
      if (asked.request !== undefined && !history.restocks.has(asked.request)) return 'was told that its units are in, and they are not'
      return statusProblem(history, decodeSkuStatus(result), span)
    case op.drawBeacon: {
      // One value, if any, and the one that stands.
      const { value } = unpackInner<{ readonly value: string }>(asked.payload)
      return decodeDrawInfo(result).beaconValue === value && history.beaconValue === value ? undefined : unexplained(result)
    }
    case op.status:
    case op.configure:
    case op.setPhase:
      return statusProblem(history, decodeSkuStatus(result), span)
    case op.lineList:
      return lineProblem(history, result, span)
    default:
      return undefined
  }
}

/** An order with its refunds, of which each was so at some time of the span. */
function foundProblem(history: SkuHistory, said: FoundOrder, span: Span): string | undefined {
  const claim = parseOrderId(said.order)?.claim ?? 0
  const past = history.claims.get(claim)
  if (past?.user !== history.named(said.user) || past.qty !== said.qty) return unexplained(said)
  const refunds = [...history.refunds.values()].filter((one) => one.claim === claim && one.begunAt <= span.to)
  const isKnown = said.refunds.every(({ amountMinor }) => refunds.some((one) => one.amountMinor === amountMinor))
  return isKnown ? undefined : unexplained(said)
}

/** What a payment is told whose order the store has lost: a state without an order. */
function isNeverOrdered(result: Plain): boolean {
  return JSON.stringify(result) === '{"state":"cancelled"}'
}

function statusProblem(history: SkuHistory, said: SkuStatus, span: Span): string | undefined {
  const isExplained = history.isOnceIn(span, (moment) => isWhere(moment, { ...said, phase: said.state }))
  return isExplained ? undefined : unexplained(said)
}

function lineProblem(history: SkuHistory, result: Plain, span: Span): string | undefined {
  const wrong = decodeLine(result).find(({ ticket, user, ahead }) => {
    return !explainsClaim(history, user, { state: 'queued', ticket, ahead, eta: null, odds: 'likely' }, span)
  })
  return wrong === undefined ? undefined : unexplained(wrong)
}

function reportsProblem(books: ShardBooks, asked: AskedCommand, reports: readonly ClaimReport[], span: Span): string | undefined {
  for (const report of reports) {
    const history = books.sku(report.sku)
    const user = history?.named(report.user) ?? report.user
    if (history?.claims.get(report.claim)?.user !== user) return `was told of ${report.user}'s claim ${report.claim}, which does not exist`
    if (!explainsClaim(history, user, report.state, span)) return unexplained(report)
  }
  if (asked.op !== op.claimsOfUser) return undefined
  const told = new Set(reports.map((report) => report.sku))
  for (const history of books.allSkus) {
    const { sku } = history.ledger
    const hadNothing = history.spansOf(asked.user, span).some(({ mark }) => mark === undefined || mark.state === 'away')
    if (!told.has(sku) && !hadNothing) return `was not told of the claim of ${sku}`
  }
  return undefined
}

function sessionProblem(
  { sessions }: ShardBooks,
  { op: asks, user, payload }: AskedCommand,
  result: Plain,
  span: Span,
): string | undefined {
  switch (asks) {
    case op.attach:
    case op.detach: {
      const { gateway } = unpackInner<{ readonly gateway: string }>(payload)
      return sessions.wasAttached(user, gateway, asks === op.attach, span) ? undefined : 'is said to be done, and is not durable'
    }
    case op.orderNews: {
      const news = unpackInner<Order>(payload)
      // Of a paid order that was given back the news may overtake each other.
      const isKnown = sessions
        .ordersOf(user, span.to)
        .some(({ order, state, updatedAt }) => order === news.order && (state === news.state || updatedAt > news.updatedAt))
      return isKnown ? undefined : `is said to be kept, and is not durable: ${news.order} ${news.state}`
    }
    case op.reserve: {
      const { sku, sale, qty, limit } = unpackInner<ReserveRequest>(payload)
      const { number } = reservedSchema.parse(result)
      const { reservations } = sessions
      const isExplained = number === 0 ? reservations.mostIn(user, sale, span) + qty > limit : reservations.knows(user, sku, number)
      return isExplained ? undefined : unexplained(result)
    }
    case op.orderList: {
      const known = sessions.ordersOf(user, span.to, span.from)
      const invented = decodeOrders(result).find((said) => !known.some(({ order, state }) => order === said.order && state === said.state))
      return invented === undefined ? undefined : unexplained(invented)
    }
    default:
      return undefined
  }
}

function skuOf({ op: asks, sku, payload }: AskedCommand): string {
  if (asks !== op.configure) return sku
  return unpackInner<{ readonly settings: { readonly sku: string } }>(payload).settings.sku
}

function unexplained(said: unknown): string {
  return `was told what the durable books never were since it asked: ${JSON.stringify(said)}`
}
