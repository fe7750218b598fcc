import { decodeClaim } from '../protocol/client/result-decoders.ts'
import { decodeMessage } from '../protocol/envelope.ts'
import type { AnswerView } from '../protocol/frame.ts'
import type { SkuId } from '../protocol/ids.ts'
import { Malformed } from '../protocol/msgpack-reader.ts'
import type { ClaimState } from '../protocol/results.ts'
import { Notification } from './notification.ts'

/** The event by which a user is told of a claim's state; none for a lobby, in which nothing happens until it ends. */
export function claimNotification(sku: SkuId, state: ClaimState, now: number): Notification | undefined {
  switch (state.state) {
    case 'queued':
      return new Notification('line', { sku, ticket: state.ticket, ahead: state.ahead, eta: state.eta, odds: state.odds })
    case 'held':
      return new Notification('held', { sku, hold: state.hold, qty: state.qty, expiresAt: state.expiresAt })
    case 'expired':
      return new Notification('expired', { sku })
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

/** Two states of one claim with the same signature are no news to whoever knows one of them; places in the line are told by themselves. */
export function claimSignature(state: ClaimState): string {
  return state.state === 'held' ? `held until ${state.expiresAt}` : state.state
}

/** The signature of a claim that can still become something else. */
export function isLiveSignature(signature: string): boolean {
  return signature.startsWith('held') || liveStates.has(signature)
}

/**
 * Whether this state of a claim came before the one that is known by its signature: a claim goes one way, and a report that was under way for long may
 * be older than what its user has been told since.
 */
export function isBefore(state: ClaimState, signature: string): boolean {
  return stageOf(state.state) < stageOf(signature.startsWith('held') ? 'held' : signature)
}

function stageOf(state: string): number {
  const stage = stages.indexOf(state)
  return state === '' ? -1 : stage < 0 ? stages.length : stage
}

const stages: readonly string[] = ['lobby', 'queued', 'held', 'pending', 'overdue', 'refunding'] satisfies readonly ClaimState['state'][]

const liveStates: ReadonlySet<string> = new Set<ClaimState['state']>(['queued', 'pending', 'overdue', 'refunding'])

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
