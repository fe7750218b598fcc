import type { SocketConstructor } from '../../protocol/client/socket-connection.ts'
import { simulationStart } from './scheduler.ts'
import type { SimDevice } from './sim-device.ts'
import type { SimParts } from './sim-parts.ts'
import type { SimProcess } from './sim-process.ts'
import type { ClientEnd, ClientHandlers } from './sockets/client-end.ts'
import { webSocketClass } from './sockets/client-web-socket.ts'
import type { Accept } from './sockets/server-end.ts'
import { type Notices, SocketPair } from './sockets/socket-pair.ts'
import { abnormalCode } from './sockets/socket-wire.ts'
import { calmSockets, drawMs, type SocketWeather } from './weather.ts'

export interface SocketLimits {
  /** What a server may have on its way to one client; above it a message is dropped, and the server is told. */
  readonly bufferedBytesMax: number
}

export const socketLimits: SocketLimits = { bufferedBytesMax: 64 * 1024 }

/** The name under which clients reach any server that listens: a load balancer stands there. */
export const balancerHost = 'shop'

interface Listener {
  readonly process: SimProcess
  accept: Accept | undefined
}

/** The WebSockets between devices and gateways. Dialling `ws://<name of a process>/` reaches that process, `ws://shop/` any that listens. */
export class SimSockets {
  /** May be changed at any time. */
  weather: SocketWeather = calmSockets
  private readonly parts: SimParts
  private readonly limits: SocketLimits
  private readonly listeners = new Map<string, Listener>()
  private readonly pairs = new Set<SocketPair>()
  private readonly offlineUntil = new Map<SimDevice, number>()
  private readonly lastServers = new Map<SimDevice, string>()

  constructor(parts: SimParts, limits: SocketLimits = socketLimits) {
    this.parts = parts
    this.limits = limits
  }

  /** Takes clients in until closed; those that are in stay. */
  listen(process: SimProcess, accept: Accept): { close(): void } {
    const listener: Listener = { process, accept }
    this.listeners.set(process.name, listener)
    process.whenDead(() => this.serverDied(listener))
    return {
      close: () => {
        listener.accept = undefined
        this.unlist(listener)
      },
    }
  }

  /** What a client on this device makes its connections with. */
  webSocketOf(device: SimDevice): SocketConstructor {
    device.process.whenDead(() => this.deviceDied(device))
    return webSocketClass((url, protocols, handlers) => this.dial(device, new URL(url).hostname, protocols, handlers))
  }

  /** The device has a connection that works, whatever it believes. */
  isConnected(device: SimDevice): boolean {
    return device.isOnline && this.of(device.process).some((pair) => pair.isWhole)
  }

  /** Breaks every connection of a server or of a device's process. */
  cut(process: SimProcess, notices: Notices): void {
    this.note(process.name, `connections cut, noticed by ${notices}`)
    for (const pair of this.of(process)) pair.break(notices)
  }

  /** Everything from and to the process waits. */
  stall(process: SimProcess, ms: number): void {
    this.note(process.name, `connections stalled for ${ms} ms`)
    for (const pair of this.of(process)) pair.stall(ms)
  }

  /** The device has no network for so long. Its connections may have outlived that, or be dead without anybody having been told. */
  goOffline(device: SimDevice, ms: number): void {
    const { scheduler, random } = this.parts
    const until = scheduler.now + ms
    if ((this.offlineUntil.get(device) ?? 0) >= until) return
    this.offlineUntil.set(device, until)
    device.setOnline(false)
    this.note(device.process.name, `offline for ${ms} ms`)
    const before = this.of(device.process)
    for (const pair of before) pair.stall(ms)
    scheduler.after(ms, () => {
      for (const pair of before) if (!random.is(this.weather.resumeShare)) pair.break(random.is(0.5) ? 'client' : 'none')
      if (this.offlineUntil.get(device) !== until) return
      this.offlineUntil.delete(device)
      device.setOnline(true)
      this.note(device.process.name, 'online')
    })
  }

  /** From now on nothing goes wrong any more; whoever is offline comes back in its time. */
  healAll(): void {
    this.weather = calmSockets
    for (const pair of this.pairs) if (pair.device.isOnline) pair.unstall()
  }

  /** Connections of which at least one end is still there. */
  get count(): number {
    return this.pairs.size
  }

  private dial(device: SimDevice, host: string, protocols: readonly string[], handlers: ClientHandlers): Pick<ClientEnd, 'send' | 'close'> {
    const listener = host === balancerHost ? this.anyListener() : this.listeners.get(host)
    if (!device.isOnline || listener === undefined || listener.process.isDead) return this.refuse(device, host, handlers)
    this.note(device.process.name, `dials ${listener.process.name}`)
    const { parts, pairs } = this
    const before = this.lastServers.get(device)
    if (before !== undefined && before !== listener.process.name) parts.reached.count('client moved to another gateway')
    this.lastServers.set(device, listener.process.name)
    const pair = new SocketPair(
      {
        parts,
        weather: () => this.weather,
        bufferedBytesMax: this.limits.bufferedBytesMax,
        device,
        server: listener.process,
        accept: () => listener.accept,
        handlers,
        onGone: (gone) => pairs.delete(gone),
      },
      protocols,
    )
    pairs.add(pair)
    return pair.clientEnd
  }

  private refuse(device: SimDevice, host: string, handlers: ClientHandlers): Pick<ClientEnd, 'send' | 'close'> {
    this.note(device.process.name, device.isOnline ? `refused by ${host}` : 'has no network to dial')
    let isOpen = true
    const tell = (): void => {
      if (isOpen) handlers.ended(abnormalCode, 'refused')
    }
    this.parts.scheduler.after(drawMs(this.parts.random, this.weather.delayMs), tell, device.process)
    return {
      send: () => {},
      close: () => {
        isOpen = false
      },
    }
  }

  /** A balancer does not know at once who is dead. */
  private anyListener(): Listener | undefined {
    return this.listeners.size === 0 ? undefined : this.parts.random.pick([...this.listeners.values()])
  }

  private serverDied(listener: Listener): void {
    const { scheduler, random } = this.parts
    const isSilent = random.is(this.weather.silentDeathShare)
    for (const pair of this.of(listener.process)) pair.serverDied(isSilent)
    scheduler.after(drawMs(random, this.weather.noticeMs), () => this.unlist(listener))
  }

  private deviceDied(device: SimDevice): void {
    const isSilent = this.parts.random.is(this.weather.silentDeathShare)
    for (const pair of this.of(device.process)) pair.clientDied(isSilent)
  }

  private unlist(listener: Listener): void {
    if (this.listeners.get(listener.process.name) === listener) this.listeners.delete(listener.process.name)
  }

  /** A list of its own: connections may end while one goes through it. */
  private of(process: SimProcess): readonly SocketPair[] {
    return [...this.pairs].filter((pair) => pair.isOf(process))
  }

  private note(who: string, what: string): void {
    const { scheduler, trace } = this.parts
    trace.add(scheduler.now - simulationStart, 'sockets', `${who}: ${what}`)
  }
}
