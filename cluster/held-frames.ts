import type { SendResult } from './bus.ts'
import type { Timer, World } from './world.ts'

/** Bytes that are held, all subjects together. */
export const heldBytesMax = 16 * 1024 * 1024
/**
 * Between two tries for a subject: half of it to all of it, so that gateways do not ask in step. Users wait for so much longer than their shard needs. A shard
 * that is handed over is back soon; one whose owner died is not.
 */
const tryEveryMs = { first: 20, later: 80 } as const
const firstTries = 20
/** A frame that nobody received has come back by then, or comes back later and is held again. */
const comesBackMs = 10

export interface HeldFramesParts {
  readonly world: World
  readonly send: (subject: string, frame: Uint8Array) => SendResult
  /** Whether anybody still waits for an answer to it. */
  readonly isLive: (frame: Uint8Array) => boolean
  /** It cannot be kept, or the bus is full: nothing of it was done. */
  readonly refuse: (frame: Uint8Array) => void
}

/**
 * Frames for shards that have no owner at the moment. Of each subject only the oldest is tried, so that an owner who is away for long costs one small
 * message now and then; when it does not come back, somebody is there, and the others follow in their order.
 */
export class HeldFrames {
  /** Frames that were sent again. */
  resent = 0
  private readonly parts: HeldFramesParts
  private readonly bySubject = new Map<string, Held>()
  private bytes = 0
  private isClosed = false

  constructor(parts: HeldFramesParts) {
    this.parts = parts
  }

  /** Whether frames for this subject have to wait behind others. */
  holds(subject: string): boolean {
    return this.bySubject.has(subject)
  }

  /** Keeps a copy behind those that wait; in front of them, if it came back while the oldest was tried. */
  hold(subject: string, frame: Uint8Array, cameBack = false): void {
    if (this.isClosed) return
    if (this.bytes + frame.length > heldBytesMax) return this.parts.refuse(frame)
    const held = this.bySubject.get(subject) ?? this.begin(subject)
    // Not `slice`: of a Buffer that would be a view.
    const copy = new Uint8Array(frame)
    this.bytes += copy.length
    if (!cameBack || !held.isTried) held.frames.push(copy)
    else {
      held.frames.unshift(copy)
      this.tryLater(held)
    }
  }

  /** Holds nothing any more. */
  close(): void {
    this.isClosed = true
    for (const { timer } of this.bySubject.values()) timer?.cancel()
    this.bySubject.clear()
    this.bytes = 0
  }

  private begin(subject: string): Held {
    const held: Held = { subject, frames: [], tries: 0, isTried: false, timer: undefined }
    this.bySubject.set(subject, held)
    this.tryLater(held)
    return held
  }

  private tryLater(held: Held): void {
    const { timers, random } = this.parts.world
    const everyMs = held.tries++ < firstTries ? tryEveryMs.first : tryEveryMs.later
    held.isTried = false
    held.timer?.cancel()
    held.timer = timers.after(everyMs * (0.5 + random.next() / 2), () => this.tryOldest(held))
  }

  private tryOldest(held: Held): void {
    const frame = this.takeLive(held)
    if (frame === undefined) return this.end(held)
    held.isTried = true
    held.timer = this.parts.world.timers.after(comesBackMs, () => this.sendAll(held))
    this.send(held.subject, frame)
  }

  private sendAll(held: Held): void {
    this.end(held)
    for (let frame = this.takeLive(held); frame !== undefined; frame = this.takeLive(held)) this.send(held.subject, frame)
  }

  private send(subject: string, frame: Uint8Array): void {
    this.resent++
    const sent = this.parts.send(subject, frame)
    if (sent === 'no-responders') this.hold(subject, frame, true)
    else if (sent === 'full') this.parts.refuse(frame)
  }

  private takeLive(held: Held): Uint8Array | undefined {
    for (let frame = held.frames.shift(); frame !== undefined; frame = held.frames.shift()) {
      this.bytes -= frame.length
      if (this.parts.isLive(frame)) return frame
    }
    return undefined
  }

  private end(held: Held): void {
    held.timer?.cancel()
    this.bySubject.delete(held.subject)
  }
}

interface Held {
  readonly subject: string
  /** Oldest first. */
  readonly frames: Uint8Array[]
  tries: number
  /** The oldest is on its way, and has not come back yet. */
  isTried: boolean
  timer: Timer | undefined
}
