import { Pipe } from '../network/pipe.ts'
import type { SimDevice } from '../sim-device.ts'
import type { SimParts } from '../sim-parts.ts'
import type { SimProcess } from '../sim-process.ts'
import { drawMs, type SocketWeather } from '../weather.ts'
import { ClientEnd, type ClientHandlers } from './client-end.ts'
import { type Accept, ServerEnd } from './server-end.ts'
import { abnormalCode, bytesOf, type Wire } from './socket-wire.ts'

/** Which ends of a broken connection notice soon. A server notices in any case, when its pings stay without an answer for long enough. */
export type Notices = 'both' | 'client' | 'server' | 'none'

interface SocketPairParts {
  readonly parts: SimParts
  readonly weather: () => SocketWeather
  readonly bufferedBytesMax: number
  readonly device: SimDevice
  readonly server: SimProcess
  readonly accept: () => Accept | undefined
  readonly handlers: ClientHandlers
  /** Both ends have ended. */
  readonly onGone: (pair: SocketPair) => void
}

/** One WebSocket between a device and a server: two pipes that keep their order, and two ends that may think differently of it. */
export class SocketPair {
  readonly device: SimDevice
  readonly server: SimProcess
  readonly clientEnd: ClientEnd
  private readonly serverEnd: ServerEnd
  private readonly own: SocketPairParts
  private readonly up: Pipe<Wire>
  private readonly down: Pipe<Wire>
  private isBroken = false
  /** What the server has sent into the connection since it broke. */
  private strandedBytes = 0

  constructor(own: SocketPairParts, protocols: readonly string[]) {
    const { scheduler } = own.parts
    const { device, server, handlers, bufferedBytesMax } = own
    this.own = own
    this.device = device
    this.server = server
    this.up = new Pipe({ scheduler, owner: server, arrive: (wire) => this.serverEnd.arrive(wire) })
    this.down = new Pipe({ scheduler, owner: device.process, arrive: (wire) => this.clientEnd.arrive(wire) })
    const onEnded = (): void => this.endEnded()
    this.clientEnd = new ClientEnd({ handlers, put: (wire) => this.putUp(wire), onEnded })
    this.serverEnd = new ServerEnd({
      address: device.address,
      accept: own.accept,
      bufferedBytesMax,
      bufferedBytes: () => this.down.bytes + this.strandedBytes,
      put: (wire) => this.putDown(wire),
      onEnded,
    })
    this.putUp({ kind: 'hello', protocols })
  }

  isOf(process: SimProcess): boolean {
    return this.server === process || this.device.process === process
  }

  /** Both ends are open, and what one of them says will reach the other. */
  get isWhole(): boolean {
    return !this.isBroken && this.clientEnd.state === 'open' && this.serverEnd.state === 'open' && !this.server.isDead
  }

  /** What is under way is lost, and so is what follows. */
  break(notices: Notices): void {
    if (this.isBroken) return
    this.isBroken = true
    this.up.discard()
    this.down.discard()
    const { idleTimeoutMs } = this.own.weather()
    if (notices === 'both' || notices === 'client') this.clientLoses()
    this.serverLosesIn(notices === 'both' || notices === 'server' ? this.noticeMs() : idleTimeoutMs)
  }

  /** Everything waits, and comes in a burst when the time is over. */
  stall(ms: number): void {
    this.up.stall(ms)
    this.down.stall(ms)
  }

  unstall(): void {
    this.up.unstall()
    this.down.unstall()
  }

  /** The server's process has died. What it had sent is on its way; without a word the client is left to find out by itself. */
  serverDied(isSilent: boolean): void {
    if (!isSilent) this.putDown({ kind: 'bye', code: abnormalCode, reason: 'the server is gone' })
    this.serverEnd.gone()
  }

  /** The device has died, or its user has closed the page. */
  clientDied(isSilent: boolean): void {
    if (isSilent) this.serverLosesIn(this.own.weather().idleTimeoutMs)
    else this.putUp({ kind: 'bye', code: abnormalCode, reason: '' })
    this.clientEnd.gone()
  }

  private clientLoses(): void {
    const { scheduler } = this.own.parts
    scheduler.after(this.noticeMs(), () => this.clientEnd.end(abnormalCode, 'the connection broke'), this.device.process)
  }

  private serverLosesIn(ms: number): void {
    this.own.parts.scheduler.after(ms, () => this.serverEnd.end(abnormalCode), this.server)
  }

  private putUp(wire: Wire): void {
    if (!this.isBroken) this.up.put(wire, bytesOf(wire), this.delayMs())
  }

  private putDown(wire: Wire): void {
    if (this.isBroken) this.strandedBytes += bytesOf(wire)
    else this.down.put(wire, bytesOf(wire), this.delayMs())
  }

  private endEnded(): void {
    if (this.clientEnd.state === 'ended' && this.serverEnd.state === 'ended') this.own.onGone(this)
  }

  private delayMs(): number {
    return drawMs(this.own.parts.random, this.own.weather().delayMs)
  }

  private noticeMs(): number {
    return drawMs(this.own.parts.random, this.own.weather().noticeMs)
  }
}
