import { InventoryActor } from '../../actors/inventory/inventory-actor.ts'
import { TicketLine } from './ticket-line.ts'

/** What one step takes in a line of this length. */
interface LineWork {
  readonly tickets: number
  /** Of the last fifth of those who came. */
  readonly joinNs: number
  readonly positionNs: number
  readonly leaveNs: number
}

/** What it takes to write a line's state down and to read it again, beside or before everything else. */
interface SnapshotWork {
  readonly tickets: number
  readonly chunks: number
  readonly bytes: number
  readonly saveMs: number
  readonly restoreMs: number
  /** A restore is done in so many slices. */
  readonly restoreSlices: number
  readonly longestSliceMs: number
}

const looks = 100_000
/** Has no factor in common with any length of a line that is likely, so that users come from all over it. */
const stride = 7_919

export function measureLine(tickets: number): LineWork {
  const line = new TicketLine()
  const first = Math.floor(tickets * 0.8)
  line.join(1, first)
  const last = tickets - first
  const joinMs = line.join(1 + first, last)
  const anyOne = (i: number): number => 1 + ((i * stride) % tickets)
  line.look(Math.min(looks, tickets), anyOne)
  const positionMs = line.look(looks, anyOne)
  const leavers = Math.min(looks, Math.floor(tickets / 2))
  const leaveMs = line.leave(leavers, anyOne)
  return { tickets, joinNs: nsOf(joinMs, last), positionNs: nsOf(positionMs, looks), leaveNs: nsOf(leaveMs, leavers) }
}

export function measureSnapshot(tickets: number): SnapshotWork {
  const line = new TicketLine()
  line.join(1, tickets)
  let chunks: Uint8Array[] = []
  const saveMs = cpuMs(() => (chunks = line.actor.save()))
  const work = new InventoryActor(0).restore(chunks)
  const slices: number[] = []
  const state = { isDone: false }
  while (!state.isDone) {
    slices.push(
      cpuMs(() => {
        state.isDone = work.next().done === true
      }),
    )
  }
  return {
    tickets,
    chunks: chunks.length,
    bytes: chunks.reduce((sum, { length }) => sum + length, 0),
    saveMs: Math.round(saveMs),
    restoreMs: Math.round(slices.reduce((sum, ms) => sum + ms, 0)),
    restoreSlices: slices.length,
    longestSliceMs: Math.round(Math.max(...slices) * 10) / 10,
  }
}

/** Processor time, which other processes on the machine do not lengthen much; that of all threads, garbage collection included. */
function cpuMs(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

function nsOf(ms: number, count: number): number {
  return Math.round((ms * 1e6) / count)
}
