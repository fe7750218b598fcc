import { UnitAges } from './unit-ages.ts'

/** A hold's whole time in steps: how finely ages are told apart. */
export const holdSteps = 64
/** Orders older than so many of these steps are taken as one. */
export const orderSteps = 64
/** With each step what was learned before counts this much less: half after two holds' time. */
const keptPerStep = 0.5 ** (1 / (2 * holdSteps))

/**
 * What becomes of held units, and after how long: what the estimates of the line are made of. Counted by `evolve`, so that owner, follower and replay have the
 * same; nothing is decided by it, so digests leave it out. Units, not claims.
 *
 * Holds and orders that are open are counted by their deadline as the user table has it, in a time that pauses and outages do not move (`clock`); those that
 * have ended, by the age at which they did. 4 KB a SKU, and a few additions a claim.
 */
export class HoldFlow {
  readonly stepMs: number
  /** By the step of their deadline. */
  readonly held = new UnitAges()
  readonly ordered = new UnitAges()
  /** By age: given back, and turned into an order. */
  readonly heldFreed = new Float64Array(holdSteps)
  readonly heldOrdered = new Float64Array(holdSteps)
  /** Held to the very end. */
  heldOut = 0
  readonly orderFreed = new Float64Array(orderSteps)
  readonly orderPaid = new Float64Array(orderSteps)
  private readonly paymentSteps: number
  /** Up to which what was learned has faded. */
  private step = 0

  constructor(holdTtlMs: number, paymentTtlMs: number) {
    this.stepMs = holdTtlMs / holdSteps
    this.paymentSteps = Math.floor(paymentTtlMs / this.stepMs)
  }

  granted(deadline: number, units: number): void {
    this.held.add(this.stepOf(deadline), units)
  }

  /** A hold ended without an order. */
  released(deadline: number, units: number, clock: number, now: number): void {
    this.fade(now)
    this.held.remove(this.stepOf(deadline), units)
    const age = this.holdAge(deadline, clock)
    if (age >= holdSteps) this.heldOut += units
    else this.heldFreed[age] = (this.heldFreed[age] as number) + units
  }

  /** A hold became an order; {@link began} says which. */
  checkedOut(deadline: number, units: number, clock: number, now: number): void {
    this.fade(now)
    this.held.remove(this.stepOf(deadline), units)
    const age = Math.min(this.holdAge(deadline, clock), holdSteps - 1)
    this.heldOrdered[age] = (this.heldOrdered[age] as number) + units
  }

  began(payBy: number, units: number): void {
    this.ordered.add(this.stepOf(payBy), units)
  }

  settled(payBy: number, units: number, clock: number, isPaid: boolean, now: number): void {
    this.fade(now)
    this.ordered.remove(this.stepOf(payBy), units)
    const age = Math.max(0, this.paymentSteps + this.stepOf(clock) - this.stepOf(payBy))
    const ends = isPaid ? this.orderPaid : this.orderFreed
    const at = Math.min(age, orderSteps - 1)
    ends[at] = (ends[at] as number) + units
  }

  /** Open holds of this age in steps; at {@link holdSteps} their time is over. */
  holdsAged(age: number, clock: number): number {
    return this.held.at(this.stepOf(clock) + holdSteps - age)
  }

  /** Open orders of this age; the oldest are in none. */
  ordersAged(age: number, clock: number): number {
    return this.ordered.at(this.stepOf(clock) + this.paymentSteps - age)
  }

  /** The step in which a time is. */
  stepOf(time: number): number {
    return Math.floor(time / this.stepMs)
  }

  /** Nothing has ended. */
  get isEmpty(): boolean {
    return this.step === 0
  }

  /** What has ended; what is open follows from the user table. */
  save(): SavedFlow {
    const columns = this.columns.map((column) => new Uint8Array(column.slice().buffer))
    return { step: this.step, heldOut: this.heldOut, columns }
  }

  restore(saved: SavedFlow): void {
    this.step = saved.step
    this.heldOut = saved.heldOut
    for (const [i, column] of this.columns.entries()) {
      const bytes = saved.columns[i]
      // Copied: what was unpacked need not lie where floats may.
      if (bytes?.length === column.byteLength) column.set(new Float64Array(new Uint8Array(bytes).buffer))
    }
  }

  private holdAge(deadline: number, clock: number): number {
    return Math.max(0, holdSteps + this.stepOf(clock) - this.stepOf(deadline))
  }

  private fade(now: number): void {
    const step = this.stepOf(now)
    if (step <= this.step) return
    const kept = this.step === 0 ? 1 : keptPerStep ** (step - this.step)
    this.step = step
    this.heldOut *= kept
    for (const column of this.columns) for (let age = 0; age < column.length; age++) column[age] = (column[age] as number) * kept
  }

  private get columns(): readonly Float64Array<ArrayBuffer>[] {
    return [this.heldFreed, this.heldOrdered, this.orderFreed, this.orderPaid]
  }
}

/** Little-endian floats, as every machine that Node runs on has them. */
export interface SavedFlow {
  readonly step: number
  readonly heldOut: number
  readonly columns: readonly Uint8Array[]
}
