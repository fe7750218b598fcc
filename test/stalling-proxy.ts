import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { listenOn, portOf } from './loopback.ts'

/** Stands between clients and a server on loopback, and can stop passing anything on without ending a connection, as a pulled cable does. */
export class StallingProxy {
  private readonly server: Server
  private readonly sockets = new Set<Socket>()
  private stalled = false

  private constructor(targetPort: number) {
    this.server = createServer((client) => {
      const target = connect(targetPort, '127.0.0.1')
      for (const [from, to] of [
        [client, target],
        [target, client],
      ] as const) {
        this.sockets.add(from)
        from.on('error', () => to.destroy())
        from.on('close', () => {
          this.sockets.delete(from)
          to.destroy()
        })
        from.pipe(to)
      }
      if (this.stalled) freeze(client, target)
    })
  }

  static async start(targetPort: number): Promise<StallingProxy> {
    const proxy = new StallingProxy(targetPort)
    await listenOn(proxy.server)
    return proxy
  }

  get port(): number {
    return portOf(this.server)
  }

  /** Nothing gets through any more, on connections that exist and on new ones. */
  stall(): void {
    this.stalled = true
    freeze(...this.sockets)
  }

  /** New connections work; the stalled ones stay so. */
  resumeForNewcomers(): void {
    this.stalled = false
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
    await once(this.server, 'close')
  }
}

function freeze(...sockets: readonly Socket[]): void {
  for (const socket of sockets) {
    socket.unpipe()
    socket.pause()
  }
}
