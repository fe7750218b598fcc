/** So many steps back units are told apart by when they came; older ones are counted together. A power of two. */
const stepsKept = 128
const mask = stepsKept - 1

/**
 * How many units came in which step of time and are still there. Steps are whole numbers that rise with time; units are taken out by the step in which they
 * came. Memory is the same however many there are.
 */
export class UnitAges {
  /** Of the steps `newest - stepsKept + 1` to `newest`, each at the place of its lowest bits. */
  private readonly counts = new Float64Array(stepsKept)
  private newest = 0
  total = 0

  add(step: number, units: number): void {
    this.advance(step)
    this.change(step, units)
  }

  remove(step: number, units: number): void {
    this.change(step, -units)
  }

  /** Units that came in this step; those of steps that are no longer told apart are in none. */
  at(step: number): number {
    return this.isKept(step) ? (this.counts[step & mask] as number) : 0
  }

  private change(step: number, units: number): void {
    this.total += units
    if (this.isKept(step)) this.counts[step & mask] = (this.counts[step & mask] as number) + units
  }

  private isKept(step: number): boolean {
    return step <= this.newest && step > this.newest - stepsKept
  }

  private advance(step: number): void {
    if (step <= this.newest) return
    for (let next = Math.max(this.newest + 1, step - stepsKept + 1); next <= step; next++) this.counts[next & mask] = 0
    this.newest = step
  }
}
