/** A seed that once failed. It stays, whatever its run has become since: what it was good for once it may be good for again. */
export interface KeptSeed {
  readonly seed: number
  /** What went wrong, in a few words. */
  readonly name: string
  /** The mistake that it found, and where. */
  readonly found: string
}

export const keptSeeds: readonly KeptSeed[] = []

/** For each sabotage a seed that catches it, found by `npm run simulate -- --sabotage all --search`. */
export const catchingSeeds: Readonly<Record<string, number>> = {}
