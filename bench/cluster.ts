import { CommanderError } from 'commander'
import { StoreFault } from '../cluster/store.ts'
import { StartFault } from '../ops/start-fault.ts'
import { BenchFault } from './bench-fault.ts'
import type { Member } from './cluster/cluster-member.ts'
import { clusterCommand, type ClusterOptions, clusterOptionsOf } from './cluster/cluster-options.ts'
import { linesOf, summaryOf } from './cluster/cluster-summary.ts'
import { LocalCluster } from './cluster/local-cluster.ts'

/** Ends: 0 asked to stop and stopped, 1 something failed, 2 asked for wrongly, and as shells have it 128 + 2 after a second Ctrl-C. */
const exitCode = { done: 0, failed: 1, misused: 2, interrupted: 130 } as const

/** A Ctrl-C comes from the terminal, and once more from npm: only a later one means that somebody has lost patience. */
const sameSignalMs = 500

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const stopAsked = new Promise<'asked'>((resolve) => {
    let askedAt: number | undefined
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        askedAt ??= performance.now()
        if (performance.now() - askedAt > sameSignalMs) process.exit(exitCode.interrupted)
        resolve('asked')
      })
    }
  })
  try {
    const options = clusterOptionsOf(clusterCommand().parse([...words], { from: 'user' }))
    return (await run(options, stopAsked)) === 'asked' ? exitCode.done : exitCode.failed
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.done : exitCode.misused
    if (!(error instanceof BenchFault || error instanceof StartFault || error instanceof StoreFault)) throw error
    complain(error.message)
    return exitCode.failed
  }
}

/** Resolves when everything has ended, with why. */
async function run(options: ClusterOptions, stopAsked: Promise<'asked'>): Promise<'asked' | 'died'> {
  const cluster = await LocalCluster.start(options)
  const died = new Promise<'died'>((resolve) => {
    cluster.onDeath = (member, how) => {
      complain(deathOf(member, how))
      if (!options.keepGoing) resolve('died')
    }
  })
  print(options.json ? `${JSON.stringify(summaryOf(cluster))}\n` : linesOf(cluster))
  const why = await Promise.race([stopAsked, died])
  if (!options.json) print('stopping\n')
  await cluster.stop()
  return why
}

function deathOf({ name, process: { pid }, logPath }: Member, how: string): string {
  return `${name} (pid ${pid}) has ended by itself: ${how}; its log: ${logPath}`
}

function print(text: string): void {
  process.stdout.write(text)
}

function complain(line: string): void {
  process.stderr.write(`cluster: ${line}\n`)
}
