/** What is going to happen in a played sale, by the tick at which it does. */
export class SaleAgenda<T> {
  private readonly tickMs: number
  private readonly ticks = new Map<number, T[]>()
  private entries = 0

  constructor(tickMs: number) {
    this.tickMs = tickMs
  }

  get size(): number {
    return this.entries
  }

  /** At the first tick that is not before `atMs`. */
  add(atMs: number, entry: T): void {
    const tick = Math.ceil(atMs / this.tickMs)
    const entries = this.ticks.get(tick)
    if (entries === undefined) this.ticks.set(tick, [entry])
    else entries.push(entry)
    this.entries++
  }

  /** Takes out what happens at the tick that ends at `atMs`. */
  take(atMs: number): readonly T[] {
    const tick = Math.round(atMs / this.tickMs)
    const entries = this.ticks.get(tick) ?? []
    this.ticks.delete(tick)
    this.entries -= entries.length
    return entries
  }
}
