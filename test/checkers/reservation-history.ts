import { z } from 'zod'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { Span } from './sku-history.ts'

const positionSchema = z.object({ epoch: z.number(), seq: z.number() })
const reservedSchema = z.object({ sku: z.string(), sale: z.string(), number: z.int(), qty: z.int() })
const reportedSchema = z.object({
  ...{ sku: z.string(), sale: z.string(), number: z.int(), live: z.int(), bought: z.int() },
  at: positionSchema,
})
type Place = z.output<typeof positionSchema>

/** What a session's journal counted of one SKU for one user from a step on. */
export interface Counted {
  readonly step: number
  readonly user: string
  readonly sku: string
  readonly sale: string
  /** The latest reservation, and what of it counts. */
  readonly number: number
  readonly open: number
  readonly bought: number
  /** The units that were set aside by this very step; 0 if it only says what became of some. */
  readonly reserved: number
  readonly at: Place | undefined
}

/** What a session shard's journal says of reservations: what counts against the limits of sales, step by step. */
export class ReservationHistory {
  /** In the order in which it came to be. */
  readonly steps: Counted[] = []
  /** Reports from an earlier place of their SKU's journal than one before them. */
  readonly late: { readonly step: number; readonly user: string; readonly sku: string }[] = []

  /** Takes the body of an event of one of the two kinds. */
  take(kind: 'reserved' | 'reported', user: string, body: Uint8Array, step: number): void {
    if (kind === 'reserved') {
      const { qty, ...rest } = reservedSchema.parse(unpackInner(body))
      const { bought = 0, at } = this.now(user, rest.sku) ?? {}
      this.steps.push({ step, user, ...rest, open: qty, reserved: qty, bought, at })
      return
    }
    const { live, ...told } = reportedSchema.parse(unpackInner(body))
    const known = this.now(user, told.sku)
    if (known?.at !== undefined && !isAfter(told.at, known.at)) {
      this.late.push({ step, user, sku: told.sku })
      return
    }
    const isOfIt = known === undefined || told.number >= known.number
    const { number, open } = isOfIt ? { number: told.number, open: live } : known
    this.steps.push({ step, user, ...told, number, open, reserved: 0 })
  }

  /** What counts of the SKU for the user, after this step. */
  now(user: string, sku: string, step = Infinity): Counted | undefined {
    return this.steps.findLast((one) => one.user === user && one.sku === sku && one.step <= step)
  }

  /** Whether so many units were set aside for the user under this number. */
  wasReserved(user: string, sku: string, number: number, qty: number): boolean {
    return this.steps.some(
      (one) => one.user === user && one.sku === sku && one.number === number && one.reserved > 0 && one.reserved >= qty,
    )
  }

  /** Whether this was ever the user's latest reservation of the SKU. */
  knows(user: string, sku: string, number: number): boolean {
    return this.steps.some((one) => one.user === user && one.sku === sku && one.number === number)
  }

  /** The most that counted for the user in this sale at any time of the span. */
  mostIn(user: string, sale: string, { from, to }: Span): number {
    const mine = this.steps.filter((one) => one.user === user && one.sale === sale)
    const skus = new Set(mine.map(({ sku }) => sku))
    const unitsAt = (step: number): number => {
      let units = 0
      for (const sku of skus) units += unitsOf(this.now(user, sku, step))
      return units
    }
    return Math.max(unitsAt(from), ...mine.filter(({ step }) => step > from && step <= to).map(({ step }) => unitsAt(step)))
  }

  get users(): ReadonlySet<string> {
    return new Set(this.steps.map(({ user }) => user))
  }
}

export function unitsOf(counted: Counted | undefined): number {
  return counted === undefined ? 0 : counted.open + counted.bought
}

function isAfter(a: Place, b: Place): boolean {
  return a.epoch === b.epoch ? a.seq > b.seq : a.epoch > b.epoch
}
