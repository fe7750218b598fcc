/** What has been opened, closed in the opposite order. */
export class Closers {
  private readonly closers: (() => void | Promise<void>)[] = []

  get isEmpty(): boolean {
    return this.closers.length === 0
  }

  add(close: () => void | Promise<void>): void {
    this.closers.push(close)
  }

  async close(): Promise<void> {
    for (let close = this.closers.pop(); close !== undefined; close = this.closers.pop()) await close()
  }
}
