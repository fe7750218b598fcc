import { comparePositions, type Position, type Snapshot } from '../../cluster/store.ts'
import type { SessionState } from './session-state.ts'

/**
 * Waits until every change up to one position is in the records of its users. Begins at a moment when the whole state is stored; what changes
 * after that is none of its business.
 */
export class Flush {
  readonly ended: Promise<Snapshot | undefined>
  private readonly end: (snapshot: Snapshot | undefined) => void
  private begun = false
  private snapshot: Snapshot | undefined
  private readonly needed = new Map<string, Position>()

  constructor() {
    let end: (snapshot: Snapshot | undefined) => void = () => {}
    this.ended = new Promise((resolve) => {
      end = resolve
    })
    this.end = end
  }

  /** `unwritten` are the users whose records are older than the state, or on their way. */
  begin(state: SessionState, unwritten: Iterable<string>, now: number, position: Position): void {
    if (this.begun) return
    this.begun = true
    if (state.coldUsers === 0) this.snapshot = { position, now, chunks: state.save() }
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

  /** True if all is written. The snapshot is then given out, if there was nobody of whom the journal knows more than a record does. */
  endIfDone(): boolean {
    if (!this.begun || this.needed.size > 0) return false
    this.end(this.snapshot)
    return true
  }
}
