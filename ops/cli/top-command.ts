import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import type { Command } from 'commander'
import { z } from 'zod'
import { decodeSales } from '../../protocol/client/result-decoders.ts'
import { type RpcClient, SluiceError } from '../../protocol/client/rpc-client.ts'
import { settingsSchema } from '../settings.ts'
import { readMetrics, type Sample } from '../top/metrics-text.ts'
import { topLines } from '../top/top-text.ts'
import { type TopReading, topView, type TopView } from '../top/top-view.ts'
import { realClock } from '../world.ts'
import { CommandFault } from './command-fault.ts'
import { addNodeCommand, readNodeOptions, withNode } from './connection.ts'
import type { Terminal } from './terminal.ts'

const { opsHost, opsPort } = settingsSchema.parse({})
const usualOps = `${opsHost}:${opsPort}`
const optionsSchema = z.object({ ops: z.string().default(usualOps), once: z.boolean().default(false) })
const clusterSchema = z.object({
  nodes: z.array(
    z.object({ name: z.string(), role: z.string(), state: z.string(), shards: z.array(z.object({ name: z.string(), lagBytes: z.int() })) }),
  ),
  unowned: z.array(z.string()),
})

const everyMs = 1_000
const answerMs = 900
const pageBytesMax = 16 * 1024 * 1024

/** `sluice top`: sales, processes and shards as they are now, drawn anew every second. */
export function addTopCommand(program: Command, terminal: Terminal): void {
  const top = addNodeCommand(program, 'top', 'sales, rates, refusals, shards and event loops as they are now; q quits')
    .option('--ops <host:port,...>', `ops ports of the processes to watch (default ${usualOps})`)
    .option('--once', 'look for a second, print, and end')
  top.action(async () => {
    const options = readNodeOptions(top)
    const { ops, once } = optionsSchema.parse(top.opts())
    const addresses = ops.split(',').map((one) => one.trim())
    const wrong = addresses.find((address) => !URL.canParse(`http://${address}`))
    if (wrong !== undefined) throw new CommandFault(`--ops: ${JSON.stringify(wrong)} must be host:port, such as ${usualOps}`)
    await withNode(options, terminal, (rpc) =>
      once || options.json === true || !terminal.interactive
        ? lookOnce(rpc, addresses, options.json === true, terminal)
        : watch(rpc, addresses, terminal),
    )
  })
}

/** Rates need two looks. */
async function lookOnce(rpc: RpcClient, addresses: readonly string[], asJson: boolean, terminal: Terminal): Promise<void> {
  const first = await read(rpc, addresses)
  await wait(everyMs)
  const view = topView(await read(rpc, addresses), first)
  terminal.out(asJson ? `${JSON.stringify(view)}\n` : `${linesOf(view, terminal).join('\n')}\n`)
}

async function watch(rpc: RpcClient, addresses: readonly string[], terminal: Terminal): Promise<void> {
  const stopping = new AbortController()
  const stop = (): void => stopping.abort()
  const release = terminal.onKey((key) => {
    if (key === 'q' || key === controlC) stop()
  })
  terminal.onStopSignal(stop)
  terminal.out(screen.open)
  try {
    for (let before: TopReading | undefined; !stopping.signal.aborted;) {
      const reading = await read(rpc, addresses)
      const lines = linesOf(topView(reading, before), terminal, true)
      terminal.out(`${screen.home}${lines.map((line) => `${line}${screen.restOfLine}`).join('\n')}${screen.restOfScreen}`)
      before = reading
      // Ends early with a rejection, which only says that somebody wants to quit.
      await wait(everyMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
  } finally {
    terminal.out(screen.close)
    release()
  }
}

function linesOf(view: TopView, { columns, colours }: Terminal, quits = false): readonly string[] {
  return topLines(view, { columns, colours, quits })
}

async function read(rpc: RpcClient, addresses: readonly string[]): Promise<TopReading> {
  const [sales, cluster, processes] = await Promise.all([
    answerOf(async () => decodeSales(await rpc.call('sale.list', [], { repeat: true, deadlineMs: answerMs }))),
    answerOf(async () => clusterSchema.parse(await rpc.call('cluster.status', [], { repeat: true, deadlineMs: answerMs }))),
    Promise.all(addresses.map(async (address) => ({ address, samples: await metricsOf(address) }))),
  ])
  return { at: realClock.now(), monotonic: performance.now(), sales, cluster, processes }
}

/** What a node that does not answer, or may not, says is not known; a key that is not good is for whoever asked. */
async function answerOf<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code === 'UNAUTHORIZED' || error.code === 'FORBIDDEN') throw error
    return undefined
  }
}

async function metricsOf(address: string): Promise<readonly Sample[] | undefined> {
  try {
    const response = await fetch(`http://${address}/metrics`, { signal: AbortSignal.timeout(answerMs) })
    const text = await response.text()
    return response.ok && text.length <= pageBytesMax ? readMetrics(text) : undefined
  } catch {
    // Whatever the reason, the picture says that it does not answer.
    return undefined
  }
}

const controlC = '\u0003'
/** Another screen without a cursor while it runs; what was on the screen before is there again after it. */
const screen = {
  open: '\u001b[?1049h\u001b[?25l',
  close: '\u001b[?25h\u001b[?1049l',
  home: '\u001b[H',
  restOfLine: '\u001b[K',
  restOfScreen: '\u001b[J',
}
