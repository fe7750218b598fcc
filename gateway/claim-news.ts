import { decodeClaim } from '../protocol/client/result-decoders.ts'
import { decodeMessage } from '../protocol/envelope.ts'
import type { AnswerView } from '../protocol/frame.ts'
import type { SkuId } from '../protocol/ids.ts'
import { Malformed } from '../protocol/msgpack-reader.ts'
import type { ClaimState, Events, Hold } from '../protocol/results.ts'
import { Notification } from './notification.ts'

/** The event by which a user is told of a claim's state; none for a lobby, in which nothing happens until it ends. */
export function claimNotification(sku: SkuId, state: ClaimState, now: number): Notification | undefined {
  switch (state.state) {
    case 'queued':
      return new Notification('line', { sku, ticket: state.ticket, ahead: state.ahead, eta: state.eta, odds: state.odds })
    case 'held':
      return new Notification('held', heldNews(sku, state))
    case 'expired':
      return new Notification('expired', state.reason === undefined ? { sku } : { sku, reason: state.reason })
    case 'soldout':
      return new Notification('soldout', { sku })
    case 'none':
      return new Notification('left', { sku })
    case 'lobby':
      return undefined
    default:
      return new Notification('order', { ...state, sku, updatedAt: now })
  }
}

function heldNews(sku: SkuId, { hold, qty, expiresAt, priceMinor }: Hold): Events['held'] {
  return { sku, hold, qty, expiresAt, ...(priceMinor === undefined ? {} : { priceMinor }) }
}

/** Two such states of one claim are no news to whoever knows one of them; places in the line are told by themselves. */
export function isSameNews(state: ClaimState, known: ClaimState | undefined): boolean {
  if (state.state === 'held' && known?.state === 'held') return state.expiresAt === known.expiresAt && state.priceMinor === known.priceMinor
  if (state.state === 'paid' && known?.state === 'paid') return state.refundedMinor === known.refundedMinor
  return state.state === known?.state
}

/** The claim can still become something else. */
export function isLive({ state }: ClaimState): boolean {
  return stages.includes(state)
}

/**
 * Whether this state of a claim came before the one that is known: a claim goes one way, and a report that was under way for long may be older than what
 * its user has been told since.
 */
export function isBefore(state: ClaimState, known: ClaimState | undefined): boolean {
  return known !== undefined && stageOf(state) < stageOf(known)
}

/** The known state of a claim, whose user was shown the place `aheadShown`, if it is newer than this one: places are served, and deadlines only move away. */
export function newerOf(known: ClaimState, aheadShown: number, state: ClaimState): ClaimState | undefined {
  if (isBefore(state, known)) return known
  if (known.state === 'held' && state.state === 'held') return known.expiresAt > state.expiresAt ? known : undefined
  if (known.state === 'queued' && state.state === 'queued') return aheadShown < state.ahead ? { ...state, ahead: aheadShown } : undefined
  return undefined
}

function stageOf({ state }: ClaimState): number {
  const stage = stages.indexOf(state)
  return stage < 0 ? stages.length : stage
}

const stages: readonly string[] = ['lobby', 'queued', 'held', 'pending', 'overdue', 'refunding'] satisfies readonly ClaimState['state'][]

/** The state in a shard's answer to a user's call; undefined if it is none. */
export function claimStateIn(answer: AnswerView): ClaimState | undefined {
  try {
    const message = decodeMessage(answer.frame, answer.from, answer.to)
    return message.kind === 'response' && message.error === null ? decodeClaim(message.result) : undefined
  } catch (error) {
    if (error instanceof Malformed) return undefined
    throw error
  }
}
