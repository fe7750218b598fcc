/** Lets everyone through while open; holds them back, in their order, while shut. */
export class Turnstile {
  private waiting: (() => void)[] = []
  private isOpen = true

  pass(): Promise<void> {
    if (this.isOpen) return Promise.resolve()
    return new Promise((resolve) => {
      this.waiting.push(resolve)
    })
  }

  shut(): void {
    this.isOpen = false
  }

  open(): void {
    this.isOpen = true
    for (const go of this.waiting) go()
    this.waiting = []
  }

  get held(): number {
    return this.waiting.length
  }
}
