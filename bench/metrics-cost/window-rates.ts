/** How many calls had been answered by then, and how long the server's processes had been at work. */
export interface Look {
  /** In seconds. */
  readonly at: number
  readonly calls: number
  readonly processorSeconds: number
}

export interface Rates {
  /** Calls a second, as clients see it: whatever else the machine does is in it. */
  readonly perSecond: number
  /** Calls for each second that the server was at work: what it would do on processors of its own. */
  readonly perProcessorSecond: number
}

/** The rates in each of `count` windows, one after the other from `from` on, by what was seen before and after their ends. */
export function ratesOf(looks: readonly Look[], from: number, windowSeconds: number, count: number): Rates[] {
  const seenAt = (at: number): Omit<Look, 'at'> => {
    const next = looks.findIndex((look) => look.at >= at)
    const [before, after] = [looks[next - 1], looks[next]]
    if (after === undefined) throw new Error(`nobody looked after ${at} s`)
    if (before === undefined || after.at === at) return after
    const share = (at - before.at) / (after.at - before.at)
    const between = (a: number, b: number): number => a + (b - a) * share
    return { calls: between(before.calls, after.calls), processorSeconds: between(before.processorSeconds, after.processorSeconds) }
  }
  return Array.from({ length: count }, (_, i) => {
    const begin = seenAt(from + i * windowSeconds)
    const end = seenAt(from + (i + 1) * windowSeconds)
    const calls = end.calls - begin.calls
    return { perSecond: calls / windowSeconds, perProcessorSecond: calls / (end.processorSeconds - begin.processorSeconds) }
  })
}
