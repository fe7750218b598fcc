import { situations } from '../reached.ts'
import type { SeedReport } from '../seed-report.ts'
import type { SeedTask } from './seed-messages.ts'

/** Seeds that do what they are called; any other is clean, and from `bare` on comes to no rare situation. */
export const scripted = { breaks: 3, hangs: 5, throws: 7, dies: 9, wavers: 11, bare: 1_000 } as const

/** With the sabotage, seeds divisible by this break G6. */
export const sabotagedStep = 4

export const scriptedLines = 200
/** When G1 breaks, by the trace's time, which goes on from there. */
export const brokenAtMs = 150_000

/** A seed that is only played, so that what runs seeds can be tested. */
export function runScripted({ seed, keepTraceLines }: SeedTask, isSabotaged: boolean): Promise<SeedReport> {
  if (seed === scripted.hangs) return new Promise(() => {})
  if (seed === scripted.throws) return Promise.reject(new Error('no such seed'))
  if (seed === scripted.dies) {
    process.stderr.write('out of everything\n')
    process.exit(3)
  }
  const problems = [
    ...(seed === scripted.breaks ? [{ promise: 'G2', what: 'nobody got it', atMs: brokenAtMs + 10_000 }] : []),
    ...(seed === scripted.breaks ? [{ promise: 'G1', what: 'two got one', atMs: brokenAtMs }] : []),
    ...(isSabotaged && seed % sabotagedStep === 0 ? [{ promise: 'G6', what: 'overtaken', atMs: 1_000 }] : []),
  ]
  const lines = Array.from({ length: scriptedLines }, (_, second) => `${second.toFixed(3).padStart(8)} actors-1 says ${second}`)
  if (seed === scripted.wavers) lines[0] = `   0.000 actors-1 is ${process.pid}`
  return Promise.resolve({
    seed,
    simulatedSeconds: scriptedLines,
    events: 1_000,
    traceHash: seed === scripted.wavers ? `${process.pid}` : 'same',
    problems,
    reached: Object.fromEntries(situations.map((situation) => [situation, seed < scripted.bare ? 1 : 0])),
    trace: keepTraceLines === 0 ? [] : lines.slice(-keepTraceLines),
    wallMs: 1,
  })
}
