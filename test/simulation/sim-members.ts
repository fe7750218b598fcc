import type { Member, Members } from '../../cluster/members.ts'
import { StoreFault } from '../../cluster/store.ts'
import { simulationStart } from './scheduler.ts'
import { callService } from './services/service-call.ts'
import type { SimParts } from './sim-parts.ts'
import type { SimProcess } from './sim-process.ts'
import { calmService, type ServiceWeather } from './weather.ts'

interface Seen {
  readonly member: Member
  readonly until: number
}

/**
 * Who said by when that it is there, by a clock that no process shares. Words may overtake each other on their way: a late beat brings back a
 * member that has left or drains, until its time runs out.
 */
export class SimMembers {
  /** May be changed at any time. */
  weather: ServiceWeather = calmService
  private readonly parts: SimParts
  private readonly seen = new Map<string, Seen>()

  constructor(parts: SimParts) {
    this.parts = parts
  }

  connect(process: SimProcess): Members {
    return {
      beat: ({ name, state }, ttlMs) => this.call(process, () => this.beat({ name, state }, ttlMs)),
      leave: (name) => this.call(process, () => this.leave(name)),
    }
  }

  /** Who is there now, in the order of their names. */
  present(): readonly Member[] {
    const { now } = this.parts.scheduler
    for (const [name, { until }] of this.seen) {
      if (until > now) continue
      this.seen.delete(name)
      this.note(`${name} was not heard of again`)
    }
    return Array.from(this.seen.values(), ({ member }) => member).sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  healAll(): void {
    this.weather = calmService
  }

  private beat(member: Member, ttlMs: number): readonly Member[] {
    const { name, state } = member
    if (this.seen.get(name)?.member.state !== state) this.note(`${name} is ${state}`)
    this.seen.set(name, { member, until: this.parts.scheduler.now + ttlMs })
    return this.present()
  }

  private leave(name: string): void {
    if (this.seen.delete(name)) this.note(`${name} leaves`)
  }

  private call<T>(process: SimProcess, run: () => T): Promise<T> {
    const fault = (why: string): Error => new StoreFault('STORE_FAILED', `the members are not known: ${why}`)
    return callService(this.parts, process, this.weather, { run, fault })
  }

  private note(what: string): void {
    const { scheduler, trace } = this.parts
    trace.add(scheduler.now - simulationStart, 'members', what)
  }
}
