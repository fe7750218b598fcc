import type { Bus, Served } from '../cluster/bus.ts'
import { type Position, type ShardName, type Store, StoreFault } from '../cluster/store.ts'
import type { Timer, World } from '../cluster/world.ts'
import type { ShardBroadcast } from '../protocol/broadcast.ts'
import { entryOffset } from '../protocol/entry.ts'
import { frameBytesMax, frameKind, frameVersion } from '../protocol/frame.ts'
import { packInner } from '../protocol/inner-codec.ts'
import type { Actor, Batch } from './actor.ts'
import { BatchGathering } from './batch-gathering.ts'
import { refuseFrame } from './busy.ts'
import { type FrameReader, Mailbox } from './mailbox.ts'
import { Notices } from './notices.ts'
import { RecordWriter } from './record.ts'
import { recover } from './recovery.ts'
import { Replies } from './replies.ts'
import { ShardCounters } from './shard-counters.ts'
import { WaitingEntries } from './waiting-entries.ts'

export interface ShardLimits {
  /** Commands that wait, in bytes; more are `BUSY`. */
  readonly mailboxBytesMax: number
  /** Commands in one batch; what is more waits for the next. */
  readonly batchEntriesMax: number
  /** Time between two broadcasts, and between two looks at the deadlines when nothing else happens. */
  readonly tickMs: number
  /** Between two tries to store a batch after the store failed. */
  readonly storeRetryMs: number
}

export interface ShardParts {
  readonly name: ShardName
  readonly subject: string
  /** Where broadcasts go; actors without a public side have none. */
  readonly publicSubject?: string
  readonly actor: Actor
  readonly store: Store
  readonly bus: Bus
  readonly world: World
  readonly limits: ShardLimits
  /** The shard can no longer act: another owner has it, or it stopped on a bug. Called once. */
  readonly onLost: (reason: Error) => void
}

/**
 * One shard under one epoch: takes what is in the mailbox, lets the actor decide, stores one record for the whole batch, then lets out what the
 * batch said. While a record is being stored the next batch builds up: that is the group commit.
 *
 *     serve -> mailbox -> decide + evolve -> append | confirm -> answers, broadcast, outbox
 *
 * Everything that leaves passes {@link Shard.turn}'s gate, which opens when the store has the batch (G3). If the store says `fenced`, what was
 * held is dropped and the shard is lost (G5). If the store fails, the same record is tried again, and answers wait.
 */
export class Shard {
  readonly counters = new ShardCounters()
  private readonly parts: ShardParts
  private readonly epoch: number
  private readonly mailbox: Mailbox
  private readonly record = new RecordWriter()
  private readonly replies = new Replies()
  private readonly notices = new Notices()
  private readonly waiting: WaitingEntries
  private readonly gathering: BatchGathering
  private seq = 0
  private broadcastSeq = 0
  private lastNow = 0
  private recoveredBytes = 0
  private wasUsed = false
  private recordedNow = 0
  private tickIsDue = false
  private state: 'recovering' | 'idle' | 'turning' | 'stopped' = 'recovering'
  private isClosing = false
  private served: Served | undefined
  private ticker: Timer | undefined
  private idleListeners: (() => void)[] = []

  private constructor(parts: ShardParts, epoch: number) {
    this.parts = parts
    this.epoch = epoch
    this.mailbox = new Mailbox(parts.limits.mailboxBytesMax)
    this.gathering = new BatchGathering(parts.world)
    this.waiting = new WaitingEntries({
      store: parts.store,
      actor: parts.actor,
      log: parts.world.log,
      wake: () => this.wake(),
      send: (replyTo, frame) => parts.bus.send(replyTo, frame),
    })
  }

  /**
   * Opens the shard under an epoch that its store has given out: fences older owners, recovers, and serves once its first record is stored.
   * Rejects if the epoch no longer stands or the journal is damaged.
   */
  static async open(parts: ShardParts, epoch: number): Promise<Shard> {
    const shard = new Shard(parts, epoch)
    const { lastNow, tailBytes } = await recover(parts.store, parts.name, epoch, parts.actor)
    shard.recoveredBytes = tailBytes
    shard.wasUsed = lastNow > 0
    shard.recordedNow = lastNow
    const now = parts.world.clock.now()
    shard.lastNow = Math.max(lastNow, now)
    shard.record.begin(shard.lastNow)
    if (lastNow > 0) parts.actor.opened(shard.batch(), Math.max(0, now - lastNow))
    if (shard.record.events > 0 && !(await shard.store())) throw new Error(`${parts.name} was taken by another owner while it opened`)
    shard.state = 'idle'
    shard.broadcastSeq = shard.seq
    shard.served = parts.bus.serve(parts.subject, (frame) => shard.receive(frame))
    shard.ticker = parts.world.timers.every(parts.limits.tickMs, () => shard.tick())
    shard.tick()
    return shard
  }

