import { createHash } from 'node:crypto'
import type { Cancel, ClientWorld } from './client-world.ts'

interface VirtualTimer {
  readonly at: number
  readonly run: () => void
}

/** A {@link ClientWorld} whose time moves only when a test says so, and whose chance is a number that the test sets. */
export class VirtualWorld implements ClientWorld {
  /** What `random` answers. */
  chance = 0.5
  private time = 0
  private ids = 0
  private readonly timers = new Set<VirtualTimer>()
  private readonly networkListeners = new Set<(online: boolean) => void>()

  /** Timers and listeners that are still set: what a closed client has left behind. */
  get leftovers(): number {
    return this.timers.size + this.networkListeners.size
  }

  now(): number {
    return this.time
  }

  random(): number {
    return this.chance
  }

  randomBytes(count: number): Uint8Array {
    this.ids++
    return new Uint8Array(count).fill(this.ids)
  }

  /** At once, so that no work goes on outside this world's time. */
  sha256(bytes: Uint8Array): Promise<Uint8Array> {
    return Promise.resolve(createHash('sha256').update(bytes).digest())
  }

  after(ms: number, run: () => void): Cancel {
    const timer = { at: this.time + Math.max(0, ms), run }
    this.timers.add(timer)
    return () => {
      this.timers.delete(timer)
    }
  }

  onNetwork(listener: (online: boolean) => void): Cancel {
    this.networkListeners.add(listener)
    return () => {
      this.networkListeners.delete(listener)
    }
  }

  setNetwork(online: boolean): void {
    for (const listener of this.networkListeners) listener(online)
  }

  /** Lets `ms` pass: timers run in their order, and promises settle between them. */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms
    await settled()
    for (let next = this.nextTimer(until); next !== undefined; next = this.nextTimer(until)) {
      this.timers.delete(next)
      this.time = Math.max(this.time, next.at)
      next.run()
      await settled()
    }
    this.time = until
  }

  private nextTimer(until: number): VirtualTimer | undefined {
    let next: VirtualTimer | undefined
    for (const timer of this.timers) if (timer.at <= until && (next === undefined || timer.at < next.at)) next = timer
    return next
  }
}

/** Long enough for every chain of promises in a client, which are a handful of steps. */
async function settled(): Promise<void> {
  for (let step = 0; step < 20; step++) await Promise.resolve()
}
