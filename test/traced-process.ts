import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type EndedCall, SyncedImage, syncedImageCalls } from './synced-image.ts'

/** Why this machine cannot trace system calls, or undefined if it can. */
export function cannotTrace(): string | undefined {
  const tried = spawnSync('strace', ['-f', '-o', '/dev/null', 'true'], { encoding: 'utf8' })
  if (tried.error !== undefined) return `strace is not installed (${tried.error.message})`
  return tried.status === 0 ? undefined : `strace may not trace here: ${tried.stderr.trim()}`
}

/** A process under strace, which can be killed as if the machine had lost power: of its data only what was synced is left. */
export class TracedProcess {
  readonly command: readonly string[]
  readonly child: ChildProcess
  /** What it has written to its output so far, by line. */
  readonly lines: string[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-trace-'))
  readonly #trace = join(this.#folder, 'trace')
  readonly #ended: Promise<void>
  #woken: () => void = () => {}

  /** `inject` makes calls fail, for example `fdatasync:error=EIO:when=5+`. strace counts per thread, so then there is one that does the writing. */
  constructor(command: readonly string[], inject: readonly string[] = []) {
    this.command = command
    const filters = [`trace=${syncedImageCalls}`, ...inject.map((one) => `inject=${one}`)].flatMap((one) => ['-e', one])
    const options = ['-f', '--seccomp-bpf', '-qq', '-xx', '-s', '16777216', '-o', this.#trace, ...filters]
    const env = inject.length === 0 ? process.env : { ...process.env, UV_THREADPOOL_SIZE: '1' }
    this.child = spawn('strace', [...options, ...command], { stdio: ['pipe', 'pipe', 'inherit'], env })
    this.#ended = new Promise((resolve) => {
      this.child.once('close', () => resolve())
    })
    if (this.child.stdout === null) throw new Error('no output')
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      this.lines.push(line)
      this.#woken()
    })
  }

  /** Resolves with the first line for which `wanted` holds; rejects when there is none in time. */
  async line(wanted: (line: string) => boolean, withinMs = 20_000): Promise<string> {
    const deadline = Date.now() + withinMs
    for (;;) {
      const found = this.lines.find(wanted)
      if (found !== undefined) return found
      if (Date.now() > deadline) throw new Error(`no such line after ${withinMs} ms; there were: ${this.lines.slice(-5).join(' | ')}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 100)
        this.#woken = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }

  say(line: string): void {
    this.child.stdin?.write(`${line}\n`)
  }

  /** Kills the traced process itself; strace ends with it. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null)
      for (const pid of childrenOf(this.child.pid ?? 0)) process.kill(pid, 'SIGKILL')
    await this.#ended
  }

  /** The whole trace, replayed; `each` sees every call as it ends, with the file as a power cut at that moment would leave it. */
  async image(fileName: string, each: (call: EndedCall, image: SyncedImage) => void = () => {}): Promise<SyncedImage> {
    const image = new SyncedImage(fileName)
    for await (const line of createInterface({ input: createReadStream(this.#trace) })) {
      const call = image.line(line)
      if (call !== undefined) each(call, image)
    }
    return image
  }

  /** A new folder with the data file as it was after the power cut. */
  async powerCutFolder(): Promise<string> {
    const folder = join(this.#folder, `after-${Math.random().toString(36).slice(2)}`)
    mkdirSync(folder)
    writeFileSync(join(folder, 'data.mdb'), (await this.image('/data.mdb')).bytes)
    return folder
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}
