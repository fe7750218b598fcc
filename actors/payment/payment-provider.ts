/**
 * Where money moves. Every call may be repeated with the same key and has the effect of one: that is what keeps a worker that died between two
 * steps from charging twice (G8). A rejected promise says no more than `unknown`.
 */
export interface PaymentProvider {
  /** Takes the money, or says what became of the first charge under this key. */
  charge(charge: Charge, idempotencyKey: string): Promise<ChargeOutcome>
  /** What became of the charge under this key; `absent` if the provider never saw it, so that it can be made. */
  query(idempotencyKey: string): Promise<ChargeOutcome | 'absent'>
  /** Gives back what the charge under this key took; `absent` if it took nothing. */
  refund(charge: Charge, idempotencyKey: string): Promise<'refunded' | 'absent' | 'unknown'>
}

export interface Charge {
  readonly amountMinor: number
  readonly currency: string
  /** The buyer's payment token, opaque to Sluice. */
  readonly payment: string
}

/**
 * `unknown`: it may or may not have happened, or is not decided yet; ask again. What was given back since counts as `declined`: whoever has forgotten that,
 * as after a loss of the journal's newest records, must not hand out units for it.
 */
export type ChargeOutcome = 'paid' | 'declined' | 'unknown'
