import { comparePositions, type Position, type Snapshot } from '../../cluster/store.ts'
import type { SessionState } from './session-state.ts'

/**
 * Waits until every change up to one position is in the records of its users. Begins at a moment when the whole state is stored; what changes
 * after that is none of its business.
 */
export class Flush {
  readonly snapshot: Promise<Snapshot>
  private readonly resolve: (snapshot: Snapshot) => void
  private taken: Snapshot | undefined
  private readonly needed = new Map<string, Position>()

  constructor() {
    const { promise, resolve } = withResolver<Snapshot>()
    this.snapshot = promise
    this.resolve = resolve
  }

  /** `unwritten` are the users whose records are older than the state, or on their way. */
  begin(state: SessionState, unwritten: Iterable<string>, now: number, position: Position): void {
    if (this.taken !== undefined) return
    this.taken = { position, now, chunks: state.save() }
    for (const user of unwritten) {
      const session = state.peek(user)
      if (session !== undefined) this.needed.set(user, session.included)
    }
  }

  /** A record of the user that includes everything up to `included` is in the store. */
  written(user: string, included: Position): void {
    const needed = this.needed.get(user)
    if (needed !== undefined && comparePositions(included, needed) >= 0) this.needed.delete(user)
  }

  /** True if all is written; the snapshot is then given out. */
  endIfDone(): boolean {
    if (this.taken === undefined || this.needed.size > 0) return false
    this.resolve(this.taken)
    return true
  }
}

function withResolver<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
