import type { Store } from '../cluster/store.ts'
import type { Log } from '../cluster/world.ts'
import { commandsHead } from '../protocol/frame.ts'
import type { Actor } from './actor.ts'
import { refuseFrame } from './busy.ts'

/** Commands that wait for a cold record, per shard; more are dropped with `BUSY`. */
export const waitingEntriesMax = 16_384

/** Commands whose actor is not in memory: its record is read once, then they come back to the mailbox in their order. */
export class WaitingEntries {
  private readonly byKey = new Map<string, Uint8Array[]>()
  private count = 0
  private readonly store: Store
  private readonly actor: Actor
  private readonly log: Log
  private readonly deliver: (frame: Uint8Array) => void
  private readonly send: (replyTo: string, frame: Uint8Array) => void

  constructor(parts: {
    readonly store: Store
    readonly actor: Actor
    readonly log: Log
    readonly deliver: (frame: Uint8Array) => void
    readonly send: (replyTo: string, frame: Uint8Array) => void
  }) {
    this.store = parts.store
    this.actor = parts.actor
    this.log = parts.log
    this.deliver = parts.deliver
    this.send = parts.send
  }

  /** Keeps a copy of the entry until the record `key` is in memory. */
  park(key: string, replyTo: string, entry: Uint8Array): void {
    const frame = frameOf(replyTo, entry)
    if (this.count >= waitingEntriesMax) return refuseFrame(frame, 'BUSY', 500, this.send)
    this.count++
    const frames = this.byKey.get(key)
    if (frames !== undefined) {
      frames.push(frame)
      return
    }
    this.byKey.set(key, [frame])
    this.store.getRecord(key).then(
      (record) => {
        this.actor.loaded(key, record)
        for (const waiting of this.take(key)) this.deliver(waiting)
      },
      (error: unknown) => {
        this.log.error({ key, error: String(error) }, 'a cold record could not be read')
        for (const waiting of this.take(key)) refuseFrame(waiting, 'BUSY', 500, this.send)
      },
    )
  }

  private take(key: string): readonly Uint8Array[] {
    const frames = this.byKey.get(key) ?? []
    this.byKey.delete(key)
    this.count -= frames.length
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
