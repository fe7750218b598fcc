import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { endWithUs } from '../bench/servers/exit-duties.ts'

/** The program as it is shipped. */
const shipped = fileURLToPath(new URL('../ops/main.js', import.meta.url))

export interface ProcessOptions {
  /** Variables beside those that every process needs; settings of the machine that runs the tests stay outside. */
  readonly environment?: Readonly<Record<string, string>>
  readonly workingFolder?: string
  /** Another entry file than the one that is shipped. */
  readonly program?: string
  /** Runs the program under another one, a tracer for example: its command and arguments. */
  readonly under?: readonly string[]
}

export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

/** One run of `sluice` as a process of its own. Ends with the process that started it, whatever happens there. */
export class SluiceProcess {
  readonly finished: Promise<Finished>
  private readonly child: ChildProcess
  private out = ''
  private err = ''
  private readonly listeners = new Set<() => void>()

  constructor(words: readonly string[], options: ProcessOptions = {}) {
    const [command, ...before] = [...(options.under ?? []), process.execPath, options.program ?? shipped]
    this.child = spawn(command, [...before, ...words], {
      cwd: options.workingFolder,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    endWithUs(this.child)
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.out += text
      this.tell()
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.err += text
      this.tell()
    })
    this.finished = new Promise((resolve, reject) => {
      this.child.once('error', reject)
      this.child.once('close', (code, signal) => {
        resolve({ code, signal, out: this.out, err: this.err })
        this.tell()
      })
    })
    // Whoever waits for `finished` hears of a failed start; nobody has to.
    this.finished.catch(() => this.tell())
  }

  get pid(): number {
    const { pid } = this.child
    if (pid === undefined) throw new Error('the process could not be started')
    return pid
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Both outputs so far, for the message of a test that failed. */
  get log(): string {
    return this.err === '' ? this.out : `${this.out}\nstderr:\n${this.err}`
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  /** What `find` makes of the standard output, as soon as that is something; rejects when the process ends or the time is over before. */
  waitFor<T>(find: (out: string) => T | undefined, what: string, withinMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(() => reject(new Error(`not ${what} within ${withinMs} ms:\n${this.log}`))), withinMs)
      const look = (): void => {
        const found = find(this.out)
        if (found !== undefined) end(() => resolve(found))
        else if (!this.isRunning) end(() => reject(new Error(`ended before it was ${what}:\n${this.log}`)))
      }
      const end = (tell: () => void): void => {
        clearTimeout(timer)
        this.listeners.delete(look)
        tell()
      }
      this.listeners.add(look)
      look()
    })
  }

  private tell(): void {
    for (const listener of this.listeners) listener()
  }
}

/** Runs `sluice` to its end, which has to come within a minute. */
export async function runSluice(words: readonly string[], options: ProcessOptions = {}): Promise<Finished> {
  const run = new SluiceProcess(words, options)
  const tooLong = setTimeout(() => run.signal('SIGKILL'), 60_000)
  try {
    return await run.finished
  } finally {
    clearTimeout(tooLong)
  }
}
