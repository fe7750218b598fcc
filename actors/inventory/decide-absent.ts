import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Batch } from '../actor.ts'
import type { Whereabouts } from '../session/decide-whereabouts.ts'
import type { Span } from '../standstills.ts'
import { claimState } from './claim.ts'
import { type OwnedSku, rowOfEntry } from './decide-claim.ts'
import { eventKind, writeNumbered } from './events.ts'
import { evolve } from './evolve.ts'
import type { SkuState } from './sku-state.ts'

/** What the user's session has just said of somebody whose ticket this is. */
export interface AbsentUser extends Whereabouts {
  readonly claim: number
}

/**
 * A tab that is closed right after its user pressed the button may be known to be gone before the ticket begins. Whoever has been gone for longer when a ticket
 * begins has it from a service, which keeps it.
 */
const pressedMs = 10_000

/** `absent`: ends the ticket of a user who has been away for as long as the sale allows, by all that both shards know. (SPEC ABS-1, ABS-5) */
export function decideAbsent(owned: OwnedSku, batch: Batch, bytes: Uint8Array, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const { claim, ...said } = unpackInner<AbsentUser>(payload)
  const row = rowOfEntry(sku, bytes, view, at)
  const isDue = row >= 0 && sku.users.claim(row) === claim && absenceLeft(sku, row, said, batch.now) === 0
  if (isDue) {
    const event = writeNumbered(batch.record, eventKind.absent, sku.index, claim)
    evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  }
  batch.replies.result(view, at, isDue)
}

/** ms that this row's user may still be away before the ticket ends; undefined if nothing is counted. */
export function absenceLeft(sku: SkuState, row: number, { goneMs, unownedMs }: Whereabouts, now: number): number | undefined {
  const { users, settings, standstills } = sku
  if (!sku.countsAbsence || sku.phase !== 'open' || users.state(row) !== claimState.queued || goneMs === null) return undefined
  const begunAt = users.deadline(row)
  const goneAt = now - goneMs
  if (goneAt < begunAt - pressedMs) return undefined
  const unowned: Span[] = []
  for (let i = 0; i + 1 < unownedMs.length; i += 2)
    unowned.push({ from: now - (unownedMs[i] as number), until: now - (unownedMs[i + 1] as number) })
  const counted = standstills.running(Math.max(begunAt, goneAt), now, unowned)
  return Math.max(0, (settings.absenceMs ?? 0) - counted)
}
