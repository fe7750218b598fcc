import type { Code } from '../../protocol/codes.ts'
import type { ClaimState } from '../../protocol/results.ts'
import type { PendingCall, SoldOutCheck } from './final-check.ts'
import type { Listener } from './freshness-check.ts'
import type { DeviceEar } from './line-check.ts'
import type { RequestCheck } from './request-check.ts'

export type Asks = 'buy' | 'leave' | 'checkout' | 'claim'

interface CheckedDeviceParts {
  readonly name: string
  readonly user: string
  readonly sku: string
  readonly ear: DeviceEar
  readonly requests: RequestCheck
  readonly soldOut: SoldOutCheck
  readonly now: () => number
}

/** One device of one user at one SKU: says what it asks for and what it hears, and every check that this concerns is told. */
export class CheckedDevice {
  /** Since when it is connected and nothing befell its way; undefined while it is not. */
  connectedSince: number | undefined
  private readonly parts: CheckedDeviceParts
  private readonly underWay = new Map<number, string>()
  private readonly firstAskedAt = new Map<string, number>()
  private calls = 0

  constructor(parts: CheckedDeviceParts) {
    this.parts = parts
  }

  /** A call is about to leave, for the first time or once more. */
  asks(what: Asks, call: { readonly requestId?: string; readonly qty?: number } = {}): AskedCall {
    const { ear, requests, soldOut, user, sku, now } = this.parts
    const { requestId, qty = 1 } = call
    const number = ++this.calls
    this.underWay.set(number, requestId === undefined ? what : `${what} of ${requestId}`)
    if (requestId !== undefined) requests.asks(user, sku, requestId)
    const askedAtMs = this.firstAsked(requestId)
    const served = ear.asks(what)
    return {
      answered: (claim) => {
        this.underWay.delete(number)
        ear.told(claim, now(), served)
        if (requestId !== undefined) requests.told(user, sku, requestId, claim)
      },
      refused: (code) => {
        this.underWay.delete(number)
        if (requestId !== undefined) requests.told(user, sku, requestId, code)
        if (code === 'SOLD_OUT') soldOut.told({ user, sku, qty, askedAtMs })
      },
    }
  }

  /** Something came that was not asked for. */
  told(claim: ClaimState): void {
    this.parts.ear.told(claim, this.parts.now())
  }

  /** What it knows. */
  get last(): ClaimState {
    return this.parts.ear.story.last
  }

  get listener(): Listener {
    const { name, user, sku } = this.parts
    return { who: name, user, sku, told: this.last, connectedSince: this.connectedSince }
  }

  *pending(): Generator<PendingCall> {
    for (const what of this.underWay.values()) yield { who: this.parts.name, what }
  }

  /** When any call with this request id was first made by this device. */
  private firstAsked(requestId: string | undefined): number {
    const now = this.parts.now()
    if (requestId === undefined) return now
    const first = this.firstAskedAt.get(requestId) ?? now
    this.firstAskedAt.set(requestId, first)
    return first
  }
}

/** A call that has left; ends once. */
export interface AskedCall {
  answered(claim: ClaimState): void
  refused(code: Code): void
}
