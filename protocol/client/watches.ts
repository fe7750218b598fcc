/** SKUs that one client watches at most, so that a reconnect stays small. */
const watchesMax = 200

/** Which SKUs are watched: a new connection knows nothing of what an older one asked for. */
export class Watches {
  private readonly watched = new Set<string>()

  /** Remembers a watch that the server has taken. Past the limit it lasts as long as its connection. */
  add(sku: string): void {
    if (this.watched.size < watchesMax) this.watched.add(sku)
  }

  remove(sku: string): void {
    this.watched.delete(sku)
  }

  all(): readonly string[] {
    return [...this.watched]
  }
}
