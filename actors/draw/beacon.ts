import { textBytes } from './draw-hash.ts'

/** A public value that nobody can know before its time: round `round` of `source`, for instance of a drand chain. Fixed before the lobby opens. */
export interface BeaconPlan {
  readonly source: string
  readonly round: number
}

/** What a draw got from its beacon: the value in hex, or nothing within the time that it waited. Undefined where none was planned. */
export type Beacon = (BeaconPlan & { readonly value: string }) | (BeaconPlan & { readonly value: null }) | undefined

export const beaconValueBytesMax = 256

/** Bytes of a value in hex, or undefined if it is none. */
export function beaconValueOf(hex: string): Uint8Array | undefined {
  const isValue = hex.length > 0 && hex.length <= 2 * beaconValueBytesMax && /^(?:[0-9a-f]{2})+$/.test(hex)
  return isValue ? Buffer.from(hex, 'hex') : undefined
}

/** Empty where none is planned; the round, then the source. */
export function planBytes(plan: BeaconPlan | undefined): Uint8Array {
  if (plan === undefined) return new Uint8Array(0)
  const round = Buffer.alloc(8)
  round.writeBigUInt64BE(BigInt(plan.round))
  return Buffer.concat([round, textBytes(plan.source)])
}

/** The value; empty where there is none. */
export function valueBytes(beacon: Beacon): Uint8Array {
  const hex = beacon?.value ?? undefined
  if (hex === undefined) return new Uint8Array(0)
  const value = beaconValueOf(hex)
  if (value === undefined) throw new Error('a beacon with a value that is not hex')
  return value
}
