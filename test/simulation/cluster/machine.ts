import { simulationStart } from '../scheduler.ts'
import type { SimParts } from '../sim-parts.ts'
import { SimProcess } from '../sim-process.ts'

/** A place where one process after another runs the same role, with one clock that is off by as much for all of them. */
export class Machine<Role> {
  readonly name: string
  process: SimProcess
  role: Role
  private runs = 0
  private readonly run: SimParts
  private readonly skewMs: number
  private readonly start: (process: SimProcess) => Role

  constructor(run: SimParts, name: string, skewMs: number, start: (process: SimProcess) => Role) {
    this.run = run
    this.name = name
    this.skewMs = skewMs
    this.start = start
    this.process = this.boot()
    this.role = start(this.process)
  }

  get isUp(): boolean {
    return !this.process.isDead
  }

  crash(): void {
    if (!this.isUp) return
    this.say('crashes')
    this.process.crash()
  }

  pause(ms: number): void {
    if (!this.isUp || this.process.isPaused) return
    this.say(`is paused for ${ms} ms`)
    this.process.pause(ms)
  }

  /** A new process takes the place of one that is gone. */
  restart(): void {
    if (this.isUp) return
    this.say('starts again')
    this.process = this.boot()
    this.role = this.start(this.process)
  }

  private boot(): SimProcess {
    const { scheduler, trace, random } = this.run
    const name = `${this.name}.${++this.runs}`
    return new SimProcess({ scheduler, trace, random: random.fork(`process ${name}`), name, skewMs: this.skewMs })
  }

  private say(what: string): void {
    const { scheduler, trace } = this.run
    trace.add(scheduler.now - simulationStart, this.name, what)
  }
}
