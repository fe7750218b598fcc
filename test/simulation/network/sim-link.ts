import type { SendResult } from '../../../cluster/bus.ts'
import { frameKind, kindOfFrame } from '../../../protocol/frame.ts'
import { simulationStart } from '../scheduler.ts'
import type { SimParts } from '../sim-parts.ts'
import type { SimProcess } from '../sim-process.ts'
import { drawMs, type NetworkWeather } from '../weather.ts'
import { Pipe } from './pipe.ts'
import { SimBus, type Uplink } from './sim-bus.ts'

export interface NetworkLimits {
  /** What a process may have on its way to the hub; above it `send` answers `full`. One frame alone always goes. */
  readonly sentBytesMax: number
  /** What the hub keeps for a process that does not take it; above it the process is thrown out as a slow consumer. */
  readonly keptBytesMax: number
}

/** The hub, as a link sees it. */
export interface Hub {
  readonly parts: SimParts
  readonly limits: NetworkLimits
  weather(): NetworkWeather
  onSent(process: SimProcess, subject: string, frame: Uint8Array): void
  route(from: SimLink, subject: string, frame: Uint8Array): void
  subscribe(link: SimLink, subscription: number, subject: string): void
  unsubscribe(link: SimLink, subscription: number): void
  /** Drops all that this link has subscribed to. */
  forget(link: SimLink): void
}

type Up =
  | { readonly kind: 'frame'; readonly subject: string; readonly frame: Uint8Array }
  | { readonly kind: 'subscribe'; readonly subscription: number; readonly subject: string }
  | { readonly kind: 'unsubscribe'; readonly subscription: number }

type Down =
  | { readonly kind: 'frame'; readonly subscription: number; readonly subject: string; readonly frame: Uint8Array }
  | { readonly kind: 'undelivered'; readonly subject: string; readonly frame: Uint8Array }

export type Direction = 'in' | 'out' | 'both'

/** A frame costs this much of the limits besides its bytes. */
const frameHeadBytes = 64

/** The connection of one process to the hub, and what befalls it. */
export class SimLink implements Uplink {
  readonly process: SimProcess
  readonly bus: SimBus
  private readonly hub: Hub
  private readonly up: Pipe<Up>
  private readonly down: Pipe<Down>
  private isUpCut = false
  private isDownCut = false
  private isConnected = true
  /** The hub has noticed that the process is dead: nothing that still comes from it is subscribed to. */
  private isForgotten = false
  /** Words about subscriptions that wait for the end of a partition. */
  private heldBack: Up[] = []

  constructor(hub: Hub, process: SimProcess) {
    const { scheduler } = hub.parts
    this.hub = hub
    this.process = process
    this.bus = new SimBus(this, process.world.log)
    this.up = new Pipe({ scheduler, owner: undefined, arrive: (item, isOvertaken) => this.atHub(item, isOvertaken) })
    this.down = new Pipe({ scheduler, owner: process, arrive: (item, isOvertaken) => this.atProcess(item, isOvertaken) })
    process.whenDead(() => this.died())
  }

  send(subject: string, frame: Uint8Array): SendResult {
    const bytes = frame.length + frameHeadBytes
    if (this.up.bytes > 0 && this.up.bytes + bytes > this.hub.limits.sentBytesMax) {
      this.hub.parts.reached.count('bus full')
      return 'full'
    }
    this.hub.onSent(this.process, subject, frame)
    // A client of NATS takes frames while it reconnects, and drops them when it has.
    if (!this.isConnected) this.lose(subject, frame, 'not connected')
    else if (this.isUpCut) this.vanish(subject, frame)
    else this.carry(this.up, { kind: 'frame', subject, frame }, bytes)
    return 'sent'
  }

  subscribe(subscription: number, subject: string): void {
    this.tell({ kind: 'subscribe', subscription, subject })
  }

  unsubscribe(subscription: number): void {
    this.tell({ kind: 'unsubscribe', subscription })
  }

  /** The hub passes on what it was sent for this process. */
  deliver(item: Down): void {
    if (!this.isConnected) return
    const bytes = item.frame.length + frameHeadBytes
    if (this.isDownCut) return this.vanish(item.subject, item.frame)
    if (this.down.bytes + bytes > this.hub.limits.keptBytesMax) return this.throwOut()
    this.carry(this.down, item, bytes)
  }

  cut(direction: Direction): void {
    if (direction !== 'in') this.isUpCut = true
    if (direction !== 'out') this.isDownCut = true
    this.note(`cut ${direction}`)
  }

