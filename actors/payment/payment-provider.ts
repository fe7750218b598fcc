/**
 * Where money moves. Every call may be repeated with the same key and has the effect of one: that is what keeps a worker that died between two
 * steps from charging twice (G8). A rejected promise says no more than `unknown`.
 */
export interface PaymentProvider {
  /** Takes the money, or says what became of the first charge under this key. */
  charge(charge: Charge, idempotencyKey: string): Promise<ChargeOutcome>
  /** What became of the charge under this key; `absent` if the provider never saw it, so that it can be made. */
  query(idempotencyKey: string): Promise<ChargeOutcome | 'absent'>
  /**
   * From now on nothing is taken under this key: says what became of the charge, once that is decided, and `declined` if there is none, as it then does of every
   * charge that comes after all.
   */
  closeCharge(idempotencyKey: string): Promise<ChargeOutcome>
  /** Gives money back, or says what became of the first refund under this key, which is a key of its own. */
  refund(refund: Refund, idempotencyKey: string): Promise<RefundOutcome>
}

export interface Charge {
  readonly amountMinor: number
  readonly currency: string
  /** The buyer's payment token, opaque to Sluice. */
  readonly payment: string
}

/** The whole of a charge, or a part of it. */
export interface Refund {
  /** The key of the charge. */
  readonly charge: string
  readonly amountMinor: number
  readonly currency: string
}

/**
 * `unknown`: it may or may not have happened, or is not decided yet; ask again. What was given back as a whole counts as `declined`: whoever has forgotten
 * that, as after a loss of the journal's newest records, must not hand out units for it.
 */
export type ChargeOutcome = 'paid' | 'declined' | 'unknown'

/** `absent`: the charge took nothing that could go back. `refused`: less than this is left of it, or the provider does not give it back; asking again changes nothing. */
export type RefundOutcome = 'refunded' | 'absent' | 'refused' | 'unknown'
