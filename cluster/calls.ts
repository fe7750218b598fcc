import { type Code, refusal } from '../protocol/codes.ts'
import type { ScannedCall } from '../protocol/edge-scanner.ts'
import { type Entry, entryHeadBytes, entryOffset, type Op, writeEntry } from '../protocol/entry.ts'
import { type AnswerView, commandsHead, eachAnswer, frameBytesMax, frameKind, frameVersion, readCommandsHead } from '../protocol/frame.ts'
import { hashBytes, hashBytesAgain, shardOfHash } from '../protocol/hash.ts'
import type { Plain } from '../protocol/msgpack-writer.ts'
import { decodeReturned } from '../protocol/returned-frame.ts'
import { replySubject, type ShardKind, shardSubject } from '../protocol/subject.ts'
import type { Bus, Served } from './bus.ts'
import { type CallResult, decodePlain } from './call-codec.ts'
import { CommandBatch } from './command-batch.ts'
import { HeldFrames } from './held-frames.ts'
import { MsCounts } from './ms-counts.ts'
import { PendingCalls } from './pending-calls.ts'
import type { Timer, World } from './world.ts'

const busyRetryMs = 500
const sweepMs = 100
const noBytes = new Uint8Array(0)
const utf8 = new TextEncoder()

/** Where answers to calls with a numbered target go: the gateway's connections. */
export interface CallSink {
  /** The answer's bytes are valid during the call only. */
  answered(target: number, targetTurn: number, method: number, answer: AnswerView): void
  /** The call in this row ended without a shard's answer. */
  failed(slot: number, target: number, targetTurn: number, method: number, msgid: number, code: Code, retryAfterMs?: number): void
  /** All answers of one frame have been given out. */
  flush(): void
}

/** A cold command; what is left out is empty. */
export interface Command {
  readonly op: Op
  readonly sku?: string
  readonly user?: string
  readonly qty?: number
  readonly requestId?: string
  readonly payload?: Uint8Array
}

export interface CallsLimits {
  readonly pendingMax: number
  readonly callDeadlineMs: number
}

/**
 * Calls to shards over the bus, batched: every entry that is added before the event loop comes round goes out in one frame per shard, and answers
 * come back to the row of {@link PendingCalls} that each entry names. Used by gateways and by payment workers.
 */
export class Calls {
  readonly pending: PendingCalls
  readonly subject: string
  readonly limits: CallsLimits
  /** Calls that ended at their deadline. */
  timeouts = 0
  /** From a call until its answer, of one in {@link sampledOf}; what nobody answered is in {@link timeouts}. */
  readonly latencies = new MsCounts([1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000])
  private readonly bus: Bus
  private readonly world: World
  private readonly shards: number
  private readonly batches = new Map<string, CommandBatch>()
  private readonly invBatches: CommandBatch[]
  private readonly dirty: CommandBatch[] = []
  private readonly waiters = new Map<number, (answer: Uint8Array | Code) => void>()
  private readonly served: Served
  private readonly sweeper: Timer
  private sink: CallSink | undefined
  private onNotice: ((frame: Uint8Array) => void) | undefined
  private readonly held: HeldFrames
  private flushIsDue = false
  private isClosed = false

  constructor(parts: {
    readonly bus: Bus
    readonly world: World
    readonly node: string
    readonly shards: number
    readonly limits: CallsLimits
  }) {
    this.bus = parts.bus
    this.world = parts.world
    this.shards = parts.shards
    this.limits = parts.limits
    this.subject = replySubject(parts.node)
    this.pending = new PendingCalls(parts.limits.pendingMax)
    this.held = new HeldFrames({
      world: parts.world,
      send: (subject, frame) => parts.bus.send(subject, frame),
      isLive: (frame) => this.hasLiveCall(frame),
      refuse: (frame) => this.fail(frame, 'BUSY', busyRetryMs),
    })
    this.invBatches = Array.from({ length: parts.shards }, (_, shard) => this.batchOf(shardSubject('inv', shard)))
    this.served = parts.bus.serve(this.subject, (frame) => this.receive(frame))
    this.sweeper = parts.world.timers.every(sweepMs, () => this.sweep())
    parts.bus.onUndelivered((subject, frame) => this.undelivered(subject, frame))
  }

  /** Frames that nobody received and that were sent again. */
  get resent(): number {
    return this.held.resent
  }

  /** Where answers with a numbered target go. */
  useSink(sink: CallSink): void {
    this.sink = sink
  }

  /** Where frames that answer no call go: notices of a session. */
  useNotices(onNotice: (frame: Uint8Array) => void): void {
    this.onNotice = onNotice
  }