  heal(): void {
    if (!this.isUpCut && !this.isDownCut) return
    this.isUpCut = false
    this.isDownCut = false
    this.note('healed')
    const { heldBack } = this
    this.heldBack = []
    for (const word of heldBack) this.tell(word)
  }

  clog(ms: number, direction: Direction): void {
    if (direction !== 'in') this.up.stall(ms)
    if (direction !== 'out') this.down.stall(ms)
    this.note(`clogged ${direction} for ${ms} ms`)
  }

  unclog(): void {
    this.up.unstall()
    this.down.unstall()
  }

  disconnect(ms: number): void {
    if (!this.isConnected || this.process.isDead) return
    this.isConnected = false
    this.up.discard()
    this.down.discard()
    this.heldBack = []
    this.hub.forget(this)
    this.note(`disconnected for ${ms} ms`)
    this.hub.parts.scheduler.after(ms, () => this.reconnect(), this.process)
  }

  private reconnect(): void {
    this.isConnected = true
    this.note('connected again')
    for (const [subscription, subject] of this.bus.subscriptions()) this.subscribe(subscription, subject)
  }

  private throwOut(): void {
    const { parts } = this.hub
    parts.reached.count('slow consumer')
    this.note('takes too little')
    this.disconnect(drawMs(parts.random, this.hub.weather().reconnectMs))
  }

  private died(): void {
    const { parts } = this.hub
    const noticed = (): void => {
      this.isForgotten = true
      this.hub.forget(this)
      this.note('known to be dead')
    }
    parts.scheduler.after(drawMs(parts.random, this.hub.weather().deathNoticeMs), noticed)
  }

  /** Says something about subscriptions. While it cannot, TCP would go on trying; after a reconnect everything is said anew. */
  private tell(word: Up): void {
    if (!this.isConnected) return
    if (this.isUpCut) this.heldBack.push(word)
    else this.up.put(word, 0, this.delayMs())
  }

  private carry<T extends Up | Down>(
    pipe: Pipe<T>,
    item: T & { readonly subject: string; readonly frame: Uint8Array },
    bytes: number,
  ): void {
    const { random, reached } = this.hub.parts
    const weather = this.hub.weather()
    const { subject, frame } = item
    if (random.is(weather.lossShare)) return this.lose(subject, frame, 'lost')
    if (pipe.isStalled) reached.count('clogged link')
    if (random.is(weather.doubleShare)) {
      reached.count('frame doubled')
      this.note(`${nameOf(frame)} for ${subject} comes twice`)
      pipe.putLate(item, bytes, this.delayMs() + drawMs(random, weather.lateMs))
    }
    // One owner's answers keep their order: that is the bus's word, and what a user is told of a claim relies on it.
    const mayBeLate = kindOfFrame(frame) !== frameKind.answers
    if (mayBeLate && random.is(weather.lateShare)) pipe.putLate(item, bytes, this.delayMs() + drawMs(random, weather.lateMs))
    else pipe.put(item, bytes, this.delayMs())
  }

  private atHub(item: Up, isOvertaken: boolean): void {
    if (isOvertaken) this.overtaken(item.kind)
    switch (item.kind) {
      case 'frame':
        return this.hub.route(this, item.subject, item.frame)
      case 'subscribe':
        if (!this.isForgotten) this.hub.subscribe(this, item.subscription, item.subject)
        return
      case 'unsubscribe':
        return this.hub.unsubscribe(this, item.subscription)
    }
  }

  private atProcess(item: Down, isOvertaken: boolean): void {
    if (isOvertaken) this.overtaken(item.kind)
    if (item.kind === 'frame') this.bus.receive(item.subscription, item.frame)
    else this.bus.undelivered(item.subject, item.frame)
  }

  private overtaken(what: string): void {
    this.hub.parts.reached.count('frame out of order')
    this.note(`a ${what} was overtaken`)
  }

  private vanish(subject: string, frame: Uint8Array): void {
    if (this.isUpCut !== this.isDownCut) this.hub.parts.reached.count('partition one way')
    this.lose(subject, frame, 'cut off')
  }

  private lose(subject: string, frame: Uint8Array, why: string): void {
    this.hub.parts.reached.count('frame lost')
    this.note(`${nameOf(frame)} for ${subject}: ${why}`)
  }

  private note(what: string): void {
    const { scheduler, trace } = this.hub.parts
    trace.add(scheduler.now - simulationStart, 'network', `${this.process.name}: ${what}`)
  }

  private delayMs(): number {
    return drawMs(this.hub.parts.random, this.hub.weather().delayMs)
  }
}

function nameOf(frame: Uint8Array): string {
  const kind = kindOfFrame(frame)
  return Object.entries(frameKind).find(([, number]) => number === kind)?.[0] ?? 'frame'
}
