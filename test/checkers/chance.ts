/**
 * Chance that can be had again: the seed comes from SLUICE_TEST_SEED, else from the clock, and stands in the test's output. With the same seed the
 * same things are tried; when they meet each other in a real process is still up to the machine.
 */
export class Chance {
  readonly seed: number
  private state: number

  constructor(seed = Number(process.env['SLUICE_TEST_SEED'] ?? Date.now() % 1_000_000)) {
    this.seed = seed
    this.state = seed >>> 0
  }

  /** From 0 inclusive to 1 exclusive. Source: mulberry32 by T. Ettinger, public domain. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  /** A whole number from 0 up to `end`, exclusive. */
  below(end: number): number {
    return Math.floor(this.next() * end)
  }

  is(share: number): boolean {
    return this.next() < share
  }

  /** Says on the test's output what it takes to try the same again. */
  announce(what: string): void {
    process.stdout.write(`${what}: SLUICE_TEST_SEED=${this.seed}\n`)
  }
}
