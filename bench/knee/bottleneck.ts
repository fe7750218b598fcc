/** What one link alone, or the whole chain, does in a second: the median of several runs, and their least and most. */
export interface LinkRate {
  readonly name: string
  readonly callsPerSecond: number
  readonly least: number
  readonly most: number
}

/**
 * The links that may be the narrowest: the one with the least capacity, and every other whose runs came down into the spread of its own. In the order of their capacity; more than one
 * says that the measurement cannot tell them apart.
 */
export function bottleneckOf(links: readonly LinkRate[]): readonly LinkRate[] {
  const inOrder = links.toSorted((a, b) => a.callsPerSecond - b.callsPerSecond)
  const [narrowest] = inOrder
  return narrowest === undefined ? [] : inOrder.filter(({ least }) => least <= narrowest.most)
}

/**
 * What links do together that share one thread, so that each waits while another works: their times for a call add up. With links in processes of their own, which work side by side,
 * it is the least of them.
 */
export function inOneThread(links: readonly LinkRate[]): number {
  return 1 / links.reduce((sum, { callsPerSecond }) => sum + 1 / callsPerSecond, 0)
}
