import { createHash } from 'node:crypto'
import type { Cancel, ClientWorld } from '../../protocol/client/client-world.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimProcess } from './sim-process.ts'

type NetworkListener = (online: boolean) => void

/** A phone or a browser: a process that can be offline, with the world as the client SDK sees it. */
export class SimDevice {
  readonly process: SimProcess
  /** What gateways see of it. */
  readonly address: string
  readonly world: ClientWorld
  private readonly scheduler: Scheduler
  private readonly networkListeners = new Set<NetworkListener>()
  private online = true

  constructor(scheduler: Scheduler, process: SimProcess, address: string) {
    this.scheduler = scheduler
    this.process = process
    this.address = address
    const { clock, timers, random } = process.world
    this.world = {
      now: () => clock.monotonic(),
      random: () => random.next(),
      randomBytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(random.next() * 256)),
      sha256: (bytes) => Promise.resolve(createHash('sha256').update(bytes).digest()),
      after: (ms, run) => {
        const timer = timers.after(ms, run)
        return () => timer.cancel()
      },
      onNetwork: (listener) => this.listen(listener),
    }
  }

  get isOnline(): boolean {
    return this.online
  }

  /** The device hears of it as its next event. */
  setOnline(online: boolean): void {
    if (online === this.online) return
    this.online = online
    const tell = (): void => {
      for (const listener of this.networkListeners) listener(online)
    }
    this.scheduler.after(0, tell, this.process)
  }

  private listen(listener: NetworkListener): Cancel {
    this.networkListeners.add(listener)
    return () => {
      this.networkListeners.delete(listener)
    }
  }
}
