const none = -1

/**
 * Calls that wait for a shard's answer, one row each, in columns: a bounded table with a list of free rows. A row's `turn` changes with every use,
 * so an answer that comes too late, or twice, finds nobody.
 */
export class PendingCalls {
  readonly target: Int32Array
  readonly targetTurn: Uint32Array
  readonly msgid: Uint32Array
  readonly method: Uint8Array
  readonly turn: Uint32Array
  /** 0 where nobody waits. */
  readonly deadlineAt: Float64Array
  private readonly nextFree: Int32Array
  private firstFree = none
  private used = 0
  private live = 0

  constructor(rows: number) {
    this.target = new Int32Array(rows)
    this.targetTurn = new Uint32Array(rows)
    this.msgid = new Uint32Array(rows)
    this.method = new Uint8Array(rows)
    this.turn = new Uint32Array(rows)
    this.deadlineAt = new Float64Array(rows)
    this.nextFree = new Int32Array(rows)
  }

  get size(): number {
    return this.live
  }

  /** A row for a call, or -1 if all are taken. */
  take(target: number, targetTurn: number, msgid: number, method: number, deadlineAt: number): number {
    let row = this.firstFree
    if (row !== none) this.firstFree = this.nextFree[row] as number
    else if (this.used < this.turn.length) row = this.used++
    else return none
    this.target[row] = target
    this.targetTurn[row] = targetTurn
    this.msgid[row] = msgid
    this.method[row] = method
    this.deadlineAt[row] = deadlineAt
    this.live++
    return row
  }

  /** Whether `turn` is still the row's use: if so the row is given back, and its columns stay readable until the next `take`. */
  settle(row: number, turn: number): boolean {
    if (row >= this.used || this.turn[row] !== turn || this.deadlineAt[row] === 0) return false
    this.turn[row] = turn + 1
    this.deadlineAt[row] = 0
    this.nextFree[row] = this.firstFree
    this.firstFree = row
    this.live--
    return true
  }

  /** Calls `each` for every row whose deadline has passed. Cost: one look at every row that was ever used. */
  overdue(now: number, each: (row: number) => void): void {
    if (this.live === 0) return
    for (let row = 0; row < this.used; row++) {
      const deadline = this.deadlineAt[row] as number
      if (deadline !== 0 && deadline < now) each(row)
    }
  }
}