  get position(): Position {
    return { epoch: this.epoch, seq: this.seq }
  }

  /** Bytes of records after the snapshot that this owner began with: what a recovery would have to replay if no newer snapshot were taken. */
  get journalBytes(): number {
    return this.recoveredBytes + this.counters.recordBytes
  }

  /** Reads a cold record into the actor, like a command that needs it would. */
  load(key: string): Promise<void> {
    return this.waiting.load(key)
  }

  /** Takes no more commands, and resolves when what was taken is stored and answered. */
  async close(): Promise<void> {
    this.isClosing = true
    this.served?.close()
    this.ticker?.cancel()
    do {
      await this.waiting.settled()
      while (this.state === 'turning') await this.idle()
    } while (this.waiting.isReading && this.state === 'idle')
    this.state = 'stopped'
  }

  private idle(): Promise<void> {
    return new Promise((resolve) => {
      this.idleListeners.push(resolve)
    })
  }

  private receive(frame: Uint8Array): void {
    if (frame[0] !== frameVersion || frame[1] !== frameKind.commands) {
      this.counters.foreignFrames++
      return
    }
    if (this.mailbox.push(frame)) this.wake()
    else {
      this.counters.busyFrames++
      refuseFrame(frame, 'BUSY', busyRetryMs, (replyTo, answers) => this.parts.bus.send(replyTo, answers))
    }
  }

  private tick(): void {
    this.tickIsDue = true
    this.wake()
  }

  private wake(): void {
    if (this.state !== 'idle') return
    this.state = 'turning'
    this.turn().catch((error: unknown) => this.lose(error instanceof Error ? error : new Error(String(error))))
  }

  /** Batches until there is nothing to do. Any error in here is a bug or a lost epoch: the shard stops and another owner takes over. */
  private async turn(): Promise<void> {
    let more = true
    while (more && this.state === 'turning') {
      await this.gathering.until(() => this.mailbox.bytes)
      const ticked = this.tickIsDue
      this.tickIsDue = false
      more = this.decide() || this.tickIsDue
      const broadcast = ticked ? this.broadcastFrame() : undefined
      const handsOn = ticked && this.hasHistory
      if (!(await this.gate(broadcast !== undefined || handsOn)))
        return this.lose(new Error(`${this.parts.name} belongs to another owner now`))
      this.release(broadcast)
      if (handsOn) this.parts.actor.released(this.lastNow, this.position)
      more ||= !this.mailbox.isEmpty || !this.waiting.isEmpty || this.tickIsDue
    }
    if (this.state === 'turning') this.state = 'idle'
    this.tellIdle()
  }

  private tellIdle(): void {
    const listeners = this.idleListeners
    this.idleListeners = []
    for (const listener of listeners) listener()
  }

  /** Decides everything that waits, up to the batch's limit; true if there is more. */
  private decide(): boolean {
    const { actor, world, limits } = this.parts
    const wall = world.clock.now()
    this.lastNow = Math.max(this.lastNow, wall)
    this.record.begin(this.lastNow)
    const batch = this.batch()
    const read: FrameReader = (bytes, view, entriesAt, count, replyTo) => {
      this.replies.to(replyTo)
      actor.foresee?.(view, entriesAt, count)
      let at = entriesAt
      for (let left = count; left > 0; left--) {
        const length = view.getUint16(at, true)
        if (view.getFloat64(at + entryOffset.deadlineAt, true) < wall) this.counters.late++
        else {
          const missing = actor.missing(bytes, at)
          if (missing === undefined) actor.command(batch, bytes, view, at)
          else this.waiting.park(missing, replyTo, bytes.subarray(at, at + length))
        }
        at += length
      }
    }
    // What waited for its record came before anything that is in the mailbox now.
    const woken = this.waiting.drain(read)
    this.counters.commands += woken + this.mailbox.drain(limits.batchEntriesMax - woken, read)
    return actor.tick(batch)
  }

