import { connect } from 'node:net'
import { BenchFault } from '../bench-fault.ts'

const replyMs = 5_000

/** Sends Redis one command and resolves with its reply, for setting up and looking on; nothing here is fast. */
export function askRedis(port: number, ...words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: replyMs })
    let received = ''
    const fail = (reason: string, cause?: unknown): void => {
      socket.destroy()
      reject(new BenchFault(`Redis: ${words[0] ?? ''}: ${reason}`, cause))
    }
    socket.on('error', (error) => fail(error.message, error))
    socket.on('timeout', () => fail('no reply'))
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      received += chunk
      const reply = replyIn(received)
      if (reply === undefined) return
      if (reply.startsWith('-')) return fail(reply.slice(1))
      socket.destroy()
      resolve(reply)
    })
    socket.write(redisRequest(words))
  })
}

/** A command as RESP. */
export function redisRequest(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
}

/** The text of a whole simple or bulk reply; errors keep their `-`. */
function replyIn(received: string): string | undefined {
  const lineEnd = received.indexOf('\r\n')
  if (lineEnd < 0) return undefined
  if (!received.startsWith('$')) return received.startsWith('-') ? received.slice(0, lineEnd) : received.slice(1, lineEnd)
  const end = lineEnd + 2 + Number(received.slice(1, lineEnd))
  return received.length < end + 2 ? undefined : received.slice(lineEnd + 2, end)
}
