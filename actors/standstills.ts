import { mix32 } from '../protocol/hash.ts'

/** Spans of which a shard or a SKU knows; for one more, the two oldest become one, so that rather too much time is left out than too little. */
export const standstillsMax = 32

/** `from` to `until` in ms since 1970, by a shard's time. */
export interface Span {
  readonly from: number
  readonly until: number
}

/** Times that do not count: a sale was paused, a shard had no owner. Written by `evolve` alone. */
export class Standstills {
  /** 0 if there are none. */
  digest = 0
  /** Rising, and apart from each other. */
  private spans: Span[] = []

  add(from: number, until: number): void {
    if (until <= from) return
    this.spans = joined([...this.spans, { from, until }])
    const [first, second, ...rest] = this.spans
    if (this.spans.length > standstillsMax && first !== undefined && second !== undefined)
      this.spans = [{ from: first.from, until: second.until }, ...rest]
    this.digest = this.spans.reduce((digest, span) => mix32(Math.imul(digest, 31) ^ mix32(span.from | 0) ^ (span.until | 0)), 1)
  }

  /** Those that have not ended before `from`. */
  since(from: number): readonly Span[] {
    return this.spans.filter(({ until }) => until > from)
  }

  /** ms of `from` to `until` that count, if nothing of these and of `others` does. */
  running(from: number, until: number, others: readonly Span[] = []): number {
    let counted = Math.max(0, until - from)
    for (const span of joined([...this.spans, ...others])) counted -= Math.max(0, Math.min(span.until, until) - Math.max(span.from, from))
    return Math.max(0, counted)
  }

  /** `from` and `until` in turns. */
  save(): readonly number[] {
    return this.spans.flatMap(({ from, until }) => [from, until])
  }

  restore(saved: readonly number[]): void {
    this.clear()
    for (let at = 0; at + 1 < saved.length; at += 2) this.add(saved[at] as number, saved[at + 1] as number)
  }

  clear(): void {
    this.spans = []
    this.digest = 0
  }
}

function joined(spans: Span[]): Span[] {
  const apart: Span[] = []
  for (const span of spans.sort((a, b) => a.from - b.from)) {
    const last = apart.at(-1)
    if (last === undefined || span.from > last.until) apart.push(span)
    else apart[apart.length - 1] = { from: last.from, until: Math.max(last.until, span.until) }
  }
  return apart
}
