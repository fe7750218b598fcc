import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { csvFields } from './csv.ts'

/** What a provider's ledger says of one charge, all its lines together. */
export interface LedgerSum {
  readonly currency: string
  charges: number
  chargedMinor: number
  refundedMinor: number
}

/** The file cannot be read as docs/payment-provider.md describes it. */
export class LedgerFault extends Error {
  readonly code = 'LEDGER'
}

const amount = z.union([
  z.int().nonnegative(),
  z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number),
])
const lineSchema = z.object({
  kind: z.enum(['charge', 'refund']),
  charge: z.string().min(1),
  amountMinor: amount,
  currency: z.string().min(1),
})

type LedgerLine = z.output<typeof lineSchema>

/** Adds up a ledger of JSON lines or CSV, by charge and currency. Memory: one entry for each charge. Throws a {@link LedgerFault} that names the line. */
export async function readLedger(path: string): Promise<ReadonlyMap<string, readonly LedgerSum[]>> {
  const sums = new Map<string, LedgerSum[]>()
  let number = 0
  let toValue: ((line: string) => unknown) | undefined
  try {
    for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      const line = number === 1 ? text.replace(/^\uFEFF/, '') : text
      if (line.trim() === '') continue
      if (toValue === undefined && !line.startsWith('{')) toValue = csvReader(line)
      else {
        toValue ??= jsonValue
        const { data } = lineSchema.safeParse(toValue(line))
        if (data === undefined) throw new LedgerFault(`line ${number} is no movement with kind, charge, amountMinor and currency`)
        add(sums, data)
      }
    }
  } catch (error) {
    throw new LedgerFault(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
  return sums
}

function add(sums: Map<string, LedgerSum[]>, { kind, charge, amountMinor, currency }: LedgerLine): void {
  const known = sums.get(charge) ?? []
  sums.set(charge, known)
  let sum = known.find((one) => one.currency === currency)
  if (sum === undefined) {
    sum = { currency, charges: 0, chargedMinor: 0, refundedMinor: 0 }
    known.push(sum)
  }
  if (kind === 'charge') {
    sum.charges++
    sum.chargedMinor += amountMinor
  } else sum.refundedMinor += amountMinor
}

function csvReader(header: string): (line: string) => unknown {
  const names = csvFields(header)
  if (names === undefined || !names.includes('kind'))
    throw new LedgerFault('it begins neither with an object nor with the names of columns')
  return (line) => {
    const fields = csvFields(line)
    return fields === undefined ? undefined : Object.fromEntries(names.map((name, column) => [name, fields[column]]))
  }
}

function jsonValue(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    // The caller names the line.
    return undefined
  }
}
