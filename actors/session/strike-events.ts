import type { Position } from '../../cluster/store.ts'
import { eachEvent, readRecordHead, RecordWriter } from '../record.ts'
import { hashOfEvent, isOfUser, positionOfEvent, userOfEvent, writeStruck } from './session-events.ts'

/** Takes what a record of a session shard says of these users out of it, and leaves what its digest needs; undefined if it says nothing of them. */
export function strikeEvents(
  position: Position,
  record: Uint8Array,
  isErased: (user: string, position: Position) => boolean,
): Uint8Array | undefined {
  const view = new DataView(record.buffer, record.byteOffset, record.length)
  const head = readRecordHead(record)
  const writer = new RecordWriter()
  writer.begin(head.now)
  let isChanged = false
  eachEvent(record, view, (at) => {
    if (isOfUser(record, at) && isErased(userOfEvent(record, at), position)) {
      isChanged = true
      writeStruck(writer, positionOfEvent(view, at), hashOfEvent(record, view, at))
      return
    }
    const length = view.getUint16(at, true)
    const to = writer.event(length, 0)
    writer.bytes.set(record.subarray(at + 2, at + length), to + 2)
  })
  return isChanged ? writer.seal(head.digest) : undefined
}
