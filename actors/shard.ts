import type { Bus, Served } from '../cluster/bus.ts'
import { type Position, type ShardName, type Store, StoreFault } from '../cluster/store.ts'
import { delay, type Timer, type World } from '../cluster/world.ts'
import { entryOffset } from '../protocol/entry.ts'
import { frameKind, frameVersion } from '../protocol/frame.ts'
import type { Actor } from './actor.ts'
import { BatchGathering } from './batch-gathering.ts'
import { BroadcastFrames } from './broadcast-frames.ts'
import { giveBackFrame, refuseFrame } from './busy.ts'
import { EpochLost } from './epoch-lost.ts'
import { type FrameReader, Mailbox } from './mailbox.ts'
import { recover, type RecoveryParts } from './recovery.ts'
import { Rests } from './rests.ts'
import { ShardBatch } from './shard-batch.ts'
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
  /** See {@link BatchGathering}. */
  readonly lingerShare?: number
}

export interface ShardParts extends RecoveryParts {
  readonly name: ShardName
  readonly subject: string
  /** Where broadcasts go; actors without a public side have none. */
  readonly publicSubject?: string
  readonly actor: Actor
  readonly store: Store
  readonly bus: Bus
  readonly world: World
  readonly limits: ShardLimits
  /** False once the owner's lease has run out: the shard then stops by itself, before the store has to fence it. */
  readonly mayAct?: () => boolean
  /** The shard can no longer act: another owner has it, or it stopped on a bug. Called once. */
  readonly onLost: (reason: Error) => void
}

/**
 * One shard under one epoch: takes what is in the mailbox, lets the actor decide, stores one record for the whole batch, then lets out what the
 * batch said. While a record is being stored the next batch builds up: that is the group commit. What comes in meanwhile is decided meanwhile, for
 * its answers have to wait for its own record anyway; so the processor and the disk work at the same time.
 *
 *     serve -> mailbox -> decide + evolve -> append | confirm -> answers, broadcast, outbox
 *
 * Everything that leaves passes {@link Shard.turn}'s gate, which opens when the store has the batch (G3). If the store says `fenced`, what was
 * held is dropped and the shard is lost (G5). If the store fails, the same record is tried again; if it is only short of copies, what is not decided is told BUSY.
 */
export class Shard {
  readonly counters = new ShardCounters()
  readonly estimates: Actor['estimates']
  private readonly parts: ShardParts
  private readonly epoch: number
  readonly mailbox: Mailbox
  /** The batch that is being decided, and the one that is being stored or has been. */
  private open: ShardBatch
  private other: ShardBatch
  private readonly waiting: WaitingEntries
  private readonly gathering: BatchGathering
  private broadcasts: BroadcastFrames
  private seq = 0
  private lastNow = 0
  private recoveredBytes = 0
  private recordedNow = 0
  private tickIsDue = false
  /** When the record under way was handed to the store; undefined if none is. */
  private storingSince: number | undefined
  /** Once this batch is stored the state is handed on, so it has to be the stored one. */
  private keepsState = false
  private aheadIsDue = false
  private isShort = false
  private state: 'recovering' | 'idle' | 'turning' | 'stopped' = 'recovering'
  private isClosing = false
  private served: Served | undefined
  private ticker: Timer | undefined
  private readonly rests = new Rests()
  private readonly send = (subject: string, frame: Uint8Array): void => void this.parts.bus.send(subject, frame)

  private constructor(parts: ShardParts, epoch: number) {
    this.parts = parts
    this.estimates = parts.actor.estimates
    this.epoch = epoch
    this.open = new ShardBatch(epoch)
    this.other = new ShardBatch(epoch)
    this.mailbox = new Mailbox(parts.limits.mailboxBytesMax)
    this.gathering = new BatchGathering(parts.world, parts.limits.lingerShare)
    this.broadcasts = new BroadcastFrames(epoch, 0)
    this.waiting = new WaitingEntries({
      shard: parts.name,
      store: parts.store,
      actor: parts.actor,
      log: parts.world.log,
      wake: () => this.wake(),
      send: this.send,
    })
  }

  /**
   * Opens the shard under an epoch that its store has given out: fences older owners, recovers, and serves once its first record is stored.
   * Rejects if the epoch no longer stands or the journal is damaged.
   */
  static async open(parts: ShardParts, epoch: number): Promise<Shard> {
    const shard = new Shard(parts, epoch)
    const { lastNow, tailBytes } = await recover(parts.store, parts.name, epoch, parts.actor, parts)
    shard.recoveredBytes = tailBytes
    shard.recordedNow = lastNow
    const now = parts.world.clock.now()
    shard.lastNow = Math.max(lastNow, now)
    const batch = shard.open
    batch.begin(shard.lastNow, shard.seq)
    if (lastNow > 0) parts.actor.opened(batch, Math.max(0, now - lastNow))
    if (batch.record.events > 0 && !(await shard.store(batch))) {
      throw new EpochLost(parts.name, 'FENCED', 'was taken by another owner while it opened')
    }
    batch.drop()
    shard.state = 'idle'
    shard.broadcasts = new BroadcastFrames(epoch, shard.seq)
    shard.served = parts.bus.serve(parts.subject, (frame) => shard.receive(frame))
    shard.ticker = parts.world.timers.every(parts.limits.tickMs, () => shard.tick())
    shard.tick()
    return shard
  }

