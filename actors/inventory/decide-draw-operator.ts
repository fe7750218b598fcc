import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Batch } from '../actor.ts'
import { beaconValueOf } from '../draw/beacon.ts'
import { proofFormat } from '../draw/draw-proof.ts'
import type { OwnedSku } from './decide-claim.ts'
import { writeBeaconCame } from './draw-events.ts'
import type { DrawWorks } from './draw-works.ts'
import { evolve } from './evolve.ts'

/** Entries of a proof in one answer, which has to fit a frame. */
const proofEntriesMax = 1_000
const workRetryMs = 500

/** `draw.beacon`: the value of the planned round. The same again is fine; once the draw has gone on, with or without it, no other counts. (SPEC LOB-6) */
export function decideDrawBeacon(owned: OwnedSku, batch: Batch, view: DataView, at: number, payload: Uint8Array): void {
  const { sku } = owned
  const { draw, settings } = sku
  const { round, value } = unpackInner<{ readonly round: number; readonly value: string }>(payload)
  const plan = settings.draw?.beacon
  const refuse = (message: string) => batch.replies.refuse(view, at, 'FORBIDDEN', undefined, message)
  const bytes = beaconValueOf(value)
  if (draw === undefined || plan === undefined) return refuse(`SKU ${settings.sku} has no draw with a beacon.`)
  if (bytes === undefined) return refuse('The value of a beacon is bytes in lower-case hex.')
  if (round !== plan.round) return refuse(`Round ${plan.round} of ${plan.source} was announced, and no other counts.`)
  if (draw.stage === 'lobby' || draw.stage === 'counting') {
    // Whoever knows the value before the roster is fixed could still choose who is in it.
    return batch.replies.refuse(view, at, 'NOT_OPEN', Math.max(workRetryMs, settings.opensAt - batch.now))
  }
  if (draw.stage !== 'beacon' && draw.beaconValue !== value) return refuse('The draw has gone on already.')
  if (draw.stage === 'beacon') {
    const event = writeBeaconCame(batch.record, sku.index, bytes)
    evolve(owned.state, batch.record.bytes, batch.record.view, event, batch.now)
  }
  batch.replies.result(view, at, { ...draw.info(settings) })
}

/** `draw.proof`: a part of the proof, which is a secret until everyone is seated. (SPEC LOB-10) */
export function decideDrawProof(owned: OwnedSku, works: DrawWorks, batch: Batch, view: DataView, at: number, payload: Uint8Array): void {
  const { draw, settings } = owned.sku
  const { from, limit } = unpackInner<{ readonly from: number; readonly limit: number }>(payload)
  if (draw === undefined) return batch.replies.refuse(view, at, 'FORBIDDEN', undefined, `SKU ${settings.sku} has no draw.`)
  if (draw.stage !== 'done') return batch.replies.refuse(view, at, 'NOT_OPEN', Math.max(workRetryMs, settings.opensAt - batch.now))
  const sorted = works.roster(draw)
  const order = sorted === undefined ? undefined : works.order(draw, draw.beacon(settings))
  const { seed } = draw
  // A new owner has to work them out again.
  if (sorted === undefined || order === undefined || seed === undefined) return batch.replies.refuse(view, at, 'BUSY', workRetryMs)
  const end = Math.min(order.length, from + Math.min(limit, proofEntriesMax))
  const { beacon, rosterHash, commitment } = draw.info(settings)
  const roster: string[] = []
  for (let i = from; i < end; i++) roster.push(Buffer.from(sorted.roster.idAt(i)).toString('hex'))
  const head = { format: proofFormat, sku: settings.sku, commitment, seed: Buffer.from(seed).toString('hex'), rosterHash }
  batch.replies.result(view, at, {
    ...head,
    beacon: beacon === null ? null : { ...beacon, value: draw.beaconValue ?? null },
    size: order.length,
    roster,
    order: [...order.subarray(from, end)],
  })
}
