import { claimState } from '../../actors/inventory/claim.ts'
import type { SkuState } from '../../actors/inventory/sku-state.ts'
import { positionText } from './positions.ts'
import type { PastShard } from './replay-shard.ts'

/** A SKU as it was. Times are ms since 1970. */
export interface PastSku {
  readonly sku: string
  readonly shard: string
  /** The last record in it, and the shard's time then. */
  readonly at: string
  readonly now: number
  readonly state: string
  readonly units: number
  readonly available: number
  readonly held: number
  readonly ordered: number
  readonly sold: number
  readonly waiting: number
  /** Users by the state of their latest claim. */
  readonly users: Readonly<Record<string, number>>
  /** Of everything in the SKU's state: equal where two states are. */
  readonly digest: number
}

/** What one user had then. */
export interface PastClaim {
  readonly user: string
  readonly claim: number
  readonly qty: number
  readonly state: string
  /** Of a ticket. */
  readonly ahead?: number
  /** Of a hold, and of an order that is to be paid. */
  readonly until?: number
}

export function pastSku(sku: SkuState, { position, now }: PastShard, shard: string): PastSku {
  const { settings, phase, units, available, held, ordered, sold, line } = sku
  const users: Record<string, number> = {}
  for (const { state } of pastClaims(sku, now)) users[state] = (users[state] ?? 0) + 1
  const numbers = { units, available, held, ordered, sold, waiting: line.size }
  return { sku: settings.sku, shard, at: positionText(position), now, state: phase, ...numbers, users, digest: sku.digest() }
}

/** Latest claims, in no order; one without units that has ended a while ago is put away. */
export function* pastClaims(sku: SkuState, now: number): Generator<PastClaim> {
  const { users, line } = sku
  for (const row of users.rows()) {
    const [claim, qty, state] = [users.claim(row), users.qty(row), users.state(row)]
    const user = utf8.decode(users.userBytes(row))
    const hasDeadline = state === claimState.held || state === claimState.pending
    yield {
      ...{ user, claim, qty, state: nameOf(state) },
      ...(state === claimState.queued ? { ahead: line.countBefore(claim) } : {}),
      ...(hasDeadline ? { until: sku.deadlineOf(row, now) } : {}),
    }
  }
}

const utf8 = new TextDecoder()
const names = new Map<number, string>(Object.entries(claimState).map(([name, state]) => [state, name]))

function nameOf(state: number): string {
  return names.get(state) ?? String(state)
}
