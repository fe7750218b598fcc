import type { ReservationReport } from '../inventory/reservations.ts'
import { type SessionEvent, readEvent, sessionEvent } from './session-events.ts'
import type { SkuUnits } from './user-reservations.ts'

/** A reservation that counts and may still be given back. */
export interface OpenReservation {
  readonly user: string
  readonly sku: string
  readonly number: number
}

/** One shard's; further `buy`s in sales with a limit are `BUSY`. */
export const openReservationsMax = 262_144

/**
 * All reservations of one shard's users whose end is not known. Follows from the events alone, so that an owner knows them without reading a user: whoever
 * died between a reservation and its `buy`, somebody will ask.
 */
export class OpenReservations {
  private readonly byKey = new Map<string, OpenReservation>()

  get size(): number {
    return this.byKey.size
  }

  get isFull(): boolean {
    return this.byKey.size >= openReservationsMax
  }

  /** In the order in which they came. Goes on behind what is added or removed meanwhile. */
  values(): Iterator<OpenReservation, undefined> {
    return this.byKey.values()
  }

  /** Takes in the event at `at`, if it is about reservations. */
  follow(bytes: Uint8Array, view: DataView, at: number): void {
    const kind = bytes[at + kindAt]
    if (kind === sessionEvent.reserved || kind === sessionEvent.reported) this.take(readEvent(bytes, view, at))
  }

  /** A user was read: their record may know of reservations that a store which lost its newest records has taken from the journal. */
  read(user: string, counted: readonly SkuUnits[]): void {
    for (const { sku, number, open } of counted) if (open > 0) this.raise(user, sku, number)
  }

  /** Whether the report ends a reservation that is here. */
  isEndedBy({ user, sku, number, live }: ReservationReport): boolean {
    const known = this.byKey.get(keyOf(user, sku))
    return live === 0 && known !== undefined && known.number <= number
  }

  save(): readonly OpenReservation[] {
    return [...this.byKey.values()]
  }

  restore(saved: readonly OpenReservation[]): void {
    for (const one of saved) this.byKey.set(keyOf(one.user, one.sku), one)
  }

  clear(): void {
    this.byKey.clear()
  }

  private take(event: SessionEvent): void {
    const { user } = event
    if (event.kind === 'reserved') this.raise(user, event.reserved.sku, event.reserved.number)
    else if (event.kind === 'reported') {
      const { sku, number, live } = event.report
      if (this.isEndedBy(event.report)) this.byKey.delete(keyOf(user, sku))
      else if (live > 0) this.raise(user, sku, number)
    }
  }

  private raise(user: string, sku: string, number: number): void {
    const key = keyOf(user, sku)
    const known = this.byKey.get(key)
    if (known === undefined || known.number < number) this.byKey.set(key, { user, sku, number })
  }
}

const kindAt = 2

/** A SKU's id has no blank in it. */
function keyOf(user: string, sku: string): string {
  return `${sku} ${user}`
}
