import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import type { ProviderRow } from '../checkers/money-check.ts'

const movementSchema = z.object({
  kind: z.enum(['charge', 'refund', 'declined']),
  /** Of the charge. */
  charge: z.string(),
  /** Of the refund; the same as `charge` otherwise. */
  key: z.string(),
  amountMinor: z.int(),
  currency: z.string(),
})

/** A line of the ledger. Money moves by charges and refunds; what was declined is kept so that its key is known. */
export type Movement = Readonly<z.output<typeof movementSchema>>

export interface Money {
  readonly amountMinor: number
  readonly currency: string
}

/** The books of the provider under test: every key once, written to a file before anybody is told, so that a killed provider knows what it has said. */
export class ProviderBooks {
  private readonly file: string | undefined
  private readonly movements = new Map<string, Movement>()

  constructor(file?: string) {
    this.file = file
    if (file === undefined || !existsSync(file)) return
    // A process that was killed in the middle of a line has told nobody of it.
    for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) {
      const movement = movementSchema.parse(JSON.parse(line))
      this.movements.set(movement.key, movement)
    }
  }

  find(key: string): Movement | undefined {
    return this.movements.get(key)
  }

  all(): readonly Movement[] {
    return [...this.movements.values()]
  }

  write(movement: Movement): void {
    if (this.movements.has(movement.key)) throw new Error(`${movement.key} is in the books already`)
    if (this.file !== undefined) appendFileSync(this.file, `${JSON.stringify(movement)}\n`)
    this.movements.set(movement.key, movement)
  }

  /** What is left of a charge. */
  leftOf(charge: string): number {
    let left = 0
    for (const movement of this.movements.values()) {
      if (movement.charge !== charge) continue
      if (movement.kind === 'charge') left += movement.amountMinor
      if (movement.kind === 'refund') left -= movement.amountMinor
    }
    return left
  }

  /** Money taken and not given back. */
  get balanceMinor(): number {
    return this.all().reduce(
      (sum, { kind, amountMinor }) => sum + (kind === 'charge' ? amountMinor : kind === 'refund' ? -amountMinor : 0),
      0,
    )
  }
}

/** What became of each charge, for the checker of money. */
export function providerRows(books: ProviderBooks): readonly ProviderRow[] {
  const rows = new Map<string, ProviderRow>()
  for (const { kind, charge: order, amountMinor } of books.all()) {
    const { chargedMinor, refundedMinor } = rows.get(order) ?? { chargedMinor: 0, refundedMinor: 0 }
    if (kind === 'charge') rows.set(order, { order, chargedMinor: chargedMinor + amountMinor, refundedMinor })
    if (kind === 'refund') rows.set(order, { order, chargedMinor, refundedMinor: refundedMinor + amountMinor })
  }
  return [...rows.values()]
}
