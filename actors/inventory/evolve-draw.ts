import { claimState } from './claim.ts'
import { readBeaconCame, readCounted, readRosterHashed, readSeated, readSeedRevealed } from './draw-events.ts'
import { eventKind, eventOffset } from './events.ts'
import type { SkuDraw } from './sku-draw.ts'
import type { SkuState } from './sku-state.ts'

/** The part of `evolve` that is about lobby and draw. */
export function evolveDraw(sku: SkuState, kind: number, bytes: Uint8Array, view: DataView, at: number): void {
  const draw = drawOf(sku)
  switch (kind) {
    case eventKind.lobbyClosed:
      draw.stage = 'counting'
      draw.cutoff = view.getUint32(at + eventOffset.claim, true)
      draw.lateTo = draw.cutoff
      break
    case eventKind.counted: {
      const { to, claims, ids } = readCounted(bytes, view, at)
      draw.count(claims, ids)
      draw.countedTo = to
      break
    }
    case eventKind.rosterHashed: {
      const { hash, beaconUntil } = readRosterHashed(bytes, view, at)
      draw.rosterHash = hash
      draw.beaconUntil = beaconUntil
      if (sku.settings.draw?.beacon === undefined) goOn(draw, null)
      else draw.stage = 'beacon'
      break
    }
    case eventKind.beaconCame:
      goOn(draw, readBeaconCame(bytes, view, at))
      break
    case eventKind.seedRevealed:
      draw.reveal(readSeedRevealed(bytes, at))
      break
    case eventKind.seated:
      seated(sku, draw, bytes, view, at)
      break
    case eventKind.drawn:
      draw.stage = 'done'
      break
    default:
      throw new Error(`event kind ${kind} is no draw's`)
  }
  sku.changes.numbers = true
}

function goOn(draw: SkuDraw, beaconValue: string | null): void {
  draw.beaconValue = beaconValue
  draw.stage = 'seating'
}

/** A number in the lobby is no place: the ticket gets one of its own, since the line is in the order of the numbers. */
function seated(sku: SkuState, draw: SkuDraw, bytes: Uint8Array, view: DataView, at: number): void {
  const { to, isLate, claims } = readSeated(bytes, view, at)
  const { users, line, changes } = sku
  for (const claim of claims) {
    const row = users.rowOf(claim)
    if (row < 0 || users.state(row) !== claimState.lobby) throw new Error(`claim ${claim} of ${sku.settings.sku} is not in the lobby`)
    const ticket = sku.lastClaim + 1
    users.begin(row)
    users.setClaim(row, ticket)
    users.setState(row, claimState.queued)
    users.end(row)
    sku.lastClaim = ticket
    line.add(ticket)
    changes.change(claim)
    changes.join(ticket)
  }
  draw.people -= claims.length
  if (isLate) draw.lateTo = to
  else draw.seatedTo = to
}

export function drawOf(sku: SkuState): SkuDraw {
  if (sku.draw === undefined) throw new Error(`${sku.settings.sku} has no draw`)
  return sku.draw
}
