import type { SeedReport } from '../seed-report.ts'
import { type SeedAnswer, type SeedTask, taskSchema } from './seed-messages.ts'

export type RunSeed = (task: SeedTask) => Promise<SeedReport>

/**
 * The side of a process that runs seeds, one after another as its parent asks for them. `prepare` gets ready what runs them; where that fails the
 * parent learns why, and no seed is run.
 */
export async function serveSeeds(host: NodeJS.Process, prepare: () => Promise<RunSeed>): Promise<void> {
  const say = (answer: SeedAnswer): void => {
    host.send?.(answer)
  }
  host.on('disconnect', () => host.exit())
  // Ctrl-C reaches everyone at the terminal; when to go is for the parent to say.
  host.on('SIGINT', () => {})
  let run: RunSeed
  try {
    run = await prepare()
  } catch (error) {
    return say({ kind: 'unfit', why: textOf(error) })
  }
  host.on('message', (message) => {
    run(taskSchema.parse(message)).then(
      (report) => say({ kind: 'done', report }),
      (error: unknown) => say({ kind: 'threw', error: textOf(error) }),
    )
  })
  say({ kind: 'ready' })
}

/** What has a code is understood without its stack. */
function textOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return 'code' in error ? `${String(error.code)}: ${error.message}` : (error.stack ?? error.message)
}
