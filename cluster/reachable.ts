/** Something behind connections that come and go. */
export interface Reachable {
  /** Since when one of them has been missing, by the monotonic clock; undefined while all stand. */
  readonly awaySince: number | undefined
}

/** Of the one that has been away for longest. */
export function awaySinceOf(all: Iterable<Reachable>): number | undefined {
  let earliest: number | undefined
  for (const { awaySince } of all) if (awaySince !== undefined) earliest = Math.min(awaySince, earliest ?? awaySince)
  return earliest
}
