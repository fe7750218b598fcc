const fnvPrime = 0x01000193

/**
 * What happened in a run, a line each. Every line goes into a running hash, so that two runs of a seed can be compared to the byte without keeping
 * them; the last lines are kept for whoever has to understand a failure, or all of them if asked for.
 */
export class Trace {
  private readonly lines: string[] = []
  private readonly keepMax: number
  private first = 0x811c9dc5
  private second = 0x9747b28c
  private count = 0

  constructor(keepMax: number) {
    this.keepMax = keepMax
  }

  /** `at`: ms since the run began. */
  add(at: number, who: string, what: string): void {
    const line = `${(at / 1000).toFixed(3).padStart(8)} ${who.padEnd(8)} ${what}`
    this.mix(line)
    this.count++
    if (this.keepMax === 0) return
    // Twice as many are let in before the older half goes, so that no line moves all the others.
    if (this.lines.length >= this.keepMax * 2) this.lines.splice(0, this.keepMax)
    this.lines.push(line)
  }

  /** The last lines, oldest first. */
  tail(): readonly string[] {
    return this.lines.slice(-this.keepMax)
  }

  get lineCount(): number {
    return this.count
  }

  /** 64 bits in hex. */
  get hash(): string {
    return this.first.toString(16).padStart(8, '0') + this.second.toString(16).padStart(8, '0')
  }

  private mix(line: string): void {
    let { first, second } = this
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i)
      first = Math.imul(first ^ code, fnvPrime)
      second = Math.imul(second ^ code, 0x5bd1e995) + (second >>> 15)
    }
    this.first = first >>> 0
    this.second = second >>> 0
  }
}
