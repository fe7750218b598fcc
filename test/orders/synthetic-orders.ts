import { eventKind, writeClaimed, writeConfigured, writeOrdered, writeSettled } from '../../actors/inventory/events.ts'
import { RecordWriter } from '../../actors/record.ts'
import { entryOf } from '../../actors/testing/asks.ts'
import { settingsOf } from '../../actors/testing/inventory-rig.ts'
import type { ArchiveRecord } from '../../cluster/store.ts'

const ordersPerRecord = 1_000
const paid = 6

/** A journal of as many paid orders, made while it is read. */
export async function* syntheticOrders(count: number): AsyncGenerator<ArchiveRecord> {
  const epoch = 1
  const record = new RecordWriter()
  yield { position: { epoch, seq: 0 }, bytes: new Uint8Array(0), trimmed: false }
  record.begin(1)
  writeConfigured(record, 0, { settings: settingsOf({ stock: count }), incarnation: 'inc1' })
  yield { position: { epoch, seq: 1 }, bytes: record.seal(0).slice(), trimmed: false }
  const payment = new TextEncoder().encode('tok_of_somebody')
  for (let claim = 1, seq = 2; claim <= count; seq++) {
    record.begin(seq)
    for (let i = 0; i < ordersPerRecord && claim <= count; i++, claim++) {
      const entry = entryOf({ op: 'buy', sku: 'shoe', user: `user-${claim}` })
      writeClaimed(record, eventKind.held, 0, claim, 10_000, entry, new DataView(entry.buffer), 0)
      writeOrdered(record, 0, claim, { payBy: 20_000, amountMinor: 1_999, payment })
      writeSettled(record, 0, claim, paid)
    }
    yield { position: { epoch, seq }, bytes: record.seal(0).slice(), trimmed: false }
  }
}
