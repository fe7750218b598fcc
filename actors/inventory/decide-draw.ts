import type { Batch } from '../actor.ts'
import { entryIdBytes } from '../draw/roster.ts'
import { EntryIds } from '../draw/seed.ts'
import { claimState } from './claim.ts'
import {
  type Seated,
  writeBeaconCame,
  writeCounted,
  writeDrawn,
  writeLobbyClosed,
  writeRosterHashed,
  writeSeated,
  writeSeedRevealed,
} from './draw-events.ts'
import type { DrawWorks } from './draw-works.ts'
import { phaseNumbers, writePhaseSet } from './events.ts'
import { evolve } from './evolve.ts'
import type { InventoryState } from './inventory-state.ts'
import type { SkuDraw } from './sku-draw.ts'
import type { SkuState } from './sku-state.ts'

/** People whose entry ids one turn computes (some microseconds each), and who get their tickets in one. */
const countedPerTurn = 1_024
const seatedPerTurn = 4_096

/** The opening of a sale with a draw: nobody who comes from now on takes part in it. */
export function closeLobby(state: InventoryState, sku: SkuState, batch: Batch): void {
  if (sku.draw?.stage === 'lobby') apply(state, batch, writeLobbyClosed(batch.record, sku.index, sku.lastClaim))
}

/** Takes every draw that is under way one step on; true if more can be done at once. (SPEC LOB-4 to LOB-9) */
export function advanceDraws(state: InventoryState, works: DrawWorks, batch: Batch): boolean {
  works.begin()
  let more = false
  for (const sku of state.skus) if (sku.draw !== undefined && advance(state, sku, sku.draw, works, batch)) more = true
  return more || works.isWanted
}

function advance(state: InventoryState, sku: SkuState, draw: SkuDraw, works: DrawWorks, batch: Batch): boolean {
  switch (draw.stage) {
    case 'lobby':
      // Whether the seed can be opened is found out long before it is needed, while there is time to look for its key.
      works.seed(draw, sku.settings)
      // A sale that is closed before it opened: who is in the lobby is told so as everyone in a line is.
      if (sku.phase !== 'closed') return false
      closeLobby(state, sku, batch)
      return true
    case 'counting': {
      const seed = works.seed(draw, sku.settings)
      if (seed === undefined) return false
      if (draw.countedTo < draw.cutoff) count(state, sku, { draw, seed }, batch)
      else hashRoster(state, sku, draw, works, batch)
      return true
    }
    case 'beacon':
      if (batch.now < draw.beaconUntil && sku.phase !== 'closed') return false
      apply(state, batch, writeBeaconCame(batch.record, sku.index, new Uint8Array(0)))
      return true
    case 'seating':
      if (draw.seed === undefined) return reveal(state, sku, draw, works, batch)
      seat(state, sku, draw, works, batch)
      return true
    case 'done':
      return false
  }
}

function count(
  state: InventoryState,
  sku: SkuState,
  { draw, seed }: { readonly draw: SkuDraw; readonly seed: Uint8Array },
  batch: Batch,
): void {
  const { users } = sku
  const entryIds = new EntryIds(seed)
  const claims: number[] = []
  const ids: Uint8Array[] = []
  let claim = draw.countedTo
  while (claim < draw.cutoff && claims.length < countedPerTurn) {
    claim++
    const row = lobbyRow(sku, claim)
    if (row < 0) continue
    claims.push(claim)
    ids.push(entryIds.of(users.userBytes(row)))
  }
  const counted = { to: claim, claims: Uint32Array.from(claims), ids: Buffer.concat(ids, ids.length * entryIdBytes) }
  apply(state, batch, writeCounted(batch.record, sku.index, counted))
}

function hashRoster(state: InventoryState, sku: SkuState, draw: SkuDraw, works: DrawWorks, batch: Batch): void {
  const roster = works.roster(draw)
  if (roster === undefined) return
  const waitMs = sku.settings.draw?.beaconWaitMs ?? 0
  apply(state, batch, writeRosterHashed(batch.record, sku.index, roster.hash, batch.now + waitMs))
}

/** Roster and beacon are journaled, so nobody can choose the order any more: from here on the seed is an event like any other, and its key is not needed again. */
function reveal(state: InventoryState, sku: SkuState, draw: SkuDraw, works: DrawWorks, batch: Batch): boolean {
  const seed = works.seed(draw, sku.settings)
  if (seed === undefined) return false
  apply(state, batch, writeSeedRevealed(batch.record, sku.index, seed))
  return true
}

function seat(state: InventoryState, sku: SkuState, draw: SkuDraw, works: DrawWorks, batch: Batch): void {
  const seats = draw.seatedTo < draw.rosterSize ? drawnSeats(sku, draw, works) : lateSeats(sku, draw)
  if (seats === undefined) return
  if (seats.claims.length > 0) return apply(state, batch, writeSeated(batch.record, sku.index, seats))
  // Whoever was next has left; where the last one was passed over, so was everyone.
  if (!seats.isLate) return apply(state, batch, writeSeated(batch.record, sku.index, seats))
  apply(state, batch, writeDrawn(batch.record, sku.index))
  if (sku.phase === 'scheduled') apply(state, batch, writePhaseSet(batch.record, sku.index, phaseNumbers.open))
}

function drawnSeats(sku: SkuState, draw: SkuDraw, works: DrawWorks): Seated | undefined {
  const sorted = works.roster(draw)
  const order = sorted === undefined ? undefined : works.order(draw, draw.beacon(sku.settings))
  if (sorted === undefined || order === undefined) return undefined
  const to = Math.min(draw.seatedTo + seatedPerTurn, order.length)
  const claims: number[] = []
  for (let position = draw.seatedTo; position < to; position++) {
    const claim = draw.claimAt(sorted.entries[order[position] as number] as number)
    if (lobbyRow(sku, claim) >= 0) claims.push(claim)
  }
  return { to, isLate: false, claims: Uint32Array.from(claims) }
}

/** Tickets that were given out meanwhile have numbers among theirs, and are passed over. */
function lateSeats(sku: SkuState, draw: SkuDraw): Seated {
  const claims: number[] = []
  let claim = draw.lateTo
  while (claim < sku.lastClaim && claims.length < seatedPerTurn) {
    claim++
    if (lobbyRow(sku, claim) >= 0) claims.push(claim)
  }
  return { to: claim, isLate: true, claims: Uint32Array.from(claims) }
}

/** The row of a claim that is in the lobby, or -1. */
function lobbyRow(sku: SkuState, claim: number): number {
  const row = sku.users.rowOf(claim)
  return row >= 0 && sku.users.state(row) === claimState.lobby ? row : -1
}

function apply(state: InventoryState, batch: Batch, at: number): void {
  evolve(state, batch.record.bytes, batch.record.view, at, batch.now)
}
