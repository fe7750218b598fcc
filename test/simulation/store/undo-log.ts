import type { Applied } from './store-change.ts'

/** What a failover loses: everything of the last `ms`, or the last `records` of all journals with whatever else came after them. */
export type Loss = { readonly ms: number } | { readonly records: number }

interface Entry {
  readonly applied: Applied
  readonly undo: () => void
}

/** No failover loses more than this. */
export const undoMs = 10_000
const trimmedAtOnce = 1_024

/** The changes of the last seconds, so that time can be turned back. */
export class UndoLog {
  private entries: Entry[] = []
  /** Entries before this one are too old. */
  private first = 0

  add(applied: Applied, undo: () => void): void {
    this.entries.push({ applied, undo })
    const { entries } = this
    while ((entries[this.first]?.applied.at ?? applied.at) < applied.at - undoMs) this.first++
    if (this.first < trimmedAtOnce || this.first * 2 < entries.length) return
    this.entries = entries.slice(this.first)
    this.first = 0
  }

  /** Undoes the newest changes; returns them, oldest first. */
  turnBack(loss: Loss, now: number): readonly Applied[] {
    const lost: Applied[] = []
    let records = 'records' in loss ? loss.records : Number.POSITIVE_INFINITY
    const after = 'ms' in loss ? now - Math.min(loss.ms, undoMs) : Number.NEGATIVE_INFINITY
    while (records > 0 && this.entries.length > this.first) {
      const entry = this.entries.pop()
      if (entry === undefined) break
      if (entry.applied.at <= after) {
        this.entries.push(entry)
        break
      }
      entry.undo()
      lost.push(entry.applied)
      if (entry.applied.kind === 'append' || entry.applied.kind === 'open') records--
    }
    return lost.toReversed()
  }
}
