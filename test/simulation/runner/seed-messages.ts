import { z } from 'zod'
import type { SeedReport } from '../seed-report.ts'

/** What a process of the simulation is asked to do. */
export interface SeedTask {
  readonly seed: number
  readonly keepTraceLines: number
}

export const taskSchema: z.ZodType<SeedTask> = z.object({ seed: z.int(), keepTraceLines: z.number() })

const count = z.number().min(0)

const reportSchema: z.ZodType<SeedReport> = z.object({
  seed: z.int(),
  simulatedSeconds: count,
  events: count,
  traceHash: z.string(),
  problems: z.array(z.object({ promise: z.string(), what: z.string(), atMs: z.number() })),
  reached: z.record(z.string(), count),
  trace: z.array(z.string()),
  wallMs: count,
})

/** What it says: that it is ready, or why it never will be; and of each task, how it ended. */
export const answerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready') }),
  z.object({ kind: z.literal('unfit'), why: z.string() }),
  z.object({ kind: z.literal('done'), report: reportSchema }),
  z.object({ kind: z.literal('threw'), error: z.string() }),
])

export type SeedAnswer = z.output<typeof answerSchema>
