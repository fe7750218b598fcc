import { decodeMessage } from '../../protocol/envelope.ts'
import { StreamSplitter } from '../../protocol/stream-splitter.ts'
import { RawTcp, requestBytes } from '../raw-connections.ts'

const sendEveryMs = 10
const answerMax = 64 * 1024

/** New users who come to one gateway at a steady rate, each once; counts what they are told. */
export class AdmissionLoad {
  admitted = 0
  refused = 0
  /** Answers that are neither. */
  readonly others: string[] = []
  private readonly connection: RawTcp
  private readonly timer: NodeJS.Timeout
  private users = 0

  private constructor(connection: RawTcp, name: string, sku: string, perSecond: number) {
    this.connection = connection
    const splitter = new StreamSplitter(answerMax)
    connection.socket.on('data', (chunk) => splitter.feed(chunk, (bytes, from, to) => this.heard(bytes, from, to)))
    const began = performance.now()
    this.timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) * perSecond) / 1000)
      const calls: Uint8Array[] = []
      for (; this.users < due; this.users++) calls.push(requestBytes(this.users % 0xffff_ffff, 'buy', [`${name}-${this.users}`, sku]))
      void connection.send(Buffer.concat(calls))
    }, sendEveryMs)
  }

  static async start(port: number, key: string, name: string, sku: string, perSecond: number): Promise<AdmissionLoad> {
    // Its answers are read here; whoever asked gets them by number.
    const connection = await RawTcp.open(port, false)
    const load = new AdmissionLoad(connection, name, sku, perSecond)
    await connection.send(requestBytes(0xffff_ffff, 'auth', [key]))
    return load
  }

  stop(): void {
    clearInterval(this.timer)
    this.connection.close()
  }

  private heard(bytes: Uint8Array, from: number, to: number): void {
    const message = decodeMessage(bytes, from, to)
    if (message.kind !== 'response' || message.msgid === 0xffff_ffff) return
    if (message.error === null) this.admitted++
    else if (message.error.code === 'RATE_LIMITED') this.refused++
    else this.others.push(message.error.code)
  }
}
