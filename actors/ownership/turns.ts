/** Lets only so many run at once; the others wait, first come, first served. */
export class Turns {
  private readonly waiting: (() => void)[] = []
  private free: number

  constructor(most: number) {
    this.free = most
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.free > 0) this.free--
    else await new Promise<void>((resolve) => this.waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.waiting.shift()
      if (next === undefined) this.free++
      else next()
    }
  }
}