  /**
   * Opens when the batch is durable under this epoch; false if the epoch no longer stands. `speaks`: more than answers and notices is going to
   * leave, so that a batch which changed nothing has its epoch confirmed for that alone.
   */
  private async gate(speaks: boolean): Promise<boolean> {
    if (this.record.events > 0 || this.isAliveDue) return this.store()
    if (this.replies.isEmpty && this.notices.isEmpty && !speaks) return true
    for (;;) {
      try {
        return (await this.parts.store.confirm(this.parts.name, this.epoch)) === 'stands'
      } catch (error) {
        await this.storeFailed(error)
      }
    }
  }

  /**
   * With deadlines running and nothing else to store, a record without events says now and then that the shard has an owner. A next owner moves
   * deadlines by the time since the last record, and without this would count hours in which only nobody bought anything.
   */
  private get isAliveDue(): boolean {
    return this.lastNow - this.recordedNow >= aliveEveryMs && this.parts.actor.hasDeadlines === true
  }

  /** Stores the record, as often as it takes: the same bytes at the same place are stored once. */
  private async store(): Promise<boolean> {
    const { store, name, actor, world } = this.parts
    const record = this.record.seal(actor.digest())
    const position = { epoch: this.epoch, seq: this.seq + 1 }
    for (;;) {
      try {
        const startedAt = world.clock.monotonic()
        if ((await store.append(name, position, record)) === 'fenced') return false
        this.gathering.stored(world.clock.monotonic() - startedAt)
        this.seq++
        this.recordedNow = this.record.now
        this.counters.stored(this.record.events, record.length)
        return true
      } catch (error) {
        await this.storeFailed(error)
      }
    }
  }

  private async storeFailed(error: unknown): Promise<void> {
    const { world, name, limits } = this.parts
    // Nobody waits for a closing shard for long: what is not stored stays unanswered, and whoever asks again learns the outcome from the next owner.
    if (this.isClosing) throw error
    // Nothing will be written until somebody looks after the store: this owner ends, and whoever answers next does so from what is stored.
    if (error instanceof StoreFault && error.code === 'STORE_UNUSABLE') throw error
    this.counters.storeFaults++
    world.log.error({ shard: name, error: String(error) }, 'the store failed; answers wait until it takes the batch')
    await new Promise<void>((resolve) => {
      world.timers.after(limits.storeRetryMs, resolve)
    })
  }

  /** A shard whose journal is empty has nothing to hand on. */
  private get hasHistory(): boolean {
    return this.seq > 0 || this.wasUsed || this.record.events > 0
  }

  private broadcastFrame(): Uint8Array | undefined {
    const { publicSubject, actor } = this.parts
    if (publicSubject === undefined) return undefined
    const content = actor.broadcast(this.lastNow)
    if (content === undefined) return undefined
    const fromSeq = this.broadcastSeq
    const toSeq = this.record.events > 0 ? this.seq + 1 : this.seq
    this.broadcastSeq = toSeq
    const head = { shard: content.shard, epoch: this.epoch, toSeq, now: this.lastNow }
    if (content.complete) {
      const frame = broadcastFrameOf({ ...head, fromSeq, skus: content.skus })
      if (frame.length <= frameBytesMax) return frame
    }
    // A frame that cannot say all that changed shows as a gap, and gateways read the whole view.
    return broadcastFrameOf({ ...head, fromSeq: toSeq, skus: [] })
  }

  private release(broadcast: Uint8Array | undefined): void {
    const { bus, publicSubject } = this.parts
    this.replies.release((replyTo, frame) => bus.send(replyTo, frame))
    this.notices.release((subject, frame) => bus.send(subject, frame))
    if (broadcast !== undefined && publicSubject !== undefined) bus.send(publicSubject, broadcast)
  }

  private batch(): Batch {
    return { now: this.lastNow, epoch: this.epoch, seq: this.seq, record: this.record, replies: this.replies, notices: this.notices }
  }

  private lose(reason: Error): void {
    if (this.state === 'stopped') return
    this.state = 'stopped'
    this.replies.drop()
    this.notices.drop()
    this.served?.close()
    this.ticker?.cancel()
    this.tellIdle()
    this.parts.onLost(reason)
  }
}

function broadcastFrameOf(broadcast: ShardBroadcast): Uint8Array {
  const body = packInner(broadcast)
  const frame = new Uint8Array(body.length + 2)
  frame[0] = frameVersion
  frame[1] = frameKind.broadcast
  frame.set(body, 2)
  return frame
}

const busyRetryMs = 500
/** How far a next owner may overestimate the time without an owner. */
const aliveEveryMs = 5_000
