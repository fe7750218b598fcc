import * as fc from 'fast-check'
import type { Outcome } from '../inventory/order-life.ts'
import type { Ask } from './asks.ts'

/** What a test may ask of the SKU `shoe`, as plain data. */
export type RigCall =
  | { readonly do: 'buy'; readonly user: string; readonly qty: number; readonly request: string }
  | { readonly do: 'leave' | 'claim' | 'checkout'; readonly user: string }
  | { readonly do: 'settle'; readonly claim: number; readonly outcome: Outcome; readonly isLost?: boolean }
  | { readonly do: 'cancel'; readonly user: string; readonly claim: number }
  | { readonly do: 'phase'; readonly phase: 'open' | 'paused' | 'closed' }
  | { readonly do: 'restock'; readonly units: number; readonly request: string }
  | { readonly do: 'delivered'; readonly claim: number }

/** Any of them, for these users, claims and request ids (empty for none). */
export function rigCall(parts: {
  readonly user: fc.Arbitrary<string>
  readonly claim: fc.Arbitrary<number>
  readonly request: fc.Arbitrary<string>
  readonly isLost: fc.Arbitrary<boolean>
}): fc.Arbitrary<RigCall> {
  const { user, claim, request, isLost } = parts
  const outcome = fc.constantFrom<Outcome[]>('paid', 'paid', 'paid', 'declined', 'refunded', 'absent', 'refused')
  const phase = fc.constantFrom('open' as const, 'open' as const, 'paused' as const, 'closed' as const)
  return fc.oneof(
    { weight: 12, arbitrary: fc.record({ do: fc.constant('buy' as const), user, qty: fc.constantFrom(1, 1, 1, 2, 3), request }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('leave' as const), user }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('claim' as const), user }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('checkout' as const), user }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('settle' as const), claim, outcome, isLost }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('cancel' as const), user, claim }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('phase' as const), phase }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restock' as const), units: fc.integer({ min: 1, max: 3 }), request }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('delivered' as const), claim }) },
  )
}

/** The command that it is. `orderedIn` is what the id of an order says between SKU and claim. */
export function askOf(call: RigCall, orderedIn: (claim: number) => string): Ask {
  switch (call.do) {
    case 'buy':
      return { op: 'buy', sku: 'shoe', user: call.user, qty: call.qty, ...requestOf(call) }
    case 'leave':
    case 'claim':
      return { op: call.do, sku: 'shoe', user: call.user }
    case 'checkout':
      return { op: 'checkout', sku: 'shoe', user: call.user, payload: payment }
    case 'settle':
      return { op: 'settle', sku: 'shoe', payload: { incarnation: orderedIn(call.claim), claim: call.claim, outcome: call.outcome } }
    case 'cancel':
      return { op: 'orderCancel', sku: 'shoe', user: call.user, payload: { incarnation: orderedIn(call.claim), claim: call.claim } }
    case 'phase':
      return { op: 'setPhase', sku: 'shoe', payload: { phase: call.phase } }
    case 'restock':
      return { op: 'restock', sku: 'shoe', payload: { units: call.units }, ...requestOf(call) }
    case 'delivered':
      return { op: 'delivered', sku: 'shoe', payload: `shoe:${orderedIn(call.claim)}:${call.claim.toString(36)}` }
  }
}

const payment = new TextEncoder().encode('tok_ok')

function requestOf({ request }: { readonly request: string }): { readonly request?: string } {
  return request === '' ? {} : { request }
}
