import type { FrameHandler, Served } from './bus.ts'
import type { Log } from './world.ts'

/** Who serves one subject in this process. */
export class FrameHandlers {
  readonly #subject: string
  readonly #log: Log
  // Replaced, never changed: a delivery that is under way goes on over the handlers it began with.
  #handlers: readonly Entry[] = []

  constructor(subject: string, log: Log) {
    this.#subject = subject
    this.#log = log
  }

  get isEmpty(): boolean {
    return this.#handlers.length === 0
  }

  /** `onEmpty` is called when the last one has been closed, with whoever wants what still comes. */
  add(handler: FrameHandler, onEmpty: (late?: FrameHandler) => void): Served {
    const entry = { handler, open: true }
    this.#handlers = [...this.#handlers, entry]
    const close = (late?: FrameHandler): void => {
      if (!entry.open) return
      entry.open = false
      this.#handlers = this.#handlers.filter((other) => other !== entry)
      if (this.isEmpty) onEmpty(late)
    }
    return { close }
  }

  /** A handler that throws is a bug in it, and the frame is lost to it alone. */
  deliver(frame: Uint8Array): void {
    for (const entry of this.#handlers) {
      if (!entry.open) continue
      try {
        entry.handler(frame)
      } catch (error) {
        this.#log.error({ error, subject: this.#subject }, 'a handler of the bus threw; the frame is lost to it')
      }
    }
  }

  /** No handler is called any more. */
  close(): void {
    for (const entry of this.#handlers) entry.open = false
    this.#handlers = []
  }
}

interface Entry {
  readonly handler: FrameHandler
  open: boolean
}
