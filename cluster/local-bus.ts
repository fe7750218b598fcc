import type { Bus, FrameHandler, SendResult, Served } from './bus.ts'
import { FrameHandlers } from './frame-handlers.ts'
import type { Log } from './world.ts'

/**
 * The bus of one process: `send` calls the handlers before it returns, so nothing is copied and nothing waits. Only a frame that is sent to
 * a subject from inside its own delivery is put aside (copied), for else a second handler would see it before the one that caused it.
 */
export class LocalBus implements Bus {
  readonly #subjects = new Map<string, Subject>()
  readonly #log: Log
  #closed = false

  constructor(log: Log) {
    this.#log = log
  }

  send(subject: string, frame: Uint8Array): SendResult {
    const served = this.#subjects.get(subject)
    if (served === undefined) return 'no-responders'
    if (served.delivering) {
      if (served.aside.length >= asideFramesMax) return 'full'
      served.aside.push(new Uint8Array(frame))
      return 'sent'
    }
    served.delivering = true
    served.handlers.deliver(frame)
    for (let next = served.aside.shift(); next !== undefined; next = served.aside.shift()) served.handlers.deliver(next)
    served.delivering = false
    return 'sent'
  }

  serve(subject: string, handler: FrameHandler): Served {
    if (this.#closed) throw new Error('the bus is closed')
    const served = this.#subjects.get(subject) ?? { handlers: new FrameHandlers(subject, this.#log), delivering: false, aside: [] }
    this.#subjects.set(subject, served)
    return served.handlers.add(handler, () => this.#subjects.delete(subject))
  }

  /** Never calls: here `send` itself knows. */
  onUndelivered(): void {}

  async close(): Promise<void> {
    this.#closed = true
    for (const { handlers } of this.#subjects.values()) handlers.close()
    this.#subjects.clear()
  }
}

/** A handler that answers its own subject more often than this within one delivery is going round in circles. */
const asideFramesMax = 256

interface Subject {
  readonly handlers: FrameHandlers
  delivering: boolean
  readonly aside: Uint8Array[]
}
