import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/**
 * `open` lets everything through. `silent`: what is asked goes through, the answers stay here. `held`: nothing goes through, and nothing is closed, as on a
 * line that is dead without either end knowing. `slow`: what comes goes on now and then. `refusing`: new connections are closed at once.
 */
export type ProxyState = 'open' | 'silent' | 'held' | 'slow' | 'refusing'

/** The longest that a slow line keeps something. */
const slowMs = 150

/** Stands between a client and a server on this machine, and does to their connections what networks do. */
export class TcpProxy {
  readonly port: number
  readonly #server: Server
  readonly #links = new Set<Link>()
  /** Where new connections go. */
  targetPort: number
  #state: ProxyState = 'open'
  #connections = 0
  #slowness: NodeJS.Timeout | undefined

  private constructor(server: Server, port: number, targetPort: number) {
    this.targetPort = targetPort
    this.#server = server
    this.port = port
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy has no port')
    const proxy = new TcpProxy(server, address.port, targetPort)
    server.on('connection', (client) => proxy.#accept(client))
    return proxy
  }

  /** Connections ever made. */
  get connections(): number {
    return this.#connections
  }

  /** What was held back goes on its way if the new state lets it. */
  set state(state: ProxyState) {
    this.#state = state
    clearInterval(this.#slowness)
    if (state === 'slow') this.#slowness = setInterval(() => this.#passAll(true), slowMs)
    this.#passAll(false)
  }

  /** Ends the connections that there are; new ones can be made. */
  cut(): void {
    for (const link of this.#links) link.end()
  }

  async close(): Promise<void> {
    clearInterval(this.#slowness)
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #passAll(isTime: boolean): void {
    for (const link of this.#links) link.pass(isTime)
  }

  #accept(client: Socket): void {
    if (this.#state === 'refusing') {
      client.destroy()
      return
    }
    this.#connections++
    const link = new Link(client, connect(this.targetPort, '127.0.0.1'), () => this.#state)
    this.#links.add(link)
    link.onEnd = () => this.#links.delete(link)
  }
}

/** One connection with its two halves. What it holds back is a test's, and so small. */
class Link {
  onEnd: () => void = () => {}
  readonly #client: Socket
  readonly #server: Socket
  readonly #state: () => ProxyState
  readonly #asked: Buffer[] = []
  readonly #answered: Buffer[] = []

  constructor(client: Socket, server: Socket, state: () => ProxyState) {
    this.#client = client
    this.#server = server
    this.#state = state
    client.on('data', (bytes: Buffer) => {
      this.#asked.push(bytes)
      this.pass()
    })
    server.on('data', (bytes: Buffer) => {
      this.#answered.push(bytes)
      this.pass()
    })
    for (const half of [client, server]) half.on('error', () => this.end()).on('close', () => this.end())
  }

  /** Sends on what may go; on a slow line nothing may until it is time. */
  pass(isTime = false): void {
    const state = this.#state()
    const isOpen = state === 'open' || (state === 'slow' && isTime)
    if (isOpen || state === 'silent') for (const bytes of this.#asked.splice(0)) this.#server.write(bytes)
    if (isOpen) for (const bytes of this.#answered.splice(0)) this.#client.write(bytes)
  }

  end(): void {
    this.#client.destroy()
    this.#server.destroy()
    this.onEnd()
  }
}
