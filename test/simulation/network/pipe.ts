import type { EventOwner, Scheduler } from '../scheduler.ts'

interface PipeParts<T> {
  readonly scheduler: Scheduler
  /** Who takes what comes out; undefined for what never dies or pauses. */
  readonly owner: EventOwner | undefined
  /** `isOvertaken`: something that was put in later has come out already. */
  readonly arrive: (item: T, isOvertaken: boolean) => void
}

/** One direction of a connection: everything arrives after its delay and in its order, but for what is put in as late. */
export class Pipe<T> {
  /** Bytes that were put in and have not been taken. */
  bytes = 0
  private readonly parts: PipeParts<T>
  /** In order, oldest first. */
  private waiting: { readonly item: T; readonly number: number; readonly bytes: number }[] = []
  private lastAt = 0
  private stalledUntil = 0
  private putCount = 0
  private highestOut = -1
  /** Whatever was put in under an earlier one was discarded. */
  private generation = 0

  constructor(parts: PipeParts<T>) {
    this.parts = parts
  }

  get isStalled(): boolean {
    return this.stalledUntil > this.parts.scheduler.now
  }

  put(item: T, bytes: number, delayMs: number): void {
    this.bytes += bytes
    this.waiting.push({ item, number: this.putCount++, bytes })
    this.lastAt = Math.max(this.lastAt, this.arrivalAt(delayMs))
    // Not this very item but the first that waits: an owner that wakes up may get its events in another order, a stream never gets its bytes so.
    this.at(this.lastAt, () => this.takeFirst())
  }

  /** Puts in what others may overtake. */
  putLate(item: T, bytes: number, delayMs: number): void {
    this.bytes += bytes
    const number = this.putCount++
    this.at(this.arrivalAt(delayMs), () => this.out(item, number, bytes))
  }

  /** What is put in from now on waits until `ms` have passed, and then comes in a burst. */
  stall(ms: number): void {
    this.stalledUntil = Math.max(this.stalledUntil, this.parts.scheduler.now + ms)
  }

  unstall(): void {
    this.stalledUntil = 0
  }

  /** Nothing that is under way arrives. */
  discard(): void {
    this.generation++
    this.waiting = []
    this.bytes = 0
    this.lastAt = 0
  }

  private arrivalAt(delayMs: number): number {
    return Math.max(this.parts.scheduler.now + delayMs, this.stalledUntil)
  }

  private at(time: number, run: () => void): void {
    const { scheduler, owner } = this.parts
    const { generation } = this
    const runIfKept = (): void => {
      if (generation === this.generation) run()
    }
    scheduler.after(time - scheduler.now, runIfKept, owner)
  }

  private takeFirst(): void {
    const first = this.waiting.shift()
    if (first !== undefined) this.out(first.item, first.number, first.bytes)
  }

  private out(item: T, number: number, bytes: number): void {
    this.bytes -= bytes
    const isOvertaken = number < this.highestOut
    if (!isOvertaken) this.highestOut = number
    this.parts.arrive(item, isOvertaken)
  }
}
