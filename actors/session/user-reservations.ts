import { comparePositions, journalStart, type Position } from '../../cluster/store.ts'
import type { ReservationReport } from '../inventory/reservations.ts'
import type { ReservedEvent } from './session-events.ts'

/** SKUs of which a user's session knows what counts; one more makes it forget the longest unchanged of which nothing does. */
export const reservedSkusMax = 64

/** What one SKU counts against the limit of its sale. */
export interface SkuUnits {
  readonly sku: string
  readonly sale: string
  /** The latest reservation, and its units: until it is known that nothing came or is left of it they count. */
  readonly number: number
  readonly open: number
  readonly bought: number
  /** The place of the SKU's journal from which `bought` is known. */
  readonly at: Position
}

export interface SavedReservations {
  readonly last: number
  readonly skus: readonly SkuUnits[]
}

/**
 * What one user has, may have or has bought in sales with a limit of their own. It never says less than there is: a reservation counts before its `buy` is
 * sent, and until the SKU's own shard has said what became of it. Written by {@link UserSession.apply} alone.
 */
export class UserReservations {
  /** The largest number given to any reservation of the user. */
  last = 0
  /** Longest unchanged first. */
  private readonly bySku = new Map<string, SkuUnits>()

  find(sku: string): SkuUnits | undefined {
    return this.bySku.get(sku)
  }

  /** Units that count in this sale. */
  unitsIn(sale: string): number {
    let units = 0
    for (const one of this.bySku.values()) if (one.sale === sale) units += one.open + one.bought
    return units
  }

  /** SKUs of which something counts. */
  counted(): readonly SkuUnits[] {
    return [...this.bySku.values()].filter(({ open, bought }) => open + bought > 0)
  }

  /** Every SKU that is known counts for something, and there is no room for this one. */
  hasNoRoomFor(sku: string): boolean {
    if (this.bySku.has(sku) || this.bySku.size < reservedSkusMax) return false
    for (const one of this.bySku.values()) if (one.open + one.bought === 0) return false
    return true
  }

  /** Whether the report says more than is known; one from an earlier place of its journal comes late. */
  isNews({ sku, number, live, bought, at }: ReservationReport): boolean {
    const known = this.bySku.get(sku)
    if (known === undefined) return number > this.last || live + bought > 0
    if (comparePositions(at, known.at) <= 0) return false
    return bought !== known.bought || number > known.number || (number === known.number && live !== known.open)
  }

  reserve({ sku, sale, number, qty }: ReservedEvent): void {
    const { bought, at } = this.bySku.get(sku) ?? nothing
    this.last = Math.max(this.last, number)
    this.put({ sku, sale, number, open: qty, bought, at })
  }

  /** A report from before a reservation says nothing of it. */
  report({ sku, sale, number, live, bought, at }: ReservationReport): void {
    const known = this.bySku.get(sku)
    this.last = Math.max(this.last, number)
    if (known !== undefined && comparePositions(at, known.at) <= 0) return
    if (known !== undefined && known.number > number) this.put({ ...known, bought, at })
    else this.put({ sku, sale, number, open: live, bought, at })
  }

  save(): SavedReservations {
    return { last: this.last, skus: [...this.bySku.values()] }
  }

  /** Only what counts. */
  saveCounted(): SavedReservations {
    return { last: this.last, skus: this.counted() }
  }

  restore({ last, skus }: SavedReservations): void {
    this.last = last
    for (const one of skus) this.bySku.set(one.sku, one)
  }

  private put(units: SkuUnits): void {
    this.bySku.delete(units.sku)
    this.bySku.set(units.sku, units)
    if (this.bySku.size <= reservedSkusMax) return
    for (const { sku, open, bought } of this.bySku.values()) {
      if (open + bought > 0) continue
      this.bySku.delete(sku)
      return
    }
  }
}

const nothing = { bought: 0, at: journalStart }
