import { beaconValueOf } from './beacon.ts'
import { type DrawProof, proofFormat } from './draw-proof.ts'
import { entryIdBytes } from './roster.ts'
import { seedBytes } from './seed.ts'

/** What a proof may be at most: its JSON stays within what a string of Node can hold. */
export const entriesMax = 8_000_000
const hashBytes = 32

/** A proof, or what of it is not as a proof has to be. */
export type ReadProof = { readonly kind: 'proof'; readonly proof: DrawProof } | { readonly kind: 'problem'; readonly problem: string }

/** Takes parsed JSON, which may be anything. Nothing in it is believed yet but its form. */
export function readProof(value: unknown): ReadProof {
  if (!isMap(value)) return problem('a proof is a JSON object')
  const { format, sku, commitment, seed, beacon, rosterHash, roster, order } = value
  if (format !== proofFormat) return problem(`"format" must be "${proofFormat}"; another version of sluice may read this one`)
  if (typeof sku !== 'string') return problem('"sku" must be a text')
  if (!isHex(commitment, hashBytes)) return problem(`"commitment" must be ${hashBytes} bytes in lower-case hex`)
  if (!isHex(seed, seedBytes)) return problem(`"seed" must be ${seedBytes} bytes in lower-case hex`)
  if (!isHex(rosterHash, hashBytes)) return problem(`"rosterHash" must be ${hashBytes} bytes in lower-case hex`)
  const readBeacon = beaconOf(beacon)
  if (readBeacon === undefined) return problem('"beacon" must be null, or have a source, a round and a value in lower-case hex or null')
  if (!isList(roster) || !isList(order)) return problem('"roster" and "order" must be lists')
  if (roster.length > entriesMax) return problem(`"roster" has more than ${entriesMax} entries`)
  const oddEntry = roster.findIndex((id) => !isHex(id, entryIdBytes))
  if (oddEntry >= 0) return problem(`"roster" has at index ${oddEntry} no entry id of ${entryIdBytes} bytes in lower-case hex`)
  const oddPlace = order.findIndex((index) => !Number.isSafeInteger(index))
  if (oddPlace >= 0) return problem(`"order" has no whole number at index ${oddPlace}`)
  const proof: DrawProof = {
    format: proofFormat,
    sku,
    commitment,
    seed,
    beacon: readBeacon,
    rosterHash,
    roster: roster.filter((id) => typeof id === 'string'),
    order: order.filter((index) => typeof index === 'number'),
  }
  return { kind: 'proof', proof }
}

function beaconOf(value: unknown): DrawProof['beacon'] | undefined {
  if (value === null) return null
  if (!isMap(value)) return undefined
  const { source, round, value: hex } = value
  if (typeof source !== 'string' || typeof round !== 'number' || !Number.isSafeInteger(round) || round < 0) return undefined
  if (hex === null) return { source, round, value: null }
  return typeof hex === 'string' && beaconValueOf(hex) !== undefined ? { source, round, value: hex } : undefined
}

function problem(text: string): ReadProof {
  return { kind: 'problem', problem: text }
}

function isHex(value: unknown, bytes: number): value is string {
  return typeof value === 'string' && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value)
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !isList(value)
}
