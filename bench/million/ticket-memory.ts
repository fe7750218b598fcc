import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

const schema = z.object({
  tickets: z.int(),
  /** Counted: {@link keptBytes}. */
  actorBytes: z.number(),
  /** Measured, by the difference: resident memory, and V8's heap with what is kept outside of it. */
  actorResidentBytes: z.number(),
  actorHeapBytes: z.number(),
  viewBytes: z.number(),
})

/** Of one ticket. */
export type TicketMemory = z.output<typeof schema>

const entry = fileURLToPath(new URL('./ticket-memory-process.js', import.meta.url))

/** Measured in a process that has done nothing else. */
export function measureMemory(tickets: number): TicketMemory {
  const out = execFileSync(process.execPath, ['--expose-gc', entry, String(tickets)], { encoding: 'utf8' })
  return schema.parse(JSON.parse(out))
}
