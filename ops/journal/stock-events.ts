import { z } from 'zod'
import { unpackInner } from '../../protocol/inner-codec.ts'
import type { ReadEvent } from './journal-records.ts'
import type { CountedEntry, DrawSettings } from './journaled-draw.ts'

/** What an inventory shard's journal says, read from the bytes that actors/inventory/events.ts describes, with code of its own. */
export type StockEvent =
  | { readonly kind: 'configured'; readonly index: number; readonly settings: StockSettings }
  /** Settings that take the place of others; of those that no books depend on too. */
  | { readonly kind: 'edited'; readonly index: number; readonly edit: StockEdit }
  | { readonly kind: 'phaseSet'; readonly index: number; readonly phase: Phase }
  | {
      /** `lobbied`: waits for the draw. */
      readonly kind: 'held' | 'queued' | 'lobbied'
      readonly index: number
      readonly claim: number
      readonly qty: number
      readonly user: string
      readonly until: number
      readonly request: string
    }
  | { readonly kind: 'left' | 'expired' | 'absent' | 'delivered'; readonly index: number; readonly claim: number }
  | { readonly kind: 'granted'; readonly index: number; readonly count: number; readonly until: number }
  | { readonly kind: 'lineSoldOut' | 'forgotten'; readonly index: number; readonly count: number }
  | { readonly kind: 'ordered'; readonly index: number; readonly claim: number; readonly until: number; readonly amountMinor: number }
  | { readonly kind: 'settled'; readonly index: number; readonly claim: number; readonly outcome: SettledState }
  | { readonly kind: 'restocked'; readonly index: number; readonly units: number; readonly request: string }
  | (RefundNews & { readonly kind: 'refundBegun' })
  | (RefundNews & { readonly kind: 'refundEnded' })
  | { readonly kind: 'refundTold'; readonly index: number; readonly claim: number; readonly request: string }
  | { readonly kind: 'lobbyClosed'; readonly index: number; readonly cutoff: number }
  | { readonly kind: 'counted'; readonly index: number; readonly to: number; readonly entries: readonly CountedEntry[] }
  | { readonly kind: 'rosterHashed'; readonly index: number; readonly hash: string }
  /** Without bytes for a value that did not come. */
  | { readonly kind: 'beaconCame'; readonly index: number; readonly value: Uint8Array }
  | { readonly kind: 'seated'; readonly index: number; readonly to: number; readonly isLate: boolean; readonly claims: readonly number[] }
  | { readonly kind: 'drawn'; readonly index: number }
  | { readonly kind: 'seedRevealed'; readonly index: number; readonly seed: Uint8Array }
  /** `epoch` is 0 in old journals. */
  | { readonly kind: 'resumedBy'; readonly epoch: number; readonly gapMs: number }
  /** From here on a pseudonym stands for a user, of whatever SKU. */
  | { readonly kind: 'erased'; readonly pseudonym: string }
  /** Says nothing of stock. */
  | { readonly kind: 'answered'; readonly index: number; readonly userHash: number; readonly request: string }
  /** Nor do these: what became of a reservation that counts against the limit of a sale. */
  | { readonly kind: 'reserved' | 'spent' | 'reservationTold'; readonly index: number; readonly user: string; readonly number: number }

/** What is said of a refund when it begins and when it ends. */
export interface RefundNews {
  readonly index: number
  readonly claim: number
  readonly orderTag: number
  readonly user: string
  readonly qty: number
  /** Of this refund; of the order; what has gone back of the order, with this one if it is done. */
  readonly amountMinor: number
  readonly orderMinor: number
  readonly refundedMinor: number
  readonly request: string
  readonly isDone: boolean
  readonly isRestocked: boolean
  readonly isLimitFreed: boolean
}

