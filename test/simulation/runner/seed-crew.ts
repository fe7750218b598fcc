import { SeedChild, type SeedEnd } from './seed-child.ts'
import type { SeedTask } from './seed-messages.ts'

/** Where a crew's work comes from and goes to. */
export interface SeedWork<Task extends SeedTask> {
  /** The next task, for a process that has run nothing yet if `isFresh`; undefined if there is none for it now. */
  next(isFresh: boolean): Task | undefined
  /** There may be another task, for a fresh process at least. */
  readonly hasMore: boolean
  ended(task: Task, end: SeedEnd): void
}

export interface CrewParts {
  /** The compiled program of a process. */
  readonly program: string
  readonly sabotage?: string | undefined
  /** Processes at a time. */
  readonly jobs: number
  /** A seed that takes longer, in real time, will not end. */
  readonly seedMsMax: number
}

/** A process is replaced after so many seeds, so that what one leaves behind cannot pile up. */
export const seedsPerChild = 20

/** Processes that do the work side by side. */
export class SeedCrew {
  private readonly parts: CrewParts
  private readonly children = new Set<SeedChild>()
  /** What ends from now on was killed, and has not failed. */
  private isOver = false

  constructor(parts: CrewParts) {
    this.parts = parts
  }

  /** Resolves when the work is done, or has been stopped: then what was under way is given up. No process is left behind. */
  async run<Task extends SeedTask>(work: SeedWork<Task>, stop: AbortSignal): Promise<void> {
    const killAll = (): void => {
      this.isOver = true
      for (const child of this.children) child.kill()
    }
    process.once('exit', killAll)
    stop.addEventListener('abort', killAll, { once: true })
    try {
      await Promise.all(
        Array.from({ length: this.parts.jobs }, () =>
          this.lane(work).catch((error: unknown) => {
            killAll()
            throw error
          }),
        ),
      )
    } finally {
      process.off('exit', killAll)
      stop.removeEventListener('abort', killAll)
    }
  }

  /** One process after the other. */
  private async lane<Task extends SeedTask>(work: SeedWork<Task>): Promise<void> {
    while (work.hasMore && !this.isOver) {
      const { program, sabotage } = this.parts
      const child = new SeedChild(program, sabotage === undefined ? [] : [sabotage])
      this.children.add(child)
      try {
        await this.employ(child, work)
      } finally {
        await child.end()
        this.children.delete(child)
      }
    }
  }

  private async employ<Task extends SeedTask>(child: SeedChild, work: SeedWork<Task>): Promise<void> {
    for (let done = 0; done < seedsPerChild && !this.isOver; done++) {
      const task = work.next(done === 0)
      if (task === undefined) return
      const end = await child.run(task, this.parts.seedMsMax)
      if (this.isOver) return
      work.ended(task, end)
      if (end.kind === 'died' || end.kind === 'hung') return
    }
  }
}
