import type { Bus } from '../../cluster/bus.ts'
import { frameBytesMax, frameKind, kindOfFrame } from '../../protocol/frame.ts'
import { type Direction, type Hub, type NetworkLimits, SimLink } from './network/sim-link.ts'
import { simulationStart } from './scheduler.ts'
import type { SimParts } from './sim-parts.ts'
import type { SimProcess } from './sim-process.ts'
import { calmNetwork, type NetworkWeather } from './weather.ts'

export const networkLimits: NetworkLimits = { sentBytesMax: 2 * frameBytesMax, keptBytesMax: 4 * frameBytesMax }

export type SentListener = (process: SimProcess, subject: string, frame: Uint8Array) => void

interface Subscription {
  readonly link: SimLink
  readonly number: number
}

/**
 * A hub like NATS, and the ways to it: a frame goes from its process to the hub, and from there to everyone whose subscription the hub knows of at
 * that moment. What can go wrong between machines goes wrong here: by chance as the {@link weather} says, and on purpose to one process at a time.
 */
export class SimNetwork {
  /** May be changed at any time. */
  weather: NetworkWeather = calmNetwork
  private readonly parts: SimParts
  private readonly hub: Hub
  private readonly links = new Map<SimProcess, SimLink>()
  private readonly subjects = new Map<string, readonly Subscription[]>()
  private readonly sentListeners: SentListener[] = []

  constructor(parts: SimParts, limits: NetworkLimits = networkLimits) {
    this.parts = parts
    this.hub = {
      parts,
      limits,
      weather: () => this.weather,
      onSent: (process, subject, frame) => {
        for (const listener of this.sentListeners) listener(process, subject, frame)
      },
      route: (from, subject, frame) => this.route(from, subject, frame),
      subscribe: (link, number, subject) => void this.subjects.set(subject, [...this.subscribed(subject), { link, number }]),
      unsubscribe: (link, number) => this.drop((one) => one.link === link && one.number === number),
      forget: (link) => this.drop((one) => one.link === link),
    }
  }

  /** The bus of one run of a process. */
  connect(process: SimProcess): Bus {
    const link = new SimLink(this.hub, process)
    this.links.set(process, link)
    process.whenDead(() => this.links.delete(process))
    return link.bus
  }

  /** Hears of every frame at the moment at which it leaves its process, before anything can befall it. */
  onSent(listener: SentListener): void {
    this.sentListeners.push(listener)
  }

  /** Frames from (`out`) or to (`in`) the process vanish from now on; what it serves stays known. */
  cut(process: SimProcess, direction: Direction): void {
    this.links.get(process)?.cut(direction)
  }

  heal(process: SimProcess): void {
    this.links.get(process)?.heal()
  }

  /** Frames from and to the process wait, and come in a burst when the time is over. */
  clog(process: SimProcess, ms: number, direction: Direction = 'both'): void {
    this.links.get(process)?.clog(ms, direction)
  }

  /** The process loses its connection, what is under way with it, and what it serves until it comes back. */
  disconnect(process: SimProcess, ms: number): void {
    this.links.get(process)?.disconnect(ms)
  }

  /** From now on nothing goes wrong any more; whoever is still disconnected comes back in its time. */
  healAll(): void {
    this.weather = calmNetwork
    for (const link of this.links.values()) {
      link.heal()
      link.unclog()
    }
  }

  private route(from: SimLink, subject: string, frame: Uint8Array): void {
    const receivers = this.subscribed(subject)
    for (const { link, number } of receivers) link.deliver({ kind: 'frame', subscription: number, subject, frame })
    if (receivers.length > 0) return
    // Only commands are asked for a receiver in practice; the others' senders do not listen.
    if (kindOfFrame(frame) === frameKind.commands) {
      const { scheduler, trace, reached } = this.parts
      reached.count('no responders')
      trace.add(scheduler.now - simulationStart, 'network', `${from.process.name}: nobody serves ${subject}`)
    }
    from.deliver({ kind: 'undelivered', subject, frame })
  }

  private subscribed(subject: string): readonly Subscription[] {
    return this.subjects.get(subject) ?? []
  }

  /** Lists are replaced, never changed: a frame may be on its way through one, and throw a process out. */
  private drop(isDropped: (subscription: Subscription) => boolean): void {
    for (const [subject, subscriptions] of this.subjects) {
      const kept = subscriptions.filter((one) => !isDropped(one))
      if (kept.length === 0) this.subjects.delete(subject)
      else if (kept.length < subscriptions.length) this.subjects.set(subject, kept)
    }
  }
}
