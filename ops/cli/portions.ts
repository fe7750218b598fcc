const flushAt = 64 * 1024

/** Gathers text into portions, so that many short lines are few writes. */
export class Portions {
  private readonly out: (text: string) => void
  private waiting = ''

  constructor(out: (text: string) => void) {
    this.out = out
  }

  write(text: string): void {
    this.waiting += text
    if (this.waiting.length >= flushAt) this.flush()
  }

  flush(): void {
    if (this.waiting !== '') this.out(this.waiting)
    this.waiting = ''
  }
}
