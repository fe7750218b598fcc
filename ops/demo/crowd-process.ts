import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import type { Log, Timers } from '../../cluster/world.ts'

/** What the shop page shows of a crowd. */
export interface CrowdReport {
  readonly running: boolean
  readonly users: number
  readonly done: number
  /** On their way, or waiting for the opening. */
  readonly outside: number
  readonly held: number
  readonly queued: number
  readonly bought: number
  readonly soldout: number
  readonly declined: number
  /** Went without: gave back, or let run out, what they had. */
  readonly left: number
  readonly errors: number
  /** Something did not add up, or a shopper was left without an answer; the server's log says what. */
  readonly problems: number
}

export interface CrowdTargets {
  readonly webPort: number
  readonly webHost: string
  readonly rpc: string
  readonly operatorKey: string
  readonly dataFolder: string
  /** More options for `sluice rush`. */
  readonly words: readonly string[]
}

const count = z.int().min(0)
/** The parts of the lines of `sluice rush --json` that are used here. */
const lineSchema = z.union([
  z.object({
    kind: z.literal('progress'),
    done: count,
    stages: z.object({ outside: count, arriving: count, early: count, queued: count, held: count, paying: count }),
    outcomes: z.record(z.string(), count),
  }),
  z.object({ kind: z.literal('summary'), outcomes: z.record(z.string(), count), problems: z.array(z.string()) }),
])

const nobody: CrowdReport = {
  running: false,
  users: 0,
  done: 0,
  outside: 0,
  held: 0,
  queued: 0,
  bought: 0,
  soldout: 0,
  declined: 0,
  left: 0,
  errors: 0,
  problems: 0,
}

/** The compiled program beside this file; a crowd is a process of its own, so that the server's event loop stays the server's. */
const programPath = fileURLToPath(new URL('../main.js', import.meta.url))
const farewellMs = 8_000

/** The crowd of the demo: `sluice rush` as a child process, one at a time. */
export class CrowdProcess {
  private readonly targets: CrowdTargets
  private readonly log: Log
  private readonly timers: Timers
  private child: ChildProcess | undefined
  private latest = nobody

  constructor(targets: CrowdTargets, log: Log, timers: Timers) {
    this.targets = targets
    this.log = log
    this.timers = timers
  }

  get isRunning(): boolean {
    return this.child !== undefined
  }

  /** Where the crowd is; after the end, how it ended, until the next one. */
  report(): CrowdReport & Readonly<Record<string, number | boolean>> {
    return { ...this.latest }
  }

  /** Only when none is running. */
  start(users: number, sale: string): void {
    if (this.child !== undefined) throw new Error('a crowd is in the shop already')
    const { webHost, webPort, rpc, dataFolder, operatorKey } = this.targets
    const words = ['rush', '--users', String(users), '--sale', sale, '--url', `ws://${webHost}:${webPort}`, '--rpc', rpc]
    const child = spawn(process.execPath, [programPath, ...words, '--data-folder', dataFolder, '--json', ...this.targets.words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SLUICE_KEY: operatorKey },
    })
    this.child = child
    this.latest = { ...nobody, running: true, users }
    createInterface({ input: child.stdout }).on('line', (line) => this.heard(line))
    createInterface({ input: child.stderr }).on('line', (line) => this.log.warn({ line }, 'the crowd says'))
    child.once('error', (error) => this.ended(`could not start: ${error.message}`))
    // Ended with 1 it has said why; by SIGTERM it was sent home before it had begun.
    child.once('close', (code, signal) =>
      this.ended(code === 0 || code === 1 || signal === 'SIGTERM' ? '' : `ended with ${code ?? signal}`),
    )
  }

  /** Sends the crowd home; resolves when its process is gone. */
  async stop(): Promise<void> {
    const { child } = this
    if (child === undefined) return
    const gone = new Promise<void>((resolve) => {
      child.once('close', () => resolve())
    })
    // Not SIGINT: the terminal may have sent that already, and a second one would end it at once.
    child.kill('SIGTERM')
    const impatience = this.timers.after(farewellMs, () => child.kill('SIGKILL'))
    await gone
    impatience.cancel()
  }

  private heard(text: string): void {
    const line = lineSchema.safeParse(parsed(text))
    if (!line.success) {
      this.log.warn({ line: text }, 'the crowd says what nobody understands')
      return
    }
    const { data } = line
    const isSummary = data.kind === 'summary'
    const told = (...names: readonly string[]) => names.reduce((sum, name) => sum + (data.outcomes[name] ?? 0), 0)
    this.latest = {
      running: true,
      users: this.latest.users,
      done: isSummary ? this.latest.users : data.done,
      outside: isSummary ? 0 : data.stages.outside + data.stages.arriving + data.stages.early,
      held: isSummary ? 0 : data.stages.held + data.stages.paying,
      queued: isSummary ? 0 : data.stages.queued,
      bought: told('bought'),
      soldout: told('soldout'),
      declined: told('declined', 'refunded'),
      left: told('left', 'lapsed', 'unfinished'),
      errors: told('refused', 'unanswered'),
      problems: isSummary ? data.problems.length : 0,
    }
    if (isSummary && this.latest.problems > 0) this.log.error({ summary: text }, 'a crowd met a problem')
  }

  private ended(fault: string): void {
    if (this.child === undefined) return
    this.child = undefined
    const { users, done, errors } = this.latest
    if (fault !== '') this.log.error({ fault }, 'the crowd did not come to its end')
    // Whoever has not been heard of by now will not be.
    this.latest = { ...this.latest, running: false, done: users, outside: 0, held: 0, queued: 0, errors: errors + (users - done) }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not JSON: the schema refuses it, and the log shows it.
    return undefined
  }
}
