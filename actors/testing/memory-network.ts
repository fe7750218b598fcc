import type { Bus, FrameHandler } from '../../cluster/bus.ts'
import type { ManualProcess } from './manual-process.ts'
import { wayMs } from './manual-process.ts'
import type { ManualWorld } from './manual-world.ts'

interface Server {
  readonly process: ManualProcess
  readonly handler: FrameHandler
}

/** A bus between processes, that knows of each subject who serves it. */
export class MemoryNetwork {
  /** Shards that two processes served at once, none of them dead. */
  readonly doubled: string[] = []
  /** Frames to subjects that begin like this are lost. */
  readonly losing = new Set<string>()
  private readonly world: ManualWorld
  private readonly servers = new Map<string, Server[]>()

  constructor(world: ManualWorld) {
    this.world = world
  }

  connect(process: ManualProcess): Bus {
    return {
      send: (subject, frame) => {
        if (this.serving(subject).length === 0) return 'no-responders'
        const copy = new Uint8Array(frame)
        if (![...this.losing].some((prefix) => subject.startsWith(prefix)))
          this.world.timers.after(wayMs, () => this.deliver(subject, copy))
        return 'sent'
      },
      serve: (subject, handler) => {
        const server = { process, handler }
        const others = this.serving(subject)
        if (others.length > 0 && /\.(inv|ses)\./.test(subject)) this.doubled.push(subject)
        this.servers.set(subject, [...others, server])
        return {
          close: () =>
            this.servers.set(
              subject,
              this.serving(subject).filter((one) => one !== server),
            ),
        }
      },
      onUndelivered: () => {},
      close: async () => {},
    }
  }

  private serving(subject: string): Server[] {
    return (this.servers.get(subject) ?? []).filter(({ process }) => !process.isDead)
  }

  private deliver(subject: string, frame: Uint8Array): void {
    for (const server of this.serving(subject)) {
      server.process.reach(() => {
        if (this.serving(subject).includes(server)) server.handler(new Uint8Array(frame))
      })
    }
  }
}
