import type { Bus, Served } from '../../cluster/bus.ts'
import { CommandBatch } from '../../cluster/command-batch.ts'
import type { Timers } from '../../cluster/world.ts'
import { codeTable } from '../../protocol/codes.ts'
import { entryHeadBytes, entryOffset, op, writeEntry } from '../../protocol/entry.ts'
import { commandsHead, eachAnswer, frameBytesMax, frameKind } from '../../protocol/frame.ts'
import { hashBytes, hashBytesAgain } from '../../protocol/hash.ts'
import { shardSubject } from '../../protocol/subject.ts'
import type { Lane, LaneListener } from '../load/lane.ts'
import { numberMark } from '../load/request-ring.ts'
import { userMark } from '../load/wire.ts'
import { benchSku } from '../servers/sluice-sale.ts'
import { linkShard } from './link-target.ts'

export interface FrameLaneParts {
  readonly bus: Bus
  readonly timers: Timers
  /** Where answers come to. */
  readonly replyTo: string
  readonly run: string
  /** That its users are of. */
  readonly connection: number
  /** Calls under way at most. */
  readonly depth: number
  readonly listener: LaneListener
}

const free = 0
const countMax = 0xffff
const callDeadlineMs = 60_000
const codeNames = new Map<number, string>(Object.entries(codeTable).map(([name, { number }]) => [number, name]))

/**
 * Calls as frames on a bus, the way gateways send them (cluster/calls.ts): what is asked before the event loop comes round leaves in one frame, an entry each,
 * and an answer names the row of its call. Each call is of a user of its own.
 */
export class FrameLane implements Lane {
  readonly index = 0
  underWay = 0
  isOpen = true
  bytes = 0
  private readonly parts: FrameLaneParts
  private readonly batch: CommandBatch
  private readonly entry: Uint8Array
  private readonly entryView: DataView
  private readonly sentAt: Float64Array
  /** A stack of the rows that no call waits in. */
  private readonly rows: Uint32Array
  private freeRows: number
  /** Rows of calls that wait for the loop to come round, and of those that are being sent: a bus of one process hands on answers before it returns, and each may be followed by a call. */
  private waiting: Uint32Array
  private leaving: Uint32Array
  private waitingCount = 0
  private number = 0
  private flushIsDue = false
  private readonly served: Served

  constructor(parts: FrameLaneParts) {
    const { bus, replyTo, run, connection, depth } = parts
    this.parts = parts
    this.batch = new CommandBatch(shardSubject('inv', linkShard), commandsHead(replyTo))
    this.entry = entryTemplate(run, connection)
    this.entryView = new DataView(this.entry.buffer)
    this.sentAt = new Float64Array(depth)
    this.rows = Uint32Array.from({ length: depth }, (_, row) => row)
    this.freeRows = depth
    this.waiting = new Uint32Array(depth)
    this.leaving = new Uint32Array(depth)
    this.served = bus.serve(replyTo, (frame) => this.receive(frame))
  }

  send(count: number, sentAt: number): void {
    for (let left = count; left > 0; left--) {
      const row = this.rows[--this.freeRows] as number
      this.sentAt[row] = sentAt
      this.waiting[this.waitingCount++] = row
    }
    this.underWay += count
    if (this.flushIsDue) return
    this.flushIsDue = true
    this.parts.timers.soon(() => {
      this.flushIsDue = false
      this.flush()
    })
  }

  close(unanswered: (sentAt: number) => void): void {
    for (const sentAt of this.sentAt) if (sentAt !== free) unanswered(sentAt)
    this.isOpen = false
    this.served.close()
  }

  private flush(): void {
    const { waiting, waitingCount, batch, entry } = this
    this.waiting = this.leaving
    this.leaving = waiting
    this.waitingCount = 0
    this.entryView.setFloat64(entryOffset.deadlineAt, Date.now() + callDeadlineMs, true)
    for (let i = 0; i < waitingCount && this.isOpen; i++) {
      this.stamp(waiting[i] as number)
      if (batch.length + entry.length > frameBytesMax || batch.count === countMax) this.sendFrame()
      const at = batch.reserve(entry.length)
      batch.bytes.set(entry, at)
      batch.length = at + entry.length
      batch.count++
    }
    this.sendFrame()
  }

  /** The next user's call in this row. */
  private stamp(row: number): void {
    const { entry, entryView } = this
    const userAt = entry.length - userBytes
    let rest = this.number++
    for (let digit = entry.length - 1; digit >= entry.length - numberMark.length; digit--) {
      entry[digit] = hexDigits[rest & 15] as number
      rest >>>= 4
    }
    const hash = hashBytes(entry, userAt, entry.length)
    entryView.setUint32(entryOffset.slot, row, true)
    entryView.setUint32(entryOffset.msgid, row, true)
    entryView.setUint32(entryOffset.userHash, hash, true)
    entryView.setUint32(entryOffset.requestHi, hash, true)
    entryView.setUint32(entryOffset.requestLo, hashBytesAgain(entry, userAt, entry.length), true)
  }

  private sendFrame(): void {
    const { batch } = this
    if (batch.count === 0 || !this.isOpen) return
    const frame = batch.finish()
    this.bytes += frame.length
    const sent = this.parts.bus.send(batch.subject, frame)
    if (sent !== 'sent') this.refuse(frame, batch.count, sent === 'full' ? 'BUS_FULL' : 'NO_RESPONDERS')
    batch.clear()
  }

  private receive(frame: Uint8Array): void {
    if (frame[1] !== frameKind.answers || !this.isOpen) return
    const now = performance.now()
    this.bytes += frame.length
    eachAnswer(frame, ({ slot, code }) => this.answer(slot, now, code === 0 ? undefined : (codeNames.get(code) ?? `CODE ${code}`)))
    this.parts.listener.settled(this, now)
  }

  /** What the bus did not take is answered by that: its entries' rows are where the frame says. */
  private refuse(frame: Uint8Array, count: number, code: string): void {
    const now = performance.now()
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
    const { length } = this.entry
    for (let i = 1; i <= count; i++) this.answer(view.getUint32(frame.length - i * length + entryOffset.slot, true), now, code)
    this.parts.timers.soon(() => {
      if (this.isOpen) this.parts.listener.settled(this, performance.now())
    })
  }

  private answer(row: number, now: number, code: string | undefined): void {
    const sentAt = this.sentAt[row]
    if (sentAt === undefined || sentAt === free) throw new Error(`an answer came to row ${row}, in which no call waits`)
    this.sentAt[row] = free
    this.rows[this.freeRows++] = row
    this.underWay--
    this.parts.listener.answered(sentAt, now, code)
  }
}

const utf8 = new TextEncoder()
const hexDigits = utf8.encode('0123456789abcdef')
const userBytes = userMark('0000', 0).length

/** A `buy` with a user whose number is left open. */
function entryTemplate(run: string, connection: number): Uint8Array {
  const sku = utf8.encode(benchSku)
  const user = utf8.encode(userMark(run, connection))
  const bytes = new Uint8Array(entryHeadBytes + sku.length + user.length)
  const numbers = { slot: 0, turn: 1, msgid: 0, deadlineAt: Date.now() + callDeadlineMs, userHash: 0, requestHi: 0, requestLo: 0, qty: 1 }
  const skuHash = hashBytes(sku, 0, sku.length)
  writeEntry(bytes, new DataView(bytes.buffer), 0, { op: op.buy, ...numbers, skuHash, sku, user, payload: new Uint8Array(0) })
  return bytes
}
