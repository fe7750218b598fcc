import type { MetricSink } from '../cluster/metrics.ts'

const subjects = ['page', 'asset', 'file', 'sales', 'sale', 'sku', 'product', 'search', 'nothing'] as const
const outcomes = ['sent', 'not_modified', 'not_found', 'refused'] as const

/** What was asked for by a plain GET. `nothing` is a path under which there is nothing. */
export type ReadSubject = (typeof subjects)[number]
export type ReadOutcome = (typeof outcomes)[number]

/** How many files and public reads were asked for, and what became of them. Caches before the gateway answer the rest. */
export class ReadCounters {
  private readonly counts = new Float64Array(subjects.length * outcomes.length)

  count(subject: ReadSubject, outcome: ReadOutcome): void {
    const cell = cellOf(subject, outcome)
    this.counts[cell] = (this.counts[cell] ?? 0) + 1
  }

  of(subject: ReadSubject, outcome: ReadOutcome): number {
    return this.counts[cellOf(subject, outcome)] ?? 0
  }

  collect(sink: MetricSink): void {
    for (const subject of subjects) {
      for (const outcome of outcomes) {
        const labels = { subject, outcome }
        sink.counter('sluice_reads_total', 'Files and public reads that reached the gateway, by outcome', this.of(subject, outcome), labels)
      }
    }
  }
}

function cellOf(subject: ReadSubject, outcome: ReadOutcome): number {
  return subjects.indexOf(subject) * outcomes.length + outcomes.indexOf(outcome)
}
