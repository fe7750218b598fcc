import { Unpackr } from 'msgpackr'
import { ScannedCall, scanHotCall } from '../../protocol/edge-scanner.ts'
import { decodeStrict } from '../../protocol/msgpack-reader.ts'
import { buyCalls } from './buy-calls.ts'
import type { MicroSuite } from './micro-case.ts'

const calls = 1_024

/** What it costs to understand a `buy`: scanned in place, read by the strict decoder, read by msgpackr. */
export const edgeDecode: MicroSuite = () => {
  const bytes = buyCalls(calls)
  const ends = endsIn(bytes)
  const scanned = new ScannedCall()
  const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' })
  const perCall = { operations: calls, unit: 'call' }
  return {
    cases: [
      { ...perCall, name: 'edge: scan in place', run: () => ends.reduce((at) => scanHotCall(bytes, at, bytes.length, true, scanned), 0) },
      { ...perCall, name: 'edge: strict decoder', run: () => ends.reduce((at, end) => (decodeStrict(bytes, at, end), end), 0) },
      { ...perCall, name: 'edge: msgpackr', run: () => ends.reduce((at, end) => (unpackr.unpack(bytes.subarray(at, end)), end), 0) },
    ],
  }
}

function endsIn(bytes: Uint8Array): readonly number[] {
  const ends: number[] = []
  const scanned = new ScannedCall()
  for (let at = 0; at < bytes.length;) {
    at = scanHotCall(bytes, at, bytes.length, true, scanned)
    if (at === 0) throw new Error('a call of the bench is not scanned')
    ends.push(at)
  }
  return ends
}