  /** Of the state as it is decided; what is stored has the same when nothing is under way. */
  readonly digest = (): number => this.parts.actor.digest()

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
    // What a network still sends here is not done, and whoever asked sends it to the next owner.
    this.served?.close((frame) => giveBackFrame(this.parts.name, frame, this.send))
    this.ticker?.cancel()
    do {
      await this.waiting.settled()
      while (this.state === 'turning') await this.rests.next()
    } while (this.waiting.isReading && this.state === 'idle')
    this.state = 'stopped'
  }

  /** A batch is being decided or stored. */
  get isTurning(): boolean {
    return this.state === 'turning'
  }

  private receive(frame: Uint8Array): void {
    if (frame[0] !== frameVersion || frame[1] !== frameKind.commands) {
      this.counters.foreignFrames++
      return
    }
    if (this.isShort || !this.mailbox.push(frame)) return this.refuse(frame)
    this.wake()
  }

  private refuse(frame: Uint8Array): void {
    this.counters.busyFrames++
    refuseFrame(frame, 'BUSY', busyRetryMs, this.send)
  }

  private tick(): void {
    this.tickIsDue = true
    this.wake()
  }

  private wake(): void {
    if (this.state === 'turning') return this.decideSoon()
    if (this.state !== 'idle') return
    this.state = 'turning'
    this.turn().catch((error: unknown) => this.lose(error))
  }

  /** Decides what has come in while another batch is being stored, when the event loop comes round. */
  private decideSoon(): void {
    if (this.aheadIsDue || !this.mayDecideAhead) return
    this.aheadIsDue = true
    this.parts.world.timers.soon(() => {
      this.aheadIsDue = false
      if (!this.mayDecideAhead) return
      try {
        this.decideWaiting()
      } catch (error) {
        this.lose(error)
      }
    })
  }

  /** A store that takes long stops it: a batch has one time, and holds that are given out by it should not be old when they are told. */
  private get mayDecideAhead(): boolean {
    if (!this.isTurning || this.keepsState || this.parts.actor.runsAhead !== true) return false
    return this.storingSince === undefined || this.parts.world.clock.monotonic() - this.storingSince < aheadMsMax
  }

  /** Batches until there is nothing to do. Any error in here is a bug or a lost epoch: the shard stops and another owner takes over. */
  private async turn(): Promise<void> {
    let more = true
    // Stored, and let out as soon as the next one, which is ready, is on its way to the store.
    let held: ShardBatch | undefined
    while (more && this.isTurning) {
      if (held === undefined) await this.gathering.until(() => this.gathered)
      else this.gathering.cut(this.gathered)
      if (!this.isTurning || !this.isEntitled()) return
      const ticked = this.tickIsDue
      this.tickIsDue = false
      more = this.decide() || this.tickIsDue
      const batch = this.open
      const broadcast = ticked ? this.broadcastFrame(batch) : undefined
      const handsOn = ticked && this.hasHistory(batch)
      const gate = this.pass(batch, broadcast !== undefined, handsOn)
      if (held !== undefined) this.release(held, undefined)
      if (!(await gate)) return this.lose(new EpochLost(this.parts.name, 'FENCED'))
      if (!this.isTurning || !this.isEntitled()) return
      held = broadcast === undefined && !handsOn && this.gathering.isEnough(this.gathered) ? batch : undefined
      if (held === undefined) this.release(batch, broadcast)
      if (handsOn) this.parts.actor.released(batch.now, this.position)
      more ||= !this.mailbox.isEmpty || this.open.entries > 0 || !this.waiting.isEmpty || this.tickIsDue
    }
    if (this.isTurning) this.state = 'idle'
    this.rests.tell()
  }

  /** False, and lost, if the lease has run out: whatever time has passed since, another may be answering by now. */
  private isEntitled(): boolean {
    if (this.parts.mayAct?.() !== false) return true
    this.lose(new EpochLost(this.parts.name, 'LEASE_OVER'))
    return false
  }

  /** Bytes of what waits to be decided, and of what has been for the next batch. */
  private get gathered(): number {
    return this.open.bytes + this.mailbox.bytes
  }

  /** Decides everything that waits or is due, up to the batch's limit; true if more is due. */
  private decide(): boolean {
    this.decideWaiting()
    return this.parts.actor.tick(this.open)
  }

  private decideWaiting(): void {
    const { actor, world, limits } = this.parts
    const wall = world.clock.now()
    const batch = this.open
    this.lastNow = Math.max(this.lastNow, wall)
    batch.begin(this.lastNow, this.storingSince === undefined ? this.seq : this.seq + 1)
    const read: FrameReader = (bytes, view, entriesAt, count, replyTo) => {
      batch.replies.to(replyTo)
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
    const waiting = this.mailbox.bytes
    // What waited for its record came before anything that is in the mailbox now.
    const woken = this.waiting.drain(read)
    const taken = woken + this.mailbox.drain(limits.batchEntriesMax - batch.entries - woken, read)
    batch.took(taken, waiting - this.mailbox.bytes)
    this.counters.commands += taken
  }

  /** Takes the batch through its gate, and opens the other one for what comes meanwhile. */
  private async pass(batch: ShardBatch, broadcasts: boolean, handsOn: boolean): Promise<boolean> {
    this.keepsState = broadcasts || handsOn
    const gate = this.gate(batch, this.keepsState)
    this.open = this.other
    this.other = batch
    try {
      return await gate
    } finally {
      this.isShort = false
      this.keepsState = false
    }
  }

  /**
   * Opens when the batch is durable under this epoch; false if the epoch no longer stands. `speaks`: more than answers and notices is going to
   * leave, so that a batch which changed nothing has its epoch confirmed for that alone.
   */
  private async gate(batch: ShardBatch, speaks: boolean): Promise<boolean> {
    if (batch.record.events > 0 || this.isAliveDue(batch)) return this.store(batch)
    if (batch.isSilent && !speaks) return true
    for (;;) {
      try {
        return (await this.parts.store.confirm(this.parts.name, this.position)) === 'stands'
      } catch (error) {
        await this.storeFailed(error)
      }
    }
  }

  /**
   * With deadlines running and nothing else to store, a record without events says now and then that the shard has an owner. A next owner moves
   * deadlines by the time since the last record, and without this would count hours in which only nobody bought anything.
   */
  private isAliveDue(batch: ShardBatch): boolean {
    return batch.now - this.recordedNow >= aliveEveryMs && this.parts.actor.hasDeadlines === true
  }

  /** Stores the record, as often as it takes: the same bytes at the same place are stored once. */
  private async store(batch: ShardBatch): Promise<boolean> {
    const { store, name, actor, world } = this.parts
    const record = batch.record.seal(actor.digest())
    const position = { epoch: this.epoch, seq: this.seq + 1 }
    for (;;) {
      try {
        const startedAt = world.clock.monotonic()
        this.storingSince ??= startedAt
        if ((await store.append(name, position, record)) === 'fenced') return false
        const ms = world.clock.monotonic() - startedAt
        this.gathering.stored(ms)
        this.storingSince = undefined
        this.seq++
        this.recordedNow = batch.now
        this.counters.stored(batch.record.events, record.length, ms)
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
    if (error instanceof StoreFault && error.code === 'STORE_SHORT') {
      this.isShort = true
      this.mailbox.giveBack((frame) => this.refuse(frame))
    }
    world.log.error({ shard: name, error: String(error) }, 'the store failed; answers wait until it takes the batch')
    await delay(world.timers, limits.storeRetryMs)
    if (this.state === 'stopped' || this.parts.mayAct?.() === false) throw new EpochLost(name, 'LEASE_OVER')
  }

  /** A shard whose journal is empty has nothing to hand on. */
  private hasHistory(batch: ShardBatch): boolean {
    return this.recordedNow > 0 || batch.record.events > 0
  }

  private broadcastFrame(batch: ShardBatch): Uint8Array | undefined {
    const content = this.parts.publicSubject === undefined ? undefined : this.parts.actor.broadcast(batch.now)
    return content === undefined ? undefined : this.broadcasts.next(content, batch.record.events > 0 ? this.seq + 1 : this.seq, batch.now)
  }

  private release(batch: ShardBatch, broadcast: Uint8Array | undefined): void {
    batch.release(this.send)
    const { publicSubject } = this.parts
    if (broadcast !== undefined && publicSubject !== undefined) this.send(publicSubject, broadcast)
  }

  /** Stops at once: what is under way stays unanswered, and what became of it the next owner finds in the journal. */
  lose(error: unknown): void {
    if (this.state === 'stopped') return
    this.state = 'stopped'
    this.open.drop()
    this.other.drop()
    this.served?.close()
    this.ticker?.cancel()
    this.rests.tell()
    this.parts.onLost(error instanceof Error ? error : new Error(String(error)))
  }
}

const busyRetryMs = 500
/** Longer than a healthy store takes for a record. */
const aheadMsMax = 50
/** How far a next owner may overestimate the time without an owner. */
const aliveEveryMs = 5_000
