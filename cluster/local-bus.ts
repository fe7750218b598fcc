import type { Bus, FrameHandler, SendResult, Served } from './bus.ts'
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
    if (served === undefined || served.handlers.length === 0) return 'no-responders'
    if (served.delivering) {
      if (served.aside.length >= asideFramesMax) return 'full'
      served.aside.push(new Uint8Array(frame))
      return 'sent'
    }
    served.delivering = true
    this.#deliver(subject, served, frame)
    for (let next = served.aside.shift(); next !== undefined; next = served.aside.shift()) this.#deliver(subject, served, next)
    served.delivering = false
    return 'sent'
  }

  serve(subject: string, handler: FrameHandler): Served {
    if (this.#closed) throw new Error('the bus is closed')
    const served = this.#subjects.get(subject) ?? { handlers: [], delivering: false, aside: [] }
    this.#subjects.set(subject, served)
    const entry = { handler, open: true }
    // Replaced, never changed: a delivery that is under way goes on over the handlers it began with.
    served.handlers = [...served.handlers, entry]
    const close = (): void => {
      entry.open = false
      served.handlers = served.handlers.filter((other) => other !== entry)
      if (served.handlers.length === 0 && this.#subjects.get(subject) === served) this.#subjects.delete(subject)
    }
    return { close }
  }

  /** Never calls: here `send` itself knows. */
  onUndelivered(): void {}

  async close(): Promise<void> {
    this.#closed = true
    for (const served of this.#subjects.values()) {
      for (const entry of served.handlers) entry.open = false
      served.handlers = []
    }
    this.#subjects.clear()
  }

  #deliver(subject: string, served: Subject, frame: Uint8Array): void {
    for (const entry of served.handlers) {
      if (!entry.open) continue
      try {
        entry.handler(frame)
      } catch (error) {
        this.#log.error({ error, subject }, 'a handler of the bus threw; the frame is lost to it')
      }
    }
  }
}

/** A handler that answers its own subject more often than this within one delivery is going round in circles. */
const asideFramesMax = 256

interface Subject {
  handlers: readonly Handler[]
  delivering: boolean
  readonly aside: Uint8Array[]
}

interface Handler {
  readonly handler: FrameHandler
  open: boolean
}