  /**
   * The hot path: puts a scanned call into its shard's batch, copying SKU and user straight from the socket's bytes. Returns the call's row, or -1 if
   * none is free. `user` holds the user's bytes: the scanned ones or the connection's own.
   */
  // oxlint-disable-next-line max-params -- an object to carry them would be one per call
  sendScanned(
    call: ScannedCall,
    bytes: Uint8Array,
    user: Uint8Array,
    userFrom: number,
    userTo: number,
    userHash: number,
    target: number,
    targetTurn: number,
    method: number,
    now: number,
  ): number {
    const deadlineAt = now + this.limits.callDeadlineMs
    const row = this.pending.take(target, targetTurn, call.msgid, method, deadlineAt)
    if (row < 0) return none
    const batch = this.invBatches[shardOfHash(call.skuHash, this.shards)] as CommandBatch
    const skuBytes = call.skuTo - call.skuFrom
    const userBytes = userTo - userFrom
    const length = entryHeadBytes + skuBytes + userBytes
    const at = this.room(batch, length)
    const { view } = batch
    const out = batch.bytes
    view.setUint16(at, length, true)
    view.setUint16(at + entryOffset.op, call.op, true)
    view.setUint32(at + entryOffset.slot, row, true)
    view.setUint32(at + entryOffset.turn, this.pending.turn[row] as number, true)
    view.setUint32(at + entryOffset.msgid, call.msgid, true)
    view.setFloat64(at + entryOffset.deadlineAt, deadlineAt, true)
    view.setUint32(at + entryOffset.skuHash, call.skuHash, true)
    view.setUint32(at + entryOffset.userHash, userHash, true)
    view.setUint32(at + entryOffset.requestHi, call.requestHi, true)
    view.setUint32(at + entryOffset.requestLo, call.requestLo, true)
    view.setUint16(at + entryOffset.qty, call.qty, true)
    out[at + entryOffset.skuBytes] = skuBytes
    out[at + entryOffset.userBytes] = userBytes
    let to = at + entryHeadBytes
    for (let i = call.skuFrom; i < call.skuTo; i++) out[to++] = bytes[i] as number
    for (let i = userFrom; i < userTo; i++) out[to++] = user[i] as number
    batch.length = to
    batch.count++
    return row
  }

  /** A command whose answer goes to a numbered target as it is. Returns the call's row, or -1 if none is free. */
  sendCommand(kind: ShardKind, shard: number, command: Command, msgid: number, target: number, targetTurn: number, method: number): number {
    return this.add(kind, shard, command, msgid, target, targetTurn, method)
  }

