import { spawn } from 'node:child_process'

export interface PromtoolRun {
  readonly code: number | null
  readonly out: string
}

const withinMs = 60_000

/** Runs Prometheus' own checker; `out` has both its outputs. */
export function promtool(args: readonly string[], input = ''): Promise<PromtoolRun> {
  return new Promise((resolve, reject) => {
    const child = spawn('promtool', args, { timeout: withinMs })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (out += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out }))
    child.stdin.end(input)
  })
}
