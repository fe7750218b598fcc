/** The most of what was seen in a while: of the last `ms` at least, and of twice as much at most. */
export class RecentMost {
  private readonly ms: number
  private since = 0
  private now = 0
  private before = 0

  constructor(ms: number) {
    this.ms = ms
  }

  see(value: number, at: number): void {
    this.turnTo(at)
    this.now = Math.max(this.now, value)
  }

  most(at: number): number {
    this.turnTo(at)
    return Math.max(this.now, this.before)
  }

  private turnTo(at: number): void {
    const passed = at - this.since
    if (passed < this.ms) return
    this.before = passed < 2 * this.ms ? this.now : 0
    this.now = 0
    this.since = at
  }
}
