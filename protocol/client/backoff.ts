/** How long to wait before attempt after attempt: at most `baseMs` before the first, doubling up to `capMs`. */
export interface Backoff {
  readonly baseMs: number
  readonly capMs: number
}

/** Thousands lose a server at the same moment, so the base is what spreads them and the cap is what they wait at most for it to return. */
export const reconnectBackoff: Backoff = { baseMs: 500, capMs: 15_000 }

/** Before a call with an unknown outcome is repeated on a connection that stands. */
export const repeatBackoff: Backoff = { baseMs: 150, capMs: 3_000 }

/**
 * Full jitter: anywhere between nothing and the doubled bound, so that callers who failed together do not come back together.
 * `attempt` counts from 0; `random` is from 0 to 1. Source: M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
 */
export function backoffMs(backoff: Backoff, attempt: number, random: number): number {
  // 2 ** 30 bases are beyond any cap; larger exponents would only overflow.
  return Math.floor(random * Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(attempt, 30)))
}

/** A server that names a time means "not before": up to half of it again is added on top. */
export function jitteredAfterMs(retryAfterMs: number, random: number): number {
  return Math.ceil(retryAfterMs * (1 + random / 2))
}
