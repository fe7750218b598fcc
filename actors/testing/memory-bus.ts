import type { Bus, FrameHandler, SendResult, Served } from '../../cluster/bus.ts'

/** A bus for tests: hands frames over at once and spoils their bytes afterwards, so that whoever keeps them without a copy is found out. */
export class MemoryBus implements Bus {
  readonly sent: { readonly subject: string; readonly frame: Uint8Array }[] = []
  private readonly handlers = new Map<string, FrameHandler>()
  private readonly lost = new Set<string>()

  send(subject: string, frame: Uint8Array): SendResult {
    this.sent.push({ subject, frame: new Uint8Array(frame) })
    const handler = this.handlers.get(subject)
    if (handler === undefined) return 'no-responders'
    if (this.lost.has(subject)) return 'sent'
    const lent = new Uint8Array(frame)
    handler(lent)
    lent.fill(0xff)
    return 'sent'
  }

  serve(subject: string, handler: FrameHandler): Served {
    this.handlers.set(subject, handler)
    return {
      close: () => {
        if (this.handlers.get(subject) === handler) this.handlers.delete(subject)
      },
    }
  }

  /** From now on frames to this subject are lost on their way, or no longer. */
  lose(subject: string, isLost: boolean): void {
    if (isLost) this.lost.add(subject)
    else this.lost.delete(subject)
  }

  onUndelivered(): void {
    // `send` knows at once.
  }

  async close(): Promise<void> {
    this.handlers.clear()
  }
}
