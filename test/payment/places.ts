/** How many of a provider's places are taken: at most, and on average over the time in which any is. */
export class Places {
  taken = 0
  most = 0
  private busyMs = 0
  private takenMs = 0
  private readonly now: () => number
  private changedAt: number

  constructor(now: () => number) {
    this.now = now
    this.changedAt = now()
  }

  take(): void {
    this.account()
    this.taken++
    this.most = Math.max(this.most, this.taken)
  }

  leave(): void {
    this.account()
    this.taken--
  }

  get mean(): number {
    return this.takenMs / this.busyMs
  }

  private account(): void {
    const now = this.now()
    const ms = now - this.changedAt
    this.changedAt = now
    if (this.taken > 0) this.busyMs += ms
    this.takenMs += this.taken * ms
  }
}
