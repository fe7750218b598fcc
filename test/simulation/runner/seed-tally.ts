import { Reached, type Situation } from '../reached.ts'
import type { SeedReport } from '../seed-report.ts'

/** What a run of many seeds comes to. */
export class SeedTally {
  readonly reached = new Reached()
  seeds = 0
  private simulatedSeconds = 0
  private events = 0
  private readonly beganAt = performance.now()

  add({ reached, simulatedSeconds, events }: SeedReport): void {
    this.seeds++
    this.reached.add(reached)
    this.simulatedSeconds += simulatedSeconds
    this.events += events
  }

  get missing(): readonly Situation[] {
    return this.reached.missing
  }

  get rates(): SeedRates {
    const seconds = (performance.now() - this.beganAt) / 1000
    return {
      seconds: tenths(seconds),
      seedsPerMinute: tenths((this.seeds * 60) / seconds),
      simulatedSecondsPerSeed: tenths(this.simulatedSeconds / Math.max(1, this.seeds)),
      eventsPerSeed: Math.round(this.events / Math.max(1, this.seeds)),
    }
  }
}

export interface SeedRates {
  /** Real time. */
  readonly seconds: number
  readonly seedsPerMinute: number
  readonly simulatedSecondsPerSeed: number
  readonly eventsPerSeed: number
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}
