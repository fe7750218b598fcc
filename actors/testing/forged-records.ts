import type { ArchiveRecord } from '../../cluster/store.ts'
import { formatOrderId } from '../../protocol/ids.ts'
import type { SkuEdit } from '../../protocol/sale-change.ts'
import {
  eventKind,
  writeClaimed,
  writeConfigured,
  writeEdited,
  writeGranted,
  writeNumbered,
  writeOrdered,
  writePhaseSet,
  writeRefund,
  writeRestocked,
  writeSettled,
} from '../inventory/events.ts'
import { RecordWriter } from '../record.ts'
import { entryOf } from './asks.ts'
import { skuId } from './ids.ts'
import { incarnation, settingsOf } from './inventory-rig.ts'

/** Writes an event of SKU 0 the way the actor would, whether or not the actor ever could: for tests of those who check its journal. */
export type Forge = (record: RecordWriter) => void

export const forgedUnits = 2
/** When every forged record says that it was written. */
export const forgedNow = 1_000_000
/** Outcomes of orders as the journal numbers them. */
export const [overdue, refunding, paid, declined, refunded] = [4, 5, 6, 7, 9] as const

/** A SKU of {@link forgedUnits}, all of which one user may have, and open. */
export function open(record: RecordWriter): void {
  writeConfigured(record, 0, { settings: settingsOf({ stock: forgedUnits, perUserMax: 2 }), incarnation })
  writePhaseSet(record, 0, 1)
}

export function hold(claim: number, user: string, qty = 1, request?: string): Forge {
  return claimed(eventKind.held, claim, { user, qty, until: 5_000, request })
}

export function holdUntil(claim: number, user: string, until: number): Forge {
  return claimed(eventKind.held, claim, { user, qty: 1, until, request: undefined })
}

export function ticket(claim: number, user: string, qty = 1): Forge {
  return claimed(eventKind.queued, claim, { user, qty, until: 0, request: undefined })
}

export function numbered(kind: 'left' | 'expired' | 'absent' | 'lineSoldOut' | 'forgotten' | 'delivered', number: number): Forge {
  return (record) => void writeNumbered(record, eventKind[kind], 0, number)
}

export function grant(count: number): Forge {
  return (record) => void writeGranted(record, 0, count, 5_000)
}

export function order(claim: number, amountMinor = 1_999): Forge {
  return (record) => void writeOrdered(record, 0, claim, { payBy: 9_000, amountMinor, payment: new Uint8Array(3) })
}

export function settle(claim: number, outcome: number): Forge {
  return (record) => void writeSettled(record, 0, claim, outcome)
}

/** Of one user's order: begins when `flags` is undefined, and else ends with these. */
export function refund(claim: number, amountMinor: number, refundedMinor: number, flags?: number): Forge {
  const id = formatOrderId({ sku: skuId('shoe'), incarnation, claim })
  const of = { claim, order: id, user: 'a', qty: 1, orderMinor: 1_999, orderTag: 0 }
  const news = { ...of, amountMinor, requestHi: amountMinor, requestLo: 1, state: 'open', refundedMinor, updatedAt: 0 } as const
  const kind = flags === undefined ? eventKind.refundBegun : eventKind.refundEnded
  return (record) => void writeRefund(record, kind, 0, news, flags ?? 0)
}

export function edit(settings: SkuEdit): Forge {
  return (record) => void writeEdited(record, 0, settings)
}

export function phase(number: number): Forge {
  return (record) => void writePhaseSet(record, 0, number)
}

export function restock(units: number, request = 0): Forge {
  return (record) => void writeRestocked(record, 0, units, request, request)
}

/** One record of these events. */
export function forged(events: readonly Forge[], now = forgedNow): Uint8Array {
  const record = new RecordWriter()
  record.begin(now)
  for (const write of events) write(record)
  return record.seal(0).slice()
}

/** A record without events. */
export function sealed(now: number): Uint8Array {
  return forged([], now)
}

/** Records as the store keeps them: an epoch's opening, then one after the other. */
export function chain(records: readonly Uint8Array[], epoch = 7): ArchiveRecord[] {
  const opening = { position: { epoch, seq: 0 }, bytes: new Uint8Array(0), trimmed: false }
  return [opening, ...records.map((bytes, i) => ({ position: { epoch, seq: i + 1 }, bytes, trimmed: false }))]
}

function claimed(
  kind: typeof eventKind.held | typeof eventKind.queued,
  claim: number,
  {
    user,
    qty,
    until,
    request,
  }: { readonly user: string; readonly qty: number; readonly until: number; readonly request: string | undefined },
): Forge {
  const entry = entryOf({ op: 'buy', user, qty, ...(request === undefined ? {} : { request }) })
  return (record) => void writeClaimed(record, kind, 0, claim, until, entry, new DataView(entry.buffer), 0)
}
