import type { ShardName, Store } from '../cluster/store.ts'
import type { Log } from '../cluster/world.ts'
import { commandsHead, readCommandsHead } from '../protocol/frame.ts'
import type { Actor } from './actor.ts'
import { refuseFrame } from './busy.ts'
import type { FrameReader } from './mailbox.ts'

/** Commands that wait for a cold record, per shard; more are dropped with `BUSY`. */
export const waitingEntriesMax = 16_384

interface WaitingParts {
  readonly shard: ShardName
  readonly store: Store
  readonly actor: Actor
  readonly log: Log
  /** Asks the shard for a turn: entries can be drained. */
  readonly wake: () => void
  readonly send: (replyTo: string, frame: Uint8Array) => void
}

/**
 * Commands whose actor is not in memory: its record is read once, then they run in their order, before anything that came later.
 * There is never more than one read of a key under way, so that no read can bring back what a newer one has changed since.
 */
export class WaitingEntries {
  private readonly byKey = new Map<string, Uint8Array[]>()
  private readonly reads = new Map<string, Promise<void>>()
  private woken: Uint8Array[] = []
  private count = 0
  private readonly parts: WaitingParts

  constructor(parts: WaitingParts) {
    this.parts = parts
  }

  /** Nothing can be drained. */
  get isEmpty(): boolean {
    return this.woken.length === 0
  }

  get isReading(): boolean {
    return this.reads.size > 0
  }

  /** Keeps a copy of the entry until the record `key` is in memory. */
  park(key: string, replyTo: string, entry: Uint8Array): void {
    const frame = frameOf(replyTo, entry)
    if (this.count >= waitingEntriesMax) return refuseFrame(frame, 'BUSY', 500, this.parts.send)
    this.count++
    const frames = this.byKey.get(key)
    if (frames !== undefined) {
      frames.push(frame)
      return
    }
    this.byKey.set(key, [frame])
    this.load(key).catch((error: unknown) => {
      this.parts.log.error({ key, error: String(error) }, 'a cold record could not be read')
      for (const waiting of this.take(key)) {
        this.count--
        refuseFrame(waiting, 'BUSY', 500, this.parts.send)
      }
    })
  }

  /** Reads the record `key` into the actor. Rejects if the store fails or the record cannot be what Sluice wrote. */
  load(key: string): Promise<void> {
    const known = this.reads.get(key)
    if (known !== undefined) return known
    const read = this.read(key).finally(() => this.reads.delete(key))
    this.reads.set(key, read)
    return read
  }

  /** Resolves when no read is under way: what waited can be drained, or was refused. */
  async settled(): Promise<void> {
    while (this.reads.size > 0) await Promise.allSettled(this.reads.values())
  }

  /** Hands over the entries whose records are there; returns how many. */
  drain(each: FrameReader): number {
    const frames = this.woken
    if (frames.length === 0) return 0
    this.woken = []
    this.count -= frames.length
    for (const frame of frames) {
      const head = readCommandsHead(frame)
      if (head !== undefined)
        each(frame, new DataView(frame.buffer, frame.byteOffset, frame.length), head.entriesAt, head.count, head.replyTo)
    }
    return frames.length
  }

  private async read(key: string): Promise<void> {
    const record = await this.parts.store.getRecord(this.parts.shard, key)
    this.parts.actor.loaded(key, record)
    // In the same step, so that nothing which came later finds the actor in memory first.
    this.woken.push(...this.take(key))
    this.parts.wake()
  }

  private take(key: string): readonly Uint8Array[] {
    const frames = this.byKey.get(key) ?? []
    this.byKey.delete(key)
    return frames
  }
}

function frameOf(replyTo: string, entry: Uint8Array): Uint8Array {
  const head = commandsHead(replyTo)
  head[2] = 1
  const frame = new Uint8Array(head.length + entry.length)
  frame.set(head)
  frame.set(entry, head.length)
  return frame
}
