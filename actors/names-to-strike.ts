import { comparePositions, journalStart, type Position, type RewriteRecord } from '../cluster/store.ts'

/** Names that have to go from what is trimmed of one shard's journal. */
export interface NamesToStrike {
  /** Everything that has to be rewritten is trimmed once there is a snapshot of this position. */
  isTrimmedBy(snapshot: Position): boolean
  /** Told of every record once, oldest first. */
  readonly rewrite: RewriteRecord
  /** What is trimmed has none of them any more. */
  done(): void
}

/**
 * How far an owner has come with striking out the erased users of its shard. Not part of the state: a next owner does it all once more, which finds nothing to
 * change where it was done.
 */
export class StrikeProgress {
  private readonly rewrite: () => RewriteRecord
  private readonly mayBeLast: boolean
  private storedTo: Position | undefined
  private struckTo = journalStart

  /** `rewrite` makes what goes over the archive once; `mayBeLast`: a snapshot's own record, which stays as it is, may be an erasure's. */
  constructor(rewrite: () => RewriteRecord, mayBeLast: boolean) {
    this.rewrite = rewrite
    this.mayBeLast = mayBeLast
  }

  /** The newest erasure that is stored. */
  stored(newest: Position | undefined): void {
    this.storedTo = newest
  }

  toStrike(): NamesToStrike | undefined {
    const { storedTo } = this
    if (storedTo === undefined || comparePositions(storedTo, this.struckTo) <= 0) return undefined
    return {
      isTrimmedBy: (snapshot) => comparePositions(snapshot, storedTo) >= (this.mayBeLast ? 0 : 1),
      rewrite: this.rewrite(),
      done: () => {
        this.struckTo = storedTo
      },
    }
  }
}
