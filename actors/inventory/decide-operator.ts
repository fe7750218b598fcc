import { isDeepStrictEqual } from 'node:util'
import { entryOffset } from '../../protocol/entry.ts'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { SkuStatus } from '../../protocol/results.ts'
import type { SkuSettings } from '../../protocol/sku-settings.ts'
import type { Batch } from '../actor.ts'
import { commitmentOf } from '../draw/seed.ts'
import { canNoteAnswered, noteAnswered, wasAnswered } from './answered-requests.ts'
import type { OwnedSku } from './decide-claim.ts'
import { closeLobby } from './decide-draw.ts'
import type { OpenSeed } from './draw-works.ts'
import { type Configured, drawSecretOf, phaseNumbers, writeConfigured, writePhaseSet, writeRestocked } from './events.ts'
import { evolve, restockKey } from './evolve.ts'
import type { InventoryState } from './inventory-state.ts'
import type { SkuState } from './sku-state.ts'

const lineListMax = 1_000
const fullRetryMs = 1_000
const utf8 = new TextDecoder()

/** `configure`: a new SKU. The same again is fine; other settings under a known name are refused. */
export function decideConfigure(
  state: InventoryState,
  openSeed: OpenSeed,
  batch: Batch,
  view: DataView,
  at: number,
  payload: Uint8Array,
): void {
  const configured = unpackInner<Configured>(payload)
  const { settings } = configured
  const known = state.find(settings.sku)
  if (known !== undefined) {
    if (isDeepStrictEqual(asOf(known.settings, settings), settings)) return batch.replies.result(view, at, { ...skuStatus(known) })
    return batch.replies.refuse(
      view,
      at,
      'FORBIDDEN',
      undefined,
      `SKU ${settings.sku} exists already, in sale ${known.settings.sale}, with other settings; sale.update changes them.`,
    )
  }
  const secret = drawSecretOf(configured)
  if ((settings.draw === undefined) !== (secret === undefined)) return batch.replies.refuse(view, at, 'MALFORMED')
  if (secret?.kind === 'sealed' && !opensTo(secret, openSeed(secret.sealed, settings), settings))
    return batch.replies.refuse(view, at, 'FORBIDDEN', undefined, unopened)
  const event = writeConfigured(batch.record, state.skus.length, configured)
  evolve(state, batch.record.bytes, batch.record.view, event, batch.now)
  batch.replies.result(view, at, { ...skuStatus(state.at(state.skus.length - 1)) })
}

/** A sale file that was used with an older version says nothing of absence, and by that made a SKU of which nobody's counts. */
function asOf(known: SkuSettings, now: SkuSettings): SkuSettings {
  return known.absenceMs !== undefined || now.absenceMs === undefined ? known : { ...known, absenceMs: now.absenceMs }
}

/** A draw that could not be done is not announced. (SPEC LOB-16) */
const unopened = 'The seed of the draw cannot be opened by the owner of this SKU: gateways and actor nodes have different draw keys.'

function opensTo({ commitment }: { readonly commitment: Uint8Array }, seed: Uint8Array | undefined, { sku, draw }: SkuSettings): boolean {
  return seed !== undefined && commitmentOf(seed, sku, draw?.beacon).equals(commitment)
}

/** Opens, pauses, resumes (`open` again) or closes a SKU. The phase that it already has is fine. */
export function decidePhase(owned: OwnedSku, batch: Batch, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const { phase } = unpackInner<{ phase: 'open' | 'paused' | 'closed' }>(payload)
  // A copy of a pause that comes after the sale was resumed must not stop it again.
  if (wasAnswered(sku, view, at, batch.now)) return batch.replies.result(view, at, { ...skuStatus(sku) })
  if (!canNoteAnswered(sku, view, at, batch.now)) return batch.replies.refuse(view, at, 'BUSY', fullRetryMs)
  if (sku.phase === phase) {
    noteAnswered(owned.state, sku, batch, view, at)
    return batch.replies.result(view, at, { ...skuStatus(sku) })
  }
  if (sku.phase === 'closed') return batch.replies.refuse(view, at, 'CLOSED')
  if (phase === 'paused' && sku.phase === 'scheduled')
    return batch.replies.refuse(view, at, 'NOT_OPEN', Math.max(1, sku.settings.opensAt - batch.now))
  // A sale with a draw opens when everyone who was in its lobby stands in line.
  if (phase === 'open' && sku.phase === 'scheduled' && sku.draw !== undefined) closeLobby(owned.state, sku, batch)
  else {
    const event = writePhaseSet(batch.record, sku.index, phaseNumbers[phase])
    evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  }
  noteAnswered(owned.state, sku, batch, view, at)
  batch.replies.result(view, at, { ...skuStatus(sku) })
}

/** `restock`: more units; the same request id adds them once. */
export function decideRestock(owned: OwnedSku, batch: Batch, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const { units } = unpackInner<{ units: number }>(payload)
  const requestHi = view.getUint32(at + entryOffset.requestHi, true)
  const requestLo = view.getUint32(at + entryOffset.requestLo, true)
  const repeated = (requestHi !== 0 || requestLo !== 0) && sku.restocks.has(restockKey(requestHi, requestLo))
  if (!repeated) {
    const event = writeRestocked(batch.record, sku.index, units, requestHi, requestLo)
    evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  }
  batch.replies.result(view, at, { ...skuStatus(sku) })
}

/** The first people in line after ticket `after`, at most `limit`. */
export function decideLineList(owned: OwnedSku, batch: Batch, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const { after, limit } = unpackInner<{ after: number; limit: number }>(payload)
  const people: { ticket: number; user: string; qty: number; ahead: number }[] = []
  for (let ticket = sku.line.nextFrom(after + 1); ticket >= 0; ticket = sku.line.nextFrom(ticket + 1)) {
    if (people.length >= Math.min(limit, lineListMax)) break
    const row = sku.users.rowOf(ticket)
    people.push({
      ticket,
      user: utf8.decode(sku.users.userBytes(row)),
      qty: sku.users.qty(row),
      ahead: sku.line.countBefore(ticket),
    })
  }
  batch.replies.result(view, at, people)
}

export function skuStatus(sku: SkuState): SkuStatus {
  const { available, held, ordered, sold } = sku
  return { sku: sku.settings.sku, available, held, ordered, sold, waiting: sku.line.size, state: sku.phase }
}