  /**
   * A command whose answer the caller wants to read. Resolves in any case: with `BUSY`, `TIMEOUT` or `UNAVAILABLE` if no shard answers. `decode` is
   * called before the next frame of the bus is; rejects only with what it throws.
   */
  request<T = Plain>(
    kind: ShardKind,
    shard: number,
    command: Command,
    decode: (bytes: Uint8Array) => CallResult<T> = decodePlain,
  ): Promise<CallResult<T>> {
    return new Promise((resolve, reject) => {
      if (this.isClosed) return resolve({ error: refusal('UNAVAILABLE'), result: null })
      const row = this.add(kind, shard, command, 0, none, 0, 0)
      if (row < 0) return resolve({ error: refusal('BUSY', 'Too many calls wait for an answer.', 500), result: null })
      this.waiters.set(row, (answer) => {
        if (typeof answer === 'string') return resolve({ error: refusal(answer), result: null })
        try {
          resolve(decode(answer))
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)))
        }
      })
    })
  }

  shardOfText(text: string): number {
    const bytes = utf8.encode(text)
    return this.shardOfHash(hashBytes(bytes, 0, bytes.length))
  }

  shardOfHash(hash: number): number {
    return shardOfHash(hash, this.shards)
  }

  /** Sends what has been added; happens by itself when the event loop comes round. */
  flush(): void {
    this.flushIsDue = false
    for (const batch of this.dirty) this.send(batch)
    this.dirty.length = 0
  }

  /** Ends every request with `UNAVAILABLE`, and sends nothing more. */
  close(): void {
    this.isClosed = true
    this.sweeper.cancel()
    this.held.close()
    this.served.close()
    for (const [, waiter] of this.waiters) waiter('UNAVAILABLE')
    this.waiters.clear()
  }

  private add(kind: ShardKind, shard: number, command: Command, msgid: number, target: number, targetTurn: number, method: number): number {
    const deadlineAt = this.world.clock.now() + this.limits.callDeadlineMs
    const row = this.pending.take(target, targetTurn, msgid, method, deadlineAt)
    if (row < 0) return row
    const entry = entryOf(command, row, this.pending.turn[row] as number, msgid, deadlineAt)
    const batch = this.batchOf(shardSubject(kind, shard))
    const at = this.room(batch, entryHeadBytes + entry.sku.length + entry.user.length + entry.payload.length)
    batch.length = writeEntry(batch.bytes, batch.view, at, entry)
    batch.count++
    return row
  }

  private batchOf(subject: string): CommandBatch {
    const known = this.batches.get(subject)
    if (known !== undefined) return known
    const batch = new CommandBatch(subject, commandsHead(this.subject))
    this.batches.set(subject, batch)
    return batch
  }

  private room(batch: CommandBatch, bytes: number): number {
    // A bus of one process hands on answers before it returns, and whoever hears them may ask on.
    if (batch.isLeaving) batch.renew()
    if (batch.length + bytes > frameBytesMax || batch.count === countMax) this.send(batch)
    if (batch.count === 0) {
      this.dirty.push(batch)
      if (!this.flushIsDue) {
        this.flushIsDue = true
        this.world.timers.soon(() => this.flush())
      }
    }
    return batch.reserve(bytes)
  }

  private send(batch: CommandBatch): void {
    if (batch.count === 0) return
    const frame = batch.finish()
    batch.isLeaving = true
    this.dispatch(batch.subject, frame)
    if (batch.isLeaving) batch.clear()
  }

  private dispatch(subject: string, frame: Uint8Array): void {
    if (this.held.holds(subject)) return this.held.hold(subject, frame)
    const sent = this.bus.send(subject, frame)
    if (sent === 'no-responders') this.undelivered(subject, frame)
    else if (sent === 'full') this.fail(frame, 'BUSY', busyRetryMs)
  }

  /** Nobody has the shard at the moment, so nothing of the frame was done: it is sent again a little later, inside the calls' deadlines. */
  private undelivered(subject: string, frame: Uint8Array): void {
    // A bus tells all who listen, and rows of other calls are not ours.
    if (readCommandsHead(frame)?.replyTo === this.subject) this.held.hold(subject, frame, true)
  }

  private receive(frame: Uint8Array): void {
    if (frame[0] !== frameVersion) return
    if (frame[1] === frameKind.notice || frame[1] === frameKind.orderNotice) return this.onNotice?.(frame)
    if (frame[1] === frameKind.returned) return this.returned(frame)
    if (frame[1] !== frameKind.answers) return
    const begun = this.world.clock.now() + this.limits.callDeadlineMs
    eachAnswer(frame, (answer) => {
      const { pending } = this
      const { slot, turn } = answer
      const isSampled = ((slot + turn) & (sampledOf - 1)) === 0
      const deadlineAt = isSampled ? (pending.deadlineAt[slot] as number) : 0
      if (!pending.settle(slot, turn)) return
      if (isSampled) this.latencies.observe(begun - deadlineAt)
      const target = pending.target[slot] as number
      if (target !== none) this.sink?.answered(target, pending.targetTurn[slot] as number, pending.method[slot] as number, answer)
      else this.wait(slot, answer.frame.slice(answer.from, answer.to))
    })
    this.sink?.flush()
  }

  private returned(frame: Uint8Array): void {
    const returned = decodeReturned(frame)
    if (returned !== undefined) this.undelivered(shardSubject(returned.kind, returned.shard), returned.commands)
  }

  private sweep(): void {
    this.pending.overdue(this.world.clock.now(), (row) => {
      this.timeouts++
      this.end(row, this.pending.turn[row] as number, 'TIMEOUT')
    })
    this.sink?.flush()
  }

  private fail(frame: Uint8Array, code: Code, retryAfterMs: number): void {
    eachEntry(frame, (view, at) =>
      this.end(view.getUint32(at + entryOffset.slot, true), view.getUint32(at + entryOffset.turn, true), code, retryAfterMs),
    )
    this.sink?.flush()
  }

  private end(row: number, turn: number, code: Code, retryAfterMs?: number): void {
    const { pending } = this
    if (!pending.settle(row, turn)) return
    const target = pending.target[row] as number
    if (target === none) this.wait(row, code)
    else
      this.sink?.failed(
        row,
        target,
        pending.targetTurn[row] as number,
        pending.method[row] as number,
        pending.msgid[row] as number,
        code,
        retryAfterMs,
      )
  }

  private wait(row: number, answer: Uint8Array | Code): void {
    const waiter = this.waiters.get(row)
    this.waiters.delete(row)
    waiter?.(answer)
  }

  private hasLiveCall(frame: Uint8Array): boolean {
    let live = false
    eachEntry(frame, (view, at) => {
      if (this.pending.turn[view.getUint32(at + entryOffset.slot, true)] === view.getUint32(at + entryOffset.turn, true)) live = true
    })
    return live
  }
}

/** A power of two. A row's turns go up by one, so that every row is looked at in turn. */
export const sampledOf = 16

const none = -1
const countMax = 0xffff

function eachEntry(frame: Uint8Array, each: (view: DataView, at: number) => void): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length)
  let at = 5 + (frame[4] as number)
  for (let left = view.getUint16(2, true); left > 0; left--) {
    each(view, at)
    at += view.getUint16(at, true)
  }
}

function entryOf(command: Command, slot: number, turn: number, msgid: number, deadlineAt: number): Entry {
  const sku = command.sku === undefined ? noBytes : utf8.encode(command.sku)
  const user = command.user === undefined ? noBytes : utf8.encode(command.user)
  const request = command.requestId === undefined ? undefined : utf8.encode(command.requestId)
  return {
    op: command.op,
    slot,
    turn,
    msgid,
    deadlineAt,
    skuHash: hashBytes(sku, 0, sku.length),
    userHash: hashBytes(user, 0, user.length),
    requestHi: request === undefined ? 0 : hashBytes(request, 0, request.length),
    requestLo: request === undefined ? 0 : hashBytesAgain(request, 0, request.length),
    qty: command.qty ?? 0,
    sku,
    user,
    payload: command.payload ?? noBytes,
  }
}
