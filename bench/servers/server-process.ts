import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { BenchFault } from '../bench-fault.ts'
import { endWithUs } from './exit-duties.ts'

const startMs = 30_000
const stopMs = 10_000

export interface ServerCommand {
  /** For messages. */
  readonly name: string
  readonly path: string
  readonly args: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Whose process it is, if not of whoever starts it. */
  readonly account?: { readonly uid: number; readonly gid: number }
  /** A file that takes everything it writes, at its end. */
  readonly logPath?: string
  /** Keeps a Ctrl-C in the terminal from it, so that whoever started it chooses when it ends. */
  readonly isApart?: boolean
  /** What to do if there is no such program. */
  readonly install: string
}

/** A server in a process of its own, which does not outlive this one. */
export class ServerProcess {
  /** How it ended, once it has: `status 1`, `SIGKILL`. */
  readonly ended: Promise<string>
  private readonly child: ChildProcess
  /** The last lines that it wrote, to say why it ended. */
  private readonly lastLines: string[] = []

  private constructor(command: ServerCommand) {
    this.child = spawn(command.path, command.args, {
      env: { ...process.env, ...command.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: command.isApart === true,
      ...command.account,
    })
    this.ended = new Promise((resolve) => {
      this.child.once('exit', (status, signal) => resolve(signal ?? `status ${status}`))
    })
    if (command.logPath !== undefined) this.keepLog(command.logPath)
    endWithUs(this.child)
  }

  /** Starts it and resolves with what `readyFrom` finds in one of its lines. Rejects with a {@link BenchFault} if it ends or says nothing. */
  static async start<T>(
    command: ServerCommand,
    readyFrom: (line: string) => T | undefined,
  ): Promise<{ readonly process: ServerProcess; readonly ready: T }> {
    const server = new ServerProcess(command)
    try {
      return { process: server, ready: await server.ready(command, readyFrom) }
    } catch (error) {
      await server.stop()
      throw error
    }
  }

  /** 0 if it could not be started. */
  get pid(): number {
    return this.child.pid ?? 0
  }

  /** Processor time that it and the processes which it started have taken so far, as Linux counts it: in hundredths of a second. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.pid)
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** Asks it to end, and ends it if it does not in time. */
  async stop(withinMs = stopMs): Promise<void> {
    const { child } = this
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
    await ended
    clearTimeout(timer)
  }

  /** Ends it at once, as a crash would; resolves when it has ended. */
  async kill(): Promise<void> {
    const { child } = this
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  /** Stops it where it is, or lets it go on. */
  pause(paused: boolean): void {
    this.child.kill(paused ? 'SIGSTOP' : 'SIGCONT')
  }

  private keepLog(path: string): void {
    const log = createWriteStream(path, { flags: 'a' })
    const { stdout, stderr } = this.child
    for (const stream of [stdout, stderr]) stream?.pipe(log, { end: false })
    this.child.once('close', () => log.end())
  }

  private ready<T>(command: ServerCommand, readyFrom: (line: string) => T | undefined): Promise<T> {
    const { child, lastLines } = this
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new BenchFault(`${command.name} was not ready within ${startMs / 1000} s`)), startMs)
      const fail = (reason: string, cause?: unknown): void => {
        clearTimeout(timer)
        reject(new BenchFault(`${command.name} ${reason}`, cause))
      }
      child.once('error', (error) => fail(`cannot be started (${command.path}); ${command.install}`, error))
      child.once('exit', (status) => fail(`ended with status ${status ?? 'none'} before it was ready: ${lastLines.join(' | ')}`))
      for (const stream of [child.stdout, child.stderr]) {
        if (stream === null) continue
        createInterface({ input: stream }).on('line', (line) => {
          lastLines.push(line)
          if (lastLines.length > 3) lastLines.shift()
          const ready = readyFrom(line)
          if (ready === undefined) return
          clearTimeout(timer)
          resolve(ready)
        })
      }
    })
  }
}

/** Of one that has ended meanwhile nothing: PostgreSQL starts and ends processes as it needs them. */
function cpuSecondsOf(pid: number): number {
  const [, afterName = ''] = textOf(`/proc/${pid}/stat`).split(') ')
  const fields = afterName.split(' ')
  const children = textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return children.reduce((sum, child) => sum + cpuSecondsOf(child), (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100)
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return ''
    throw error
  }
}
