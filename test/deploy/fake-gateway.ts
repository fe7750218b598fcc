import { createServer, type Server, type Socket } from 'node:net'
import { listenOn, portOf } from '../loopback.ts'

/** What such a gateway answers to a request that it has read whole, byte for byte; undefined ends the connection. */
export type Reaction = (request: string) => string | undefined

/** The other side of nginx where a test has to see what nginx sends, and to be a gateway that fails. */
export class FakeGateway {
  /** Each whole request, head and body. */
  readonly requests: string[] = []
  /** Connections that ever sent anything. */
  heardFrom = 0
  private readonly server: Server
  private readonly open = new Set<Socket>()

  private constructor(react: Reaction) {
    this.server = createServer((socket) => {
      this.open.add(socket)
      let text = ''
      socket.on('data', (chunk) => {
        if (text === '') this.heardFrom++
        text += chunk.toString('latin1')
        if (!isWhole(text)) return
        this.requests.push(text)
        const reaction = react(text)
        text = ''
        if (reaction === undefined) socket.destroy()
        else socket.write(reaction)
      })
      socket.on('error', () => socket.destroy())
      socket.on('close', () => this.open.delete(socket))
    })
  }

  static async start(react: Reaction): Promise<FakeGateway> {
    const gateway = new FakeGateway(react)
    await listenOn(gateway.server)
    return gateway
  }

  get port(): number {
    return portOf(this.server)
  }

  close(): void {
    for (const socket of this.open) socket.destroy()
    this.server.close()
  }
}

/** A JSON answer as a gateway sends it. */
export function answer(body: string, headers = '', status = '200 OK'): string {
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`
}

function isWhole(text: string): boolean {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return false
  return text.length - headEnd - 4 >= Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0)
}
