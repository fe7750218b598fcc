/** Whoever waits for a shard to have nothing under way. */
export class Rests {
  private listeners: (() => void)[] = []

  /** Resolves at the next {@link tell}. */
  next(): Promise<void> {
    return new Promise((resolve) => void this.listeners.push(resolve))
  }

  tell(): void {
    const { listeners } = this
    this.listeners = []
    for (const listener of listeners) listener()
  }
}
