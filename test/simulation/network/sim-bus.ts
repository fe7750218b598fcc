import type { Bus, FrameHandler, SendResult, Served } from '../../../cluster/bus.ts'
import type { Log } from '../../../cluster/world.ts'

/** What a {@link SimBus} says to the hub. Frames may get lost on the way, words about subscriptions may not. */
export interface Uplink {
  send(subject: string, frame: Uint8Array): SendResult
  subscribe(subscription: number, subject: string): void
  unsubscribe(subscription: number): void
}

interface Entry {
  readonly subject: string
  readonly handler: FrameHandler
}

type UndeliveredListener = (subject: string, frame: Uint8Array) => void

/** The end of the simulated network that one process holds in its hands. */
export class SimBus implements Bus {
  private readonly uplink: Uplink
  private readonly log: Log
  private readonly handlers = new Map<number, Entry>()
  /** Whoever wants what still comes after the end. */
  private readonly late = new Map<number, Entry>()
  private readonly undeliveredListeners: UndeliveredListener[] = []
  private lastSubscription = 0
  private isClosed = false

  constructor(uplink: Uplink, log: Log) {
    this.uplink = uplink
    this.log = log
  }

  send(subject: string, frame: Uint8Array): SendResult {
    return this.isClosed ? 'full' : this.uplink.send(subject, new Uint8Array(frame))
  }

  serve(subject: string, handler: FrameHandler): Served {
    if (this.isClosed) throw new Error('the bus is closed')
    const subscription = ++this.lastSubscription
    this.handlers.set(subscription, { subject, handler })
    this.uplink.subscribe(subscription, subject)
    return {
      close: (late) => {
        if (!this.handlers.delete(subscription)) return
        this.uplink.unsubscribe(subscription)
        if (late !== undefined) this.late.set(subscription, { subject, handler: late })
      },
    }
  }

  onUndelivered(listener: UndeliveredListener): void {
    this.undeliveredListeners.push(listener)
  }

  async close(): Promise<void> {
    this.isClosed = true
    for (const subscription of this.handlers.keys()) this.uplink.unsubscribe(subscription)
    this.handlers.clear()
    this.late.clear()
  }

  /** What it serves, for a hub that has forgotten it. */
  subscriptions(): readonly (readonly [subscription: number, subject: string])[] {
    return Array.from(this.handlers, ([subscription, { subject }]) => [subscription, subject] as const)
  }

  /** A frame has arrived. Its bytes are spoilt afterwards, so that whoever keeps them without a copy is found out. */
  receive(subscription: number, frame: Uint8Array): void {
    const served = this.handlers.get(subscription) ?? this.late.get(subscription)
    if (served === undefined) return
    const lent = new Uint8Array(frame)
    try {
      served.handler(lent)
    } catch (error) {
      this.log.error({ subject: served.subject, error: String(error) }, 'a handler of the bus threw; the frame is lost to it')
    }
    lent.fill(0xff)
  }

  undelivered(subject: string, frame: Uint8Array): void {
    if (this.isClosed) return
    for (const listener of this.undeliveredListeners) listener(subject, frame)
  }
}
