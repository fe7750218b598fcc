import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { endWithUs } from './servers/exit-duties.ts'

/** Refusals of a node that has to do: a machine that is busy with other things may be too slow even for the few calls of a test. */
export const onlyBusy = z.object({ BUSY: z.number() }).partial().strict()

/** How one run of a program ended, and what it wrote: a result as the last of its lines. */
export interface ProgramEnd {
  readonly status: number | null
  readonly lines: readonly string[]
  readonly errors: string
}

export interface ProgramRunOptions {
  /** Sends it Ctrl-C as soon as it has a temporary file whose name begins like this. */
  readonly interruptAt?: string
  readonly environment?: Readonly<Record<string, string>>
}

const lookMs = 10

/** A program of the bench as tests run it: in a process of its own, whose temporary files lie where a test sees what is left of them. */
export class ProgramRuns {
  /** Where the test has its own files: results of runs. */
  readonly folder: string
  private readonly program: string
  private readonly temporary: string

  /** `name` is that of its file in bench/. */
  constructor(name: string) {
    this.program = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
    this.folder = mkdtempSync(join(tmpdir(), `sluice-${name}-test-`))
    this.temporary = mkdtempSync(join(tmpdir(), `sluice-${name}-run-`))
    // Root starts PostgreSQL as another user, who has to get through.
    chmodSync(this.temporary, 0o711)
  }

  /** Temporary files of its runs that are still there. */
  get left(): readonly string[] {
    return readdirSync(this.temporary)
  }

  run(words: readonly string[], { interruptAt, environment }: ProgramRunOptions = {}): Promise<ProgramEnd> {
    const child = spawn(process.execPath, [this.program, ...words], {
      env: { ...process.env, ...environment, TMPDIR: this.temporary },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    endWithUs(child)
    const interrupt = (): void => {
      if (interruptAt === undefined || !this.left.some((name) => name.startsWith(interruptAt))) return
      clearInterval(watch)
      child.kill('SIGINT')
    }
    const watch = setInterval(interrupt, lookMs)
    let [out, errors] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
    return new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (status) => {
        clearInterval(watch)
        resolve({ status, lines: out.trim().split('\n'), errors })
      })
    })
  }

  /** The result of a run that ends well and complains of nothing. */
  async result(words: readonly string[]): Promise<unknown> {
    const end = await this.run(words)
    if (end.status !== 0 || end.errors !== '') throw new Error(`it ended with ${end.status ?? 'a signal'}: ${end.errors}`)
    return resultOf(end)
  }

  remove(): void {
    for (const folder of [this.folder, this.temporary]) rmSync(folder, { recursive: true, force: true })
  }
}

/** The JSON object or array with which it ended. */
export function resultOf({ lines }: ProgramEnd): unknown {
  return JSON.parse(lines.at(-1) ?? '')
}
