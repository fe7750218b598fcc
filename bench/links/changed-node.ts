import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** As {@link PaceSettings}. */
export const paceSchema = z.object({ perSecond: z.int(), creditMs: z.int().optional() })

/** In what a node differs from the program that is shipped, so that one link of it can be measured, or slowed on purpose. */
const schema = z.object({
  /** Events that its store takes. */
  slowStore: paceSchema.optional(),
  /** Commands that its bus brings to its shards. */
  slowBus: paceSchema.optional(),
  /** Its buys are answered where they would leave for a shard. */
  answersBuys: z.boolean().optional(),
})

export type NodeChanges = z.output<typeof schema>

/** A program to start a node with, and what it is told by variables. */
export interface NodeProgram {
  readonly path: string
  readonly environment: Readonly<Record<string, string>>
}

const variable = 'BENCH_NODE_CHANGES'

export function changedNode(changes: NodeChanges): NodeProgram {
  return {
    path: fileURLToPath(new URL('./changed-node-process.js', import.meta.url)),
    environment: { [variable]: JSON.stringify(changes) },
  }
}

export function changesIn(environment: Readonly<Record<string, string | undefined>>): NodeChanges {
  return schema.parse(JSON.parse(environment[variable] ?? '{}'))
}