/** What was decided about a SKU, as far as its books depend on it. */
export interface StockSettings {
  readonly sku: string
  readonly sale: string
  readonly incarnation: string
  readonly stock: number
  readonly perUserMax: number
  /** Of all SKUs of the sale together; undefined if the sale has no such limit. */
  readonly saleLimitPerUser?: number | undefined
  /** For so long a place survives without its user; 0 is for ever, and undefined too. */
  readonly absenceMs?: number | undefined
  readonly lineMax: number
  readonly priceMinor: number
  readonly currency: string
  /** Of a SKU with a draw. */
  readonly draw: Omit<DrawSettings, 'sku'> | undefined
}

/** What was changed of a SKU's settings later, by name. */
export type StockEdit = z.output<typeof editSchema>

/** The request of a call that carried none. */
export const noRequest = '0.0'

export type Phase = 'scheduled' | 'open' | 'paused' | 'closed'
export type SettledState = 'overdue' | 'refunding' | 'paid' | 'declined' | 'cancelled' | 'refunded' | 'unrefunded'

const phases: readonly Phase[] = ['scheduled', 'open', 'paused', 'closed']
const settledStates = new Map<number, SettledState>([
  [4, 'overdue'],
  [5, 'refunding'],
  [6, 'paid'],
  [7, 'declined'],
  [8, 'cancelled'],
  [9, 'refunded'],
  [13, 'unrefunded'],
])

const configuredSchema = z.object({
  settings: z.object({
    sku: z.string(),
    sale: z.string(),
    stock: z.int().min(0),
    perUserMax: z.int().min(1),
    saleLimitPerUser: z.int().min(1).optional(),
    absenceMs: z.int().min(0).optional(),
    lineMax: z.int().min(0),
    priceMinor: z.int().min(0),
    currency: z.string(),
    draw: z.object({ beacon: z.object({ source: z.string(), round: z.number() }).optional() }).optional(),
  }),
  incarnation: z.string(),
  drawCommitment: z.instanceof(Uint8Array).optional(),
  /** In journals of former versions. */
  drawSeed: z.instanceof(Uint8Array).optional(),
})
const editSchema = z.looseObject({
  perUserMax: z.int().min(1).exactOptional(),
  lineMax: z.int().min(0).exactOptional(),
  priceMinor: z.int().min(0).exactOptional(),
})
const packedAt = 8
const userAt = 36
const reservationUserAt = 16
const refundUserAt = 56
const drawClaimsAt = 16
const erasedAt = 20
const utf8 = new TextDecoder('utf-8', { fatal: true })

/** What is wrong with an event's bytes, in words, or the event. */
export function readStockEvent(event: ReadEvent): StockEvent | string {
  try {
    return decode(event) ?? `has an event of the unknown kind ${event.kind}`
  } catch (error) {
    // Too short for its kind, or not what its kind packs.
    return `has an event of kind ${event.kind} that cannot be read: ${error instanceof Error ? error.message : String(error)}`
  }
}

