import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** A client of NATS without a library: it can be as slow and as strange as a test wants. */
export class RawSubscriber {
  /** All that the server said. */
  heard = ''
  private readonly socket: Socket

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => socket.destroy())
    socket.setEncoding('latin1').on('data', (text: string) => {
      this.heard += text
    })
  }

  /** Resolves when the server knows of the subscription. */
  static async connect(port: number, subject: string): Promise<RawSubscriber> {
    const subscriber = new RawSubscriber(connect(port, '127.0.0.1'))
    await subscriber.say(`CONNECT {"verbose":false}\r\nSUB ${subject} 1\r\n`)
    return subscriber
  }

  /** Whether the server has ended the connection, which shows by writing: who does not read sees no end. */
  isCutOff(): boolean {
    this.socket.write('PING\r\n')
    return this.socket.destroyed
  }

  /** Reads nothing any more. */
  pause(): void {
    this.socket.pause()
  }

  async publish(subject: string, text: string, reply = ''): Promise<void> {
    await this.say(`PUB ${subject} ${reply} ${text.length}\r\n${text}\r\n`)
  }

  close(): void {
    this.socket.destroy()
  }

  /** Resolves when the server has handled it. */
  private async say(text: string): Promise<void> {
    const from = this.heard.length
    this.socket.write(`${text}PING\r\n`)
    const signal = AbortSignal.timeout(10_000)
    while (!this.heard.includes('PONG', from)) await once(this.socket, 'data', { signal })
  }
}
