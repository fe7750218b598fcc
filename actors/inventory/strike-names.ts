import type { Position } from '../../cluster/store.ts'
import type { Erasures } from '../erasures.ts'
import { StrikeProgress } from '../names-to-strike.ts'
import { isPseudonym, pseudonymOf } from '../pseudonym.ts'
import { eachEvent, readRecordHead, RecordWriter } from '../record.ts'
import { eventKind, eventOffset } from './events.ts'

/** Where the user's id stands in an event that has one: after so many bytes, and to its end or with its length in a byte. */
interface NamePlace {
  readonly at: number
  readonly lengthAt: number | undefined
}

const ofClaim: NamePlace = { at: eventOffset.user, lengthAt: eventOffset.userBytes }
const ofRefund: NamePlace = { at: eventOffset.refundUser, lengthAt: eventOffset.userBytes }
const ofReservation: NamePlace = { at: eventOffset.reservationUser, lengthAt: undefined }
const names: ReadonlyMap<number, NamePlace> = new Map<number, NamePlace>([
  [eventKind.held, ofClaim],
  [eventKind.queued, ofClaim],
  [eventKind.lobbied, ofClaim],
  [eventKind.refundBegun, ofRefund],
  [eventKind.refundEnded, ofRefund],
  [eventKind.reserved, ofReservation],
  [eventKind.spent, ofReservation],
  [eventKind.reservationTold, ofReservation],
])

const utf8 = new TextEncoder()

/**
 * Puts pseudonyms in the place of users in the records of an inventory shard, and takes the payment tokens out of their orders. What is left replays to the same
 * state under the same digests: rows are known by a hash that the pseudonym carries.
 */
export class StrikeNames {
  private readonly isErased: (user: Uint8Array, position: Position) => boolean
  private readonly writer = new RecordWriter()
  /** Claims of those users that were seen to begin, as `sku.claim`. */
  private readonly claims = new Set<string>()

  constructor(isErased: (user: Uint8Array, position: Position) => boolean) {
    this.isErased = isErased
  }

  /** The record as it should be; undefined if it is so already. Valid until the next call. */
  strike(position: Position, record: Uint8Array): Uint8Array | undefined {
    const { writer } = this
    const view = new DataView(record.buffer, record.byteOffset, record.length)
    const head = readRecordHead(record)
    writer.begin(head.now)
    let isChanged = false
    eachEvent(record, view, (at) => {
      const event = record.subarray(at, at + view.getUint16(at, true))
      const struck = this.struck(position, event)
      if (struck !== undefined) isChanged = true
      copyEvent(writer, struck ?? event)
    })
    return isChanged ? writer.seal(head.digest) : undefined
  }

  private struck(position: Position, event: Uint8Array): Uint8Array | undefined {
    const kind = event[eventOffset.kind] as number
    const view = new DataView(event.buffer, event.byteOffset, event.length)
    if (kind === eventKind.ordered) {
      return event.length > eventOffset.payment && this.claims.has(claimOf(view)) ? event.slice(0, eventOffset.payment) : undefined
    }
    const place = names.get(kind)
    if (place === undefined) return undefined
    const { at, lengthAt } = place
    const end = lengthAt === undefined ? event.length : at + (event[lengthAt] as number)
    const name = event.subarray(at, end)
    if (!this.isErased(name, position)) return undefined
    if (place === ofClaim) this.claims.add(claimOf(view))
    if (isPseudonym(name)) return undefined
    const pseudonym = utf8.encode(pseudonymOf(name))
    const struck = new Uint8Array(at + pseudonym.length + event.length - end)
    struck.set(event.subarray(0, at))
    struck.set(pseudonym, at)
    struck.set(event.subarray(end), at + pseudonym.length)
    if (lengthAt !== undefined) struck[lengthAt] = pseudonym.length
    return struck
  }
}

function claimOf(view: DataView): string {
  return `${view.getUint32(eventOffset.sku, true)}.${view.getUint32(eventOffset.claim, true)}`
}

/** Its first two bytes say how long it was. */
function copyEvent(writer: RecordWriter, event: Uint8Array): void {
  const at = writer.event(event.length, 0)
  writer.bytes.set(event.subarray(2), at + 2)
}

/** How far the owner of an inventory shard has come with striking out its erased users. An erasure's own record names nobody, so it may stay. */
export function strikeProgress(erasures: Erasures<undefined>): StrikeProgress {
  return new StrikeProgress(() => {
    const strike = new StrikeNames((user, position) => erasures.of(user, position) !== undefined)
    return (position, record) => strike.strike(position, record)
  }, true)
}