function decode({ kind, view, bytes }: ReadEvent): StockEvent | undefined {
  const u32 = (offset: number) => view.getUint32(offset, true)
  const f64 = (offset: number) => view.getFloat64(offset, true)
  const index = u32(4)
  switch (kind) {
    case 1: {
      const { settings, incarnation, drawSeed, drawCommitment } = configuredSchema.parse(unpackInner(bytes.slice(packedAt)))
      const secret = { seed: drawSeed, commitment: drawCommitment }
      const draw = settings.draw === undefined ? undefined : { ...secret, beacon: settings.draw.beacon }
      return { kind: 'configured', index, settings: { ...settings, incarnation, draw } }
    }
    case 2: {
      const phase = phases[view.getUint8(8)]
      return phase === undefined ? undefined : { kind: 'phaseSet', index, phase }
    }
    case 3:
    case 4:
    case 32: {
      const user = utf8.decode(bytes.subarray(userAt, userAt + view.getUint8(14)))
      const begun = { index, claim: u32(8), qty: view.getUint16(12, true), user, until: f64(16), request: `${u32(24)}.${u32(28)}` }
      return { kind: kind === 3 ? 'held' : kind === 4 ? 'queued' : 'lobbied', ...begun }
    }
    case 5:
      return { kind: 'left', index, claim: u32(8) }
    case 6:
      return { kind: 'expired', index, claim: u32(8) }
    case 7:
      return { kind: 'granted', index, count: u32(8), until: f64(16) }
    case 8:
      return { kind: 'lineSoldOut', index, count: u32(8) }
    case 9:
      return { kind: 'ordered', index, claim: u32(8), until: f64(16), amountMinor: f64(24) }
    case 10: {
      const outcome = settledStates.get(view.getUint8(12))
      return outcome === undefined ? undefined : { kind: 'settled', index, claim: u32(8), outcome }
    }
    case 12:
      return { kind: 'restocked', index, units: u32(8), request: `${u32(12)}.${u32(16)}` }
    case 13:
      return { kind: 'forgotten', index, count: u32(8) }
    case 14:
      return { kind: 'delivered', index, claim: u32(8) }
    case 15:
      return { kind: 'resumedBy', epoch: f64(8), gapMs: f64(16) }
    case 16:
      return { kind: 'answered', index, userHash: u32(8), request: `${u32(12)}.${u32(16)}` }
    case 24:
    case 25:
    case 26: {
      const user = utf8.decode(bytes.subarray(reservationUserAt))
      return { kind: kind === 24 ? 'reserved' : kind === 25 ? 'spent' : 'reservationTold', index, user, number: u32(8) }
    }
    case 17:
    case 18: {
      const user = utf8.decode(bytes.subarray(refundUserAt, refundUserAt + view.getUint8(14)))
      const flags = view.getUint8(15)
      return {
        ...{
          kind: kind === 17 ? 'refundBegun' : 'refundEnded',
          index,
          claim: u32(8),
          orderTag: u32(32),
          user,
          qty: view.getUint16(12, true),
        },
        ...{ amountMinor: f64(16), orderMinor: f64(40), refundedMinor: f64(48), request: `${u32(24)}.${u32(28)}` },
        ...{ isDone: (flags & 1) !== 0, isRestocked: (flags & 2) !== 0, isLimitFreed: (flags & 4) !== 0 },
      }
    }
    case 19:
      return { kind: 'refundTold', index, claim: u32(8), request: `${u32(12)}.${u32(16)}` }
    case 33:
      return { kind: 'lobbyClosed', index, cutoff: u32(8) }
    case 34: {
      const count = u32(12)
      const ids = Buffer.from(bytes.subarray(drawClaimsAt + 4 * count)).toString('hex')
      const entries = Array.from({ length: count }, (_, i) => ({ claim: u32(drawClaimsAt + 4 * i), id: ids.slice(32 * i, 32 * i + 32) }))
      return { kind: 'counted', index, to: u32(8), entries }
    }
    case 35:
      return { kind: 'rosterHashed', index, hash: Buffer.from(bytes.subarray(16)).toString('hex') }
    case 36:
      return { kind: 'beaconCame', index, value: bytes.slice(8) }
    case 37: {
      const claims = Array.from({ length: (bytes.length - drawClaimsAt) / 4 }, (_, i) => u32(drawClaimsAt + 4 * i))
      return { kind: 'seated', index, to: u32(8), isLate: u32(12) === 1, claims }
    }
    case 39:
      return { kind: 'absent', index, claim: u32(8) }
    case 42:
      return { kind: 'edited', index, edit: editSchema.parse(unpackInner(bytes.slice(packedAt))) }
    case 38:
      return { kind: 'drawn', index }
    case 41:
      return { kind: 'erased', pseudonym: utf8.decode(bytes.subarray(erasedAt)) }
    case 40:
      return { kind: 'seedRevealed', index, seed: bytes.slice(8) }
    default:
      return undefined
  }
}
