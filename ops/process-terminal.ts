import { once } from 'node:events'
import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import picocolors from 'picocolors'
import type { Terminal } from './cli/terminal.ts'

const columnsWithoutScreen = 120

/** The terminal of this process. A second request to stop ends it at once, should the first not come to an end. */
export function processTerminal(host: NodeJS.Process): Terminal {
  // Whoever read the output has gone, for example `head`: there is nobody left to tell.
  host.stdout.on('error', () => host.exit(1))
  return {
    out: (line) => {
      host.stdout.write(line)
    },
    err: (line) => {
      host.stderr.write(line)
    },
    interactive: host.stdout.isTTY,
    colours: host.stdout.isTTY && picocolors.isColorSupported,
    columns: host.stdout.isTTY ? host.stdout.columns : columnsWithoutScreen,
    environment: host.env,
    workingFolder: host.cwd(),
    readInput: () => text(host.stdin),
    ask: async (question) => {
      const lines = createInterface({ input: host.stdin, output: host.stdout })
      // Without an answer, as when the input ends, there is none.
      const answer = await Promise.race([lines.question(question), once(lines, 'close').then(() => '')])
      lines.close()
      return answer
    },
    onKey: (listener) => {
      const heard = (chunk: Buffer): void => listener(chunk.toString())
      const { stdin } = host
      if (stdin.isTTY) stdin.setRawMode(true)
      stdin.on('data', heard)
      return () => {
        stdin.off('data', heard)
        if (stdin.isTTY) stdin.setRawMode(false)
        // Else it would keep the process.
        stdin.pause()
      }
    },
    onStopSignal: (listener) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        host.once(signal, () => {
          host.once(signal, () => host.exit(1))
          listener(signal)
        })
      }
    },
  }
}
