import { codeTable, type Refusal } from '../codes.ts'
import { backoffMs, jitteredAfterMs, repeatBackoff } from './backoff.ts'

/** What is to become of a call that was refused. */
export type CallFate =
  | { readonly kind: 'reject'; readonly refusal: Refusal }
  | { readonly kind: 'repeat'; readonly afterMs: number }
  /** The token may have run out: connect again, with a fresh one, and repeat. */
  | { readonly kind: 'renew' }

export interface RefusedCall {
  readonly refusal: Refusal
  /** Repeating it cannot do its work twice. */
  readonly repeatable: boolean
  /** The caller wants `BUSY` and `RATE_LIMITED` to be waited out. */
  readonly patient: boolean
  /** A fresh token can be had, and has not yet been tried for this call. */
  readonly renewable: boolean
  /** An earlier try may have done its work, so that "nothing was done" is true of this try only. */
  readonly inDoubt: boolean
  /** Refusals of this call so far that led to a repeat. */
  readonly repeats: number
  /** ms until its deadline. */
  readonly leftMs: number
}

/**
 * Only a fact about the moment is waited out: a full limit, or an outcome that nobody knows. `NOT_OPEN`, `PAUSED` and `LINE_FULL` may
 * change too, but when to try those again is for people to decide.
 */
export function fateOfRefused(call: RefusedCall, random: number): CallFate {
  const { refusal } = call
  if (refusal.code === 'UNAUTHORIZED' && call.renewable) return { kind: 'renew' }
  const full = refusal.code === 'BUSY' || refusal.code === 'RATE_LIMITED'
  const unknown = codeTable[refusal.code].retry === 'unknown'
  if (!full && !unknown) return { kind: 'reject', refusal }
  const wanted = full ? call.patient : call.repeatable
  const afterMs =
    refusal.retryAfterMs === undefined
      ? backoffMs(repeatBackoff, call.repeats, random)
      : jitteredAfterMs(Math.max(0, refusal.retryAfterMs), random)
  if (wanted && afterMs < call.leftMs) return { kind: 'repeat', afterMs }
  return { kind: 'reject', refusal: call.inDoubt || (unknown && wanted) ? outOfTime(refusal.message) : refusal }
}

/** The deadline is over and the outcome unknown. */
export function outOfTime(last: string): Refusal {
  return { code: 'TIMEOUT', message: `${codeTable.TIMEOUT.text} Last heard: ${last}` }
}
