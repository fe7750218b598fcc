import type { ReadEvent } from '../../ops/journal/journal-records.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Order } from '../../protocol/results.ts'
import { ReservationHistory } from './reservation-history.ts'
import type { Span, Steps } from './sku-history.ts'

type SessionStep =
  | { readonly step: number; readonly kind: 'attached' | 'detached'; readonly gateway: string }
  | { readonly step: number; readonly kind: 'erased' }
  | { readonly step: number; readonly kind: 'ordered'; readonly order: Order }

const kinds = new Map([
  [32, 'attached'],
  [33, 'detached'],
  [34, 'ordered'],
  [40, 'erased'],
  [48, 'reserved'],
  [49, 'reported'],
] as const)
const kindNumbers: ReadonlyMap<number, SessionStep['kind'] | 'reserved' | 'reported'> = kinds
const userBytesAt = 16
const userAt = 17
/** A user's session knows so many gateways, the latest. */
const gatewaysMax = 8
const utf8 = new TextDecoder()

/** What a session shard's journal says of its users, read from the bytes that actors/session/session-events.ts describes, with code of its own. */
export class SessionHistory {
  readonly reservations = new ReservationHistory()
  /** How many gateways each user had after each word of one, in order. */
  readonly presences: { readonly step: number; readonly user: string; readonly gateways: number }[] = []
  readonly erasures: { readonly step: number; readonly user: string }[] = []
  private readonly steps: Steps
  private readonly users = new Map<string, SessionStep[]>()
  private readonly gatewaysOf = new Map<string, readonly string[]>()

  constructor(steps: Steps) {
    this.steps = steps
  }

  take({ kind: number, bytes }: ReadEvent): void {
    const step = ++this.steps.count
    const kind = kindNumbers.get(number)
    if (kind === undefined) return
    const bodyAt = userAt + (bytes[userBytesAt] ?? 0)
    const user = utf8.decode(bytes.subarray(userAt, bodyAt))
    const body = bytes.slice(bodyAt)
    if (kind === 'reserved' || kind === 'reported') return this.reservations.take(kind, user, body, step)
    const past = this.users.get(user) ?? []
    this.users.set(user, past)
    if (kind === 'ordered') past.push({ step, kind, order: unpackInner<Order>(body) })
    else if (kind === 'erased') {
      past.push({ step, kind })
      this.gatewaysOf.delete(user)
      this.presences.push({ step, user, gateways: 0 })
      this.erasures.push({ step, user })
    } else {
      const gateway = utf8.decode(body)
      past.push({ step, kind, gateway })
      const gateways = next(this.gatewaysOf.get(user) ?? [], kind, gateway)
      this.gatewaysOf.set(user, gateways)
      this.presences.push({ step, user, gateways: gateways.length })
    }
  }

  /** Whether at any time of the span the user was, or was not, attached to the gateway. */
  wasAttached(user: string, gateway: string, wanted: boolean, { from, to }: Span): boolean {
    let gateways: readonly string[] = []
    for (const one of this.users.get(user) ?? []) {
      if (one.kind === 'ordered') continue
      if (one.step > to) break
      if (one.step > from && gateways.includes(gateway) === wanted) return true
      gateways = one.kind === 'erased' ? [] : next(gateways, one.kind, one.gateway)
    }
    return gateways.includes(gateway) === wanted
  }

  /** Every state that the journal has told of the user's orders up to this step, since it told last before `from` that the user was erased. */
  ordersOf(user: string, step: number, from = 0): Order[] {
    const past = this.users.get(user) ?? []
    const erasedAt = past.findLast((one) => one.kind === 'erased' && one.step <= from)?.step ?? 0
    return past.flatMap((one) => (one.kind === 'ordered' && one.step > erasedAt && one.step <= step ? [one.order] : []))
  }
}

function next(gateways: readonly string[], kind: 'attached' | 'detached', gateway: string): readonly string[] {
  const others = gateways.filter((other) => other !== gateway)
  return kind === 'attached' ? [...others, gateway].slice(-gatewaysMax) : others
}
